"""What differs between the inputs of a program and the state that the provider last saw."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.standins.bridged.check import DEFAULTS
from engine.standins.bridged.schema import Property, ResourceSchema, Shape
from engine.standins.package import Change, PropertyChange
from engine.standins.values import UNKNOWN, Props

_KEYS = ("id", "resourceAppId")
"""What tells the objects of a set apart: every object type that comes in a set has one of these."""


def differences(schema: ResourceSchema, state: Props, inputs: Props) -> list[PropertyChange]:
    """Terraform's rules: unset and zero are the same; an unset value that the service chose is left alone.

    A bridged provider replaces by making the new object first (none of these types has a name to keep free).
    """
    found: list[PropertyChange] = []
    for key, prop in schema.inputs.items():
        for change in _compare(prop, state.get(key), inputs.get(key), key):
            found.append(PropertyChange(change.path, change.change, prop.force_new))
    return found


def same(prop: Property, old: Any, new: Any) -> bool:
    return next(_compare(prop, old, new, ""), None) is None


def is_zero(prop: Property, value: Any) -> bool:
    """Nothing, or what the provider would have filled in anyway."""
    if prop.default is not None:
        return value is None or value == prop.default
    if value in (None, "", [], {}, 0):  # False equals 0
        return True
    if prop.fields is None:
        return False
    objects = [value] if isinstance(value, dict) else value
    return all(is_zero(prop.fields[key], item) for each in objects for key, item in each.items() if key in prop.fields)


def _compare(prop: Property, old: Any, new: Any, path: str) -> Iterator[PropertyChange]:
    if new is UNKNOWN:
        yield PropertyChange(path, Change.ADD if is_zero(prop, old) else Change.UPDATE)
    elif new is None:
        if not prop.computed and not is_zero(prop, old):
            yield PropertyChange(path, Change.DELETE)
    elif prop.shape is Shape.ONE:
        yield from _compare_one(prop, old, new, path)
    elif any(item is UNKNOWN for item in new):
        yield PropertyChange(path, Change.UPDATE)
    elif prop.shape is Shape.LIST:
        yield from _compare_lists(prop, old or [], new, path)
    else:
        yield from _compare_sets(prop, old or [], new, path)


def _compare_one(prop: Property, old: Any, new: Any, path: str) -> Iterator[PropertyChange]:
    if prop.fields is not None:
        yield from _compare_objects(prop.fields, old or {}, new, f"{path}." if path else "")
    elif new != old and not (is_zero(prop, old) and is_zero(prop, new)):
        yield PropertyChange(path, Change.ADD if old is None else Change.UPDATE)


def _compare_objects(fields: Mapping[str, Property], old: Props, new: Props, path: str) -> Iterator[PropertyChange]:
    for key, prop in fields.items():
        if key != DEFAULTS:
            yield from _compare(prop, old.get(key), new.get(key), path + key)


def _compare_lists(prop: Property, old: list[Any], new: list[Any], path: str) -> Iterator[PropertyChange]:
    for index in range(max(len(old), len(new))):
        at = f"{path}[{index}]"
        if index >= len(old):
            yield PropertyChange(at, Change.ADD)
        elif index >= len(new):
            yield PropertyChange(at, Change.DELETE)
        else:
            yield from _compare_one(prop, old[index], new[index], at)


def _compare_sets(prop: Property, old: list[Any], new: list[Any], path: str) -> Iterator[PropertyChange]:
    """By what an element is, not where it stands; one pass each, as an application may have a thousand roles."""
    gone = {_identity(prop, item): (index, item) for index, item in enumerate(old)}
    for index, item in enumerate(new):
        _, twin = gone.pop(_identity(prop, item), (0, None))
        if twin is None:
            yield PropertyChange(f"{path}[{index}]", Change.ADD)
        else:
            yield from _compare_one(prop, twin, item, f"{path}[{index}]")
    for index, _ in gone.values():
        yield PropertyChange(f"{path}[{index}]", Change.DELETE)


def _identity(prop: Property, item: Any) -> Any:
    if prop.fields is None:
        return item
    return next(item.get(key) for key in _KEYS if key in prop.fields)
