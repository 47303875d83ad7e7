"""What the next `pulumi up` would do, out of a preview: each resource, and each property with both values. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_entra.escape.terminal import line
from airflow_entra.importing.changes import Property, changes
from airflow_entra.pulumi.resource_types import COMPONENTS, PASSWORD, SECRET, STACK
from airflow_entra.pulumi.urn import resource_name

_FIRST = re.compile(r"[.\[]")
_INDEX = re.compile(r"\[[^]]*\]")


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
        if operation in ("same", "read", "refresh") or kind == STACK or kind.startswith(COMPONENTS):
            continue
        if "replace" in operation or operation == "delete-replaced":
            operation = "replace"
        if kind.startswith("pulumi:providers:"):
            continue
        properties = tuple(_properties(step)) if operation in ("update", "replace") else ()
        known = found.get(urn)
        if known is None or (properties and not known.properties):
            name = line(resource_name(urn))
            found[urn] = Difference(operation, kind, name, properties, _expected(kind, operation, properties))
    return tuple(sorted(found.values(), key=lambda one: (one.operation, one.type, one.name)))


def _expected(kind: str, operation: str, properties: Sequence[Property]) -> bool:
    """A client secret's value is nowhere to be read: new ones are made, and the vault gets one of them."""
    if kind == PASSWORD:
        return operation == "create"
    return kind == SECRET and operation in ("create", "update")


def _properties(step: Mapping[str, Any]) -> Iterator[Property]:
    """What the provider says differs, property by property; all that differs where it doesn't say."""
    old = (step.get("oldState") or {}).get("inputs") or {}
    new = (step.get("newState") or {}).get("inputs") or {}
    said = {*(step.get("detailedDiff") or ()), *(step.get("diffReasons") or ()), *(step.get("replaceReasons") or ())}
    keys = {_FIRST.split(path, maxsplit=1)[0] for path in said}
    leaves = {_INDEX.sub("", path) for path in said}
    found = [
        change
        for change in changes(old, new)
        if not (keys and (_FIRST.split(change.path, maxsplit=1)[0] not in keys or _default(change, leaves)))
    ]
    yield from found or (Property(line(path), "", "") for path in sorted(said))


def _default(change: Property, said: Collection[str]) -> bool:
    """Whether the program only says what is so anyway: an import leaves out what is the provider's default."""
    return not change.before and change.after in ("true", "false") and _INDEX.sub("", change.path) not in said
