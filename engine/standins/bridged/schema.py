"""The schema of a bridged provider, as a table in JSON.

A type is written `string`, `boolean`, `integer`, `map` or the name of an object type; `[x]` is a list of x and `{x}` a
set, whose order says nothing.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from engine.standins.values import Props

_SCALARS = frozenset({"string", "boolean", "integer", "map"})


class Shape(Enum):
    ONE = "one"
    LIST = "list"
    SET = "set"


@dataclass(frozen=True)
class Property:
    name: str
    terraform: str
    shape: Shape
    kind: str
    fields: "Mapping[str, Property] | None"
    """Those of the object type; None for a scalar."""
    required: bool = False
    force_new: bool = False
    computed: bool = False
    """The service chooses a value where none is given, so that its absence is no difference."""
    secret: bool = False
    unsupported: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    format: str = ""
    max_items: int | None = None


@dataclass(frozen=True)
class ResourceSchema:
    token: str
    terraform: str
    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]
    """Every output, the inputs among them."""
    conflicts_with: tuple[tuple[str, ...], ...] = ()
    at_least_one_of: tuple[tuple[str, ...], ...] = ()
    exactly_one_of: tuple[tuple[str, ...], ...] = ()
    required_with: tuple[tuple[str, ...], ...] = ()

    @property
    def secret_outputs(self) -> frozenset[str]:
        return frozenset(name for name, prop in self.outputs.items() if prop.secret)


def load(path: Path) -> dict[str, ResourceSchema]:
    """Resource schemas by token. The types in the file are a tree: none contains itself."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {token: _resource(token, entry, table["types"]) for token, entry in table["resources"].items()}


def _resource(token: str, entry: Props, types: Props) -> ResourceSchema:
    inputs = {name: _property(name, row, types) for name, row in entry["inputs"].items()}
    extra = {name: _property(name, {**row, "computed": True}, types) for name, row in entry["outputs"].items()}
    groups = {
        key: tuple(tuple(group) for group in entry.get(camel, ()))
        for key, camel in {
            "conflicts_with": "conflictsWith",
            "at_least_one_of": "atLeastOneOf",
            "exactly_one_of": "exactlyOneOf",
            "required_with": "requiredWith",
        }.items()
    }
    return ResourceSchema(token, entry["terraform"], inputs, {**inputs, **extra}, **groups)


def _property(name: str, row: Props, types: Props) -> Property:
    written: str = row["type"]
    shape = {"[": Shape.LIST, "{": Shape.SET}.get(written[0], Shape.ONE)
    kind = written.strip("[]{}")
    fields = None if kind in _SCALARS else {key: _property(key, item, types) for key, item in types[kind].items()}
    return Property(
        name=name,
        terraform=row.get("terraform", re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()),
        shape=shape,
        kind=kind,
        fields=fields,
        required=row.get("required", False),
        force_new=row.get("forceNew", False),
        computed=row.get("computed", False),
        secret=row.get("secret", False),
        unsupported=row.get("unsupported", False),
        default=row.get("default"),
        values=tuple(row.get("values", ())),
        format=row.get("format", ""),
        max_items=row.get("maxItems"),
    )
