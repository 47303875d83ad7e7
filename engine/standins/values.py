"""Property values as Python objects, and their form on the wire.

A property map is a dict of None, bool, int, float, str, list and dict, with two additions: `UNKNOWN` for a value that
only an update will know, and `Secret(value)` for one that the engine has to encrypt. The magic strings below are part
of Pulumi's provider protocol.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, Struct, Value  # type: ignore[import-untyped]

Props = dict[str, Any]
"""A property map or a decoded JSON object: what is inside is checked where it is used."""

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    value: Any = field(repr=False)


def read_struct(struct: Struct) -> Props:
    return {key: _read(value) for key, value in struct.fields.items()}


def _read(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_read(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _read_object(value.struct_value)
    return None


def _read_object(struct: Struct) -> Any:
    signature = struct.fields[_SIGNATURE].string_value if _SIGNATURE in struct.fields else ""
    if signature == _SECRET:
        return Secret(_read(struct.fields["value"]))
    if signature == _OUTPUT:  # not asked for (accept_outputs is false); understood all the same
        value = _read(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        return Secret(value) if "secret" in struct.fields and struct.fields["secret"].bool_value else value
    return read_struct(struct)


def write_struct(props: Mapping[str, Any]) -> Struct:
    struct = Struct()
    for key, value in props.items():
        _write(struct.fields[key], value)
    return struct


def _write(target: Value, value: Any) -> None:
    if value is None:
        target.null_value = 0  # the enum's only value
    elif value is UNKNOWN:
        target.string_value = _UNKNOWN_STRING
    elif isinstance(value, Secret):
        target.struct_value.fields[_SIGNATURE].string_value = _SECRET
        _write(target.struct_value.fields["value"], value.value)
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in value.items():
            _write(target.struct_value.fields[key], item)
    elif isinstance(value, (list, tuple)):
        target.list_value.CopyFrom(ListValue())
        for item in value:
            _write(target.list_value.values.add(), item)
    else:
        raise TypeError(f"a property can't hold a {type(value).__name__}")


def plain(value: Any) -> Any:
    """The value with every secret opened; unknowns stay."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def any_in(value: Any, test: Callable[[Any], bool]) -> bool:
    if test(value):
        return True
    if isinstance(value, Secret):
        return any_in(value.value, test)
    if isinstance(value, dict):
        return any(any_in(item, test) for item in value.values())
    return isinstance(value, list) and any(any_in(item, test) for item in value)


def has_secret(value: Any) -> bool:
    return any_in(value, lambda item: isinstance(item, Secret))


def secret_like(template: Any, value: Any) -> Any:
    """The value, secret in every place where the template is."""
    if isinstance(value, Secret):
        return value
    if isinstance(template, Secret):
        return Secret(plain(value))
    if isinstance(template, dict) and isinstance(value, dict):
        return {key: secret_like(template.get(key), item) for key, item in value.items()}
    if isinstance(template, list) and isinstance(value, list):
        if len(template) == len(value):
            return [secret_like(old, new) for old, new in zip(template, value, strict=True)]
        return Secret(plain(value)) if has_secret(template) else value  # which item it was can't be told: hide them all
    return value


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, Secret):
        return Secret(without_nulls(value.value))
    return value
