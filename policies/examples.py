"""A policy's documented examples as resources: the small part of Pulumi YAML that they are written in."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from policies.normal import plain
from policies.resource_types import STACK
from policies.resources import UNKNOWN, Resource, Value, short_type

REFERENCE = re.compile(r"^\$\{([\w-]+)\.(\w+)\}$")


def read(text: str) -> list[Resource]:
    """The example's resources as a preview shows them: a `${reference}` is unknown, and its source is the resource.

    `outputs` become the properties of the stack's own resource, as the engine has it.
    """
    document = yaml.safe_load(text)
    resources = [
        _resource(name, declared["type"], declared.get("properties", {}))
        for name, declared in document["resources"].items()
    ]
    if "outputs" in document:
        resources.append(_resource("stack", STACK, document["outputs"]))
    return resources


def _resource(name: str, type_: str, declared: Mapping[str, Value]) -> Resource:
    sources = {prop: urns for prop, value in declared.items() if (urns := _urns(value))}
    return Resource(urn=_urn(name), type=short_type(type_), name=name, props=_object(declared), sources=sources)


def _urn(name: str) -> str:
    return f"urn:pulumi:example::example::type::{name}"


def _value(value: Value) -> Value:
    if isinstance(value, str):
        return UNKNOWN if REFERENCE.match(value) else plain(value)
    if isinstance(value, Mapping):
        return _object(value)
    return [_value(item) for item in value] if isinstance(value, list) else value


def _object(value: Mapping[str, Value]) -> dict[str, Value]:
    return {key: _value(item) for key, item in value.items()}


def _urns(value: Value) -> list[str]:
    if isinstance(value, str):
        return [_urn(match[1]) for match in [REFERENCE.match(value)] if match]
    children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return [urn for child in children for urn in _urns(child)]
