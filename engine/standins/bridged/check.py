"""Inputs that a bridged provider accepts: what is required, of which type, what excludes what, and the defaults."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from engine.standins.bridged.schema import Property, ResourceSchema, Shape
from engine.standins.package import Checked, Failure
from engine.standins.values import UNKNOWN, Props, without_nulls

DEFAULTS = "__defaults"
"""In every object of the inputs: the names of the properties that the provider filled in."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_APPLICATION = re.compile(rf"/applications/{_UUID.pattern}")
_CLAIM_VALUE = re.compile(r"(?!\.)[-+!#$%&'()*+,./:;<=>?@\[\]^_{|}~A-Za-z0-9]{0,120}")


def check(schema: ResourceSchema, name: str, inputs: Props) -> Checked:
    """Checked inputs with defaults, and what is wrong with them in Terraform's words."""
    given = without_nulls({key: value for key, value in inputs.items() if key != DEFAULTS})
    problems = [*_object(schema.inputs, given, ""), *_combinations(schema, given)]
    failures = [Failure(f"{text}. Examine values at '{name}.{path}'.") for path, text in problems]
    return Checked(with_defaults(schema.inputs, given), failures)


def with_defaults(fields: Mapping[str, Property], given: Props) -> Props:
    result: Props = {key: _nested(fields.get(key), value) for key, value in given.items() if key != DEFAULTS}
    added = sorted(key for key, prop in fields.items() if prop.default is not None and key not in result)
    return {DEFAULTS: added, **result, **{key: fields[key].default for key in added}}


def _nested(prop: Property | None, value: Any) -> Any:
    if prop is None or prop.fields is None:
        return value
    if isinstance(value, list):
        return [with_defaults(prop.fields, item) if isinstance(item, dict) else item for item in value]
    return with_defaults(prop.fields, value) if isinstance(value, dict) else value


def _object(fields: Mapping[str, Property], given: Props, path: str) -> Iterator[tuple[str, str]]:
    for key, prop in fields.items():
        if prop.required and key not in given:
            reason = f'The argument "{prop.terraform}" is required, but no definition was found.'
            yield path + key, f"Missing required argument. {reason}"
    for key, value in given.items():
        if key == DEFAULTS or value is UNKNOWN:
            continue
        if key not in fields:
            yield path + key, f'Invalid or unknown key "{key}"'
        elif fields[key].unsupported:
            yield path + key, f'The stand-in provider does not serve "{key}"; use the official one'
        else:
            yield from _value(fields[key], value, path + key)


def _value(prop: Property, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if prop.shape is Shape.ONE:
        yield from _item(prop, value, path)
    elif not isinstance(value, list):
        yield path, f'Inappropriate value for attribute "{prop.terraform}": {prop.shape.value} required'
    else:
        if prop.max_items is not None and len(value) > prop.max_items:
            yield path, f'Too many list items. Attribute "{prop.terraform}" supports {prop.max_items} item maximum'
        for index, item in enumerate(value):
            if item is not UNKNOWN:
                yield from _item(prop, item, f"{path}[{index}]")


def _item(prop: Property, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if prop.fields is not None:
        if isinstance(value, dict):
            yield from _object(prop.fields, value, f"{path}.")
        else:
            yield path, f'Inappropriate value for attribute "{prop.terraform}": object required'
    elif not isinstance(value, _PYTHON_TYPES[prop.kind]) or (prop.kind == "integer" and isinstance(value, bool)):
        yield path, f'Inappropriate value for attribute "{prop.terraform}": a {prop.kind} is required'
    elif prop.values and value not in prop.values:
        yield path, f"expected {prop.terraform} to be one of {list(prop.values)}, got {value}"
    elif prop.format and (complaint := _FORMATS[prop.format](str(value))):
        yield path, f'expected "{prop.terraform}" {complaint}'
    elif prop.required and value == "":
        yield path, f'expected "{prop.terraform}" to not be an empty string'


_PYTHON_TYPES: Mapping[str, type] = {"string": str, "boolean": bool, "integer": int, "map": dict}


def _combinations(schema: ResourceSchema, given: Props) -> Iterator[tuple[str, str]]:
    """Paths of one group are siblings; a group below an object that is not given says nothing."""

    def present(group: tuple[str, ...]) -> list[str] | None:
        parent = _at(given, group[0].split(".")[:-1])
        if not isinstance(parent, dict):
            return None
        return [path for path in group if parent.get(path.rsplit(".", 1)[-1]) not in (None, [])]

    for group in schema.conflicts_with:
        found = present(group) or []
        if len(found) > 1:
            yield found[0], f'Conflicting configuration arguments. "{found[0]}": conflicts with {", ".join(found[1:])}'
    for group in schema.at_least_one_of:
        if present(group) == []:
            yield group[0], f'Missing required argument. "{group[0]}": one of `{",".join(group)}` must be specified'
    for group in schema.exactly_one_of:
        chosen, names = present(group), ",".join(group)
        if chosen == []:
            yield group[0], f"Invalid combination of arguments. one of `{names}` must be specified"
        elif chosen and len(chosen) > 1:
            both = ",".join(chosen)
            yield (
                group[0],
                f"Invalid combination of arguments. only one of `{names}` can be specified, but `{both}` were",
            )
    for group in schema.required_with:
        given_ones = present(group)
        if given_ones and len(given_ones) < len(group):
            yield (
                given_ones[0],
                f'Missing required argument. "{given_ones[0]}": all of `{",".join(group)}` must be specified',
            )


def _at(value: Any, path: list[str]) -> Any:
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _uuid(value: str) -> str:
    return "" if _UUID.fullmatch(value) else f"to be a valid UUID, got {value}"


def _application_id(value: str) -> str:
    return "" if _APPLICATION.fullmatch(value) else f"to be an ID like /applications/<uuid>, got {value}"


def _claim_value(value: str) -> str:
    return (
        "" if _CLAIM_VALUE.fullmatch(value) else f"to be at most 120 characters, no space, no leading dot, got {value}"
    )


def _rfc3339(value: str) -> str:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return f"to be a valid RFC3339 date, got {value}"
    return "" if instant.tzinfo else f"to be a valid RFC3339 date with a time zone, got {value}"


_FORMATS: Mapping[str, Callable[[str], str]] = {
    "uuid": _uuid,
    "applicationId": _application_id,
    "claimValue": _claim_value,
    "rfc3339": _rfc3339,
}
