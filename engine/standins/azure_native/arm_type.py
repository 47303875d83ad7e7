"""What a Resource Manager type is: its path, its fields, and how its inputs become a request."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from engine.standins.errors import ProviderError
from engine.standins.values import Props

Fields = Mapping[str, Any]
"""Properties by name: None for a value of any kind, or the fields of an object."""


class AutoName(Enum):
    RANDOM = "random"
    """The resource's name and eight hexadecimal digits: the new one can be made before the old one goes."""
    COPY = "copy"
    UUID = "uuid"


@dataclass(frozen=True)
class ArmType:
    token: str
    path: str
    api_version: str
    name: str
    """The input that names the resource; it is made up where none is given."""
    auto_name: AutoName
    body: Fields
    outputs: Fields
    required: tuple[str, ...]
    """Paths of required inputs."""
    force_new: frozenset[str] = frozenset()
    flattened: bool = False
    """The body nests the inputs in `properties`, the SDK does not."""
    beside: frozenset[str] = frozenset()
    """The inputs of a flattened body that stand beside `properties` all the same."""
    flattened_outputs: bool = False
    """The SDK shows what the answer nests in `properties` beside it, whatever the inputs look like."""
    there_from_the_start: bool = False
    """It comes with what it belongs to: a create changes it, a delete leaves it."""
    nested_items: frozenset[str] = frozenset()
    """Lists whose items the wire nests in `properties`, but for their names; the SDK does not."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    wire_names: Mapping[str, str] = field(default_factory=dict)
    """Paths of properties that the wire calls otherwise than the SDK (Azure's `x-ms-client-name`)."""

    def to_wire(self, value: Props) -> Props:
        return self._each(_renamed(value, self.wire_names), _nest)

    def from_wire(self, value: Props) -> Props:
        parents = {path: path.rpartition(".") for path in self.wire_names}
        sdk_names = {
            f"{parents[path][0]}{parents[path][1]}{name}": parents[path][2] for path, name in self.wire_names.items()
        }
        return _renamed(self._each(value, _flatten), sdk_names)

    def _each(self, value: Props, changed: Callable[[Props], Props]) -> Props:
        return {key: [changed(item) for item in value[key]] for key in self.nested_items if value.get(key)} | {
            key: item for key, item in value.items() if key not in self.nested_items or not item
        }

    @property
    def parameters(self) -> list[str]:
        """Inputs that are part of the path: a change replaces."""
        return [name for name in re.findall(r"\{(\w+)\}", self.path) if name != "subscriptionId"]

    def id_of(self, inputs: Props, subscription: str) -> str:
        values = {**inputs, "subscriptionId": subscription}
        return re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]).strip("/"), self.path)

    def parameters_of(self, object_id: str) -> Props:
        pattern = re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{'.+' if m[1] == 'scope' else '[^/]+'})", self.path)
        match = re.fullmatch(pattern, object_id, re.IGNORECASE)
        if match is None:
            raise ProviderError(f"the ID {object_id!r} is not of the form {self.path}")
        return {name: f"/{match[name]}" if name == "scope" else match[name] for name in self.parameters}


def _nest(item: Props) -> Props:
    properties = {key: value for key, value in item.items() if key != "name"}
    return {key: value for key, value in item.items() if key == "name"} | {"properties": properties}


def _flatten(item: Props) -> Props:
    return {**{key: value for key, value in item.items() if key != "properties"}, **(item.get("properties") or {})}


def select(fields: Fields, value: Props) -> Props:
    """The part of an object that the fields name, without nulls."""

    def nested(key: str) -> Any:
        inner, item = fields[key], value[key]
        return select(inner, item) if inner is not None and isinstance(item, dict) else item

    return {key: nested(key) for key in fields if value.get(key) is not None}


def _renamed(value: Props, names: Mapping[str, str], prefix: str = "") -> Props:
    return {
        names.get(prefix + key, key): _renamed(item, names, f"{prefix}{key}.") if isinstance(item, dict) else item
        for key, item in value.items()
    }
