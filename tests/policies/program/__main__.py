"""Declares what the Pulumi YAML file named by POLICY_EXAMPLE says, as any team's own program would."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pulumi
import yaml

from policies.examples import REFERENCE

VERSIONS = json.loads(os.environ["POLICY_VERSIONS"])
LATER = "known at the update"
"""The key of a value that a preview doesn't know."""


def token(type_: str) -> str:
    package, _, name = type_.partition(":")
    return f"azuread:index/{name[0].lower()}{name[1:]}:{name}" if package == "azuread" else type_


def unknown() -> pulumi.Output[Any]:
    """What a preview makes of a value that only a provider will know."""

    async def _is(value: bool) -> bool:
        await asyncio.sleep(0)
        return value

    return pulumi.Output(set(), _is(False), _is(False))


def referenced(document: Any) -> dict[str, set[str]]:
    """Resource -> the outputs that others refer to; the SDK has to know them to give them out."""
    wanted: dict[str, set[str]] = {}
    if isinstance(document, str) and (match := REFERENCE.match(document)):
        wanted.setdefault(match[1], set()).add(match[2])
    children = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for child in children:
        for name, outputs in referenced(child).items():
            wanted.setdefault(name, set()).update(outputs)
    return wanted


class Program:
    """Declares each resource once, those that it refers to first: Pulumi YAML may be in any order."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._outputs = referenced(document)
        self._declared: dict[str, pulumi.CustomResource] = {}

    def run(self) -> None:
        for name in self._document["resources"]:
            self._resource(name)
        for name, value in self._document.get("outputs", {}).items():
            pulumi.export(name, self._resolve(value))

    def _resource(self, name: str) -> pulumi.CustomResource:
        if name not in self._declared:
            resource = self._document["resources"][name]
            asked = dict.fromkeys(self._outputs.get(name, set()) - {"id"})
            options = pulumi.ResourceOptions(version=VERSIONS.get(resource["type"].partition(":")[0], "1.0.0"))
            props = asked | self._resolve(resource.get("properties", {}))
            self._declared[name] = pulumi.CustomResource(token(resource["type"]), name, props, options)
        return self._declared[name]

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, str) and (match := REFERENCE.match(value)):
            return getattr(self._resource(match[1]), match[2])
        if isinstance(value, dict) and set(value) == {LATER}:
            return unknown() if pulumi.runtime.is_dry_run() else value[LATER]
        if isinstance(value, dict):
            return {key: self._resolve(item) for key, item in value.items()}
        return [self._resolve(item) for item in value] if isinstance(value, list) else value


Program(yaml.safe_load(Path(os.environ["POLICY_EXAMPLE"]).read_text())).run()
