"""What the next `pulumi up` would do, out of a preview: each resource, and each property with both values. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_entra.importing.ids import PASSWORD, SECRET
from airflow_entra.report.text import whole

_COMPONENTS = "airflow-entra:index:"
_STACK = "pulumi:pulumi:Stack"
_LONGEST = 100
_HIDDEN = ("[secret]", "value", "__provider")


@dataclass(frozen=True)
class Property:
    """A property's path, and its values; "" where there is none. Secrets are never in here."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """`operation` is create, update, replace or delete. `expected`: what can't be taken over, made anew."""

    operation: str
    type: str
    name: str
    properties: tuple[Property, ...] = ()
    expected: bool = False


def differences(steps: Sequence[Mapping[str, Any]]) -> tuple[Difference, ...]:
    """Of a `pulumi preview --json`'s steps those that change something, replacements as one each."""
    found: dict[str, Difference] = {}
    for step in steps:
        operation, urn = step["op"], step["urn"]
        state = step.get("newState") or step.get("oldState") or {}
        kind = str(state.get("type") or "")
        if operation in ("same", "read", "refresh") or kind == _STACK or kind.startswith(_COMPONENTS):
            continue
        if "replace" in operation or operation == "delete-replaced":
            operation = "replace"
        if kind.startswith("pulumi:providers:"):
            continue
        properties = tuple(_properties(step)) if operation in ("update", "replace") else ()
        known = found.get(urn)
        if known is None or (properties and not known.properties):
            name = whole(urn.rpartition("::")[2])
            found[urn] = Difference(operation, kind, name, properties, _expected(kind, operation, properties))
    return tuple(sorted(found.values(), key=lambda one: (one.operation, one.type, one.name)))


def _expected(kind: str, operation: str, properties: Sequence[Property]) -> bool:
    """A client secret's value is nowhere to be read: new ones are made, and the vault gets one of them."""
    if kind == PASSWORD:
        return operation == "create"
    return kind == SECRET and operation in ("create", "update")


def _properties(step: Mapping[str, Any]) -> Iterator[Property]:
    old = (step.get("oldState") or {}).get("inputs") or {}
    new = (step.get("newState") or {}).get("inputs") or {}
    paths = step.get("detailedDiff") or dict.fromkeys(step.get("diffReasons") or step.get("replaceReasons") or ())
    if not paths:
        paths = dict.fromkeys(key for key in sorted({*old, *new}) if old.get(key) != new.get(key))
    for path in sorted(paths):
        yield Property(whole(path), _shown(path, _at(old, path)), _shown(path, _at(new, path)))


def _at(value: Any, path: str) -> Any:
    """The value at "appRoles[0].description", None where there is none."""
    for part in path.replace("[", ".").replace("]", "").split("."):
        key = part.strip('"')
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value


def _shown(path: str, value: Any) -> str:
    if value is None:
        return ""
    if path.rpartition(".")[2] in _HIDDEN or "[secret]" in str(value):
        return "[secret]"
    text = value if isinstance(value, str) else json.dumps(_without_hidden(value), ensure_ascii=False, sort_keys=True)
    shown = whole(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."


def _without_hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_hidden(inner) for key, inner in value.items() if key not in ("__defaults", *_HIDDEN)}
    return [_without_hidden(one) for one in value] if isinstance(value, list) else value
