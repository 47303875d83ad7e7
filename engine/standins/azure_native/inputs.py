"""Inputs of Resource Manager types: checks, names that are made up, differences, and what a refresh does to them."""

import random
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from engine.standins.azure_native.arm_type import ArmType, AutoName, Fields, select
from engine.standins.package import Change, Checked, Failure, PropertyChange
from engine.standins.values import UNKNOWN, Props, without_nulls

CREATE_BEFORE_DELETE = "__createBeforeDelete"
"""In the inputs where the name was made up: the new resource may be made while the old one still has its own."""


def check(arm: ArmType, name: str, old_inputs: Props, inputs: Props, seed: bytes, location: str) -> Checked:
    checked = without_nulls(inputs)
    if arm.name not in checked:
        checked |= _named(arm, name, old_inputs, seed)
    if "location" in arm.body and not checked.get("location") and location:
        checked["location"] = location
    failures = [Failure(f"missing required property '{path}'") for path in arm.required if _missing(checked, path)]
    for key, pattern in arm.patterns.items():
        value = checked.get(key)
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            failures.append(Failure(f"'{key}' does not match expression '^{pattern}$'"))
    return Checked(checked, failures)


def _named(arm: ArmType, name: str, old_inputs: Props, seed: bytes) -> Props:
    if arm.name in old_inputs:
        return {key: old_inputs[key] for key in (arm.name, CREATE_BEFORE_DELETE) if key in old_inputs}
    if arm.auto_name is AutoName.COPY:
        return {arm.name: name}
    numbers = random.Random(seed)  # noqa: S311  # a name, not a secret
    if arm.auto_name is AutoName.UUID:
        return {arm.name: str(uuid.UUID(int=numbers.getrandbits(128), version=4)), CREATE_BEFORE_DELETE: True}
    return {arm.name: f"{name}{numbers.getrandbits(32):08x}", CREATE_BEFORE_DELETE: True}


def _missing(inputs: Props, path: str) -> bool:
    value: Any = inputs
    for key in path.split("."):
        if value is UNKNOWN or not isinstance(value, dict):
            return False  # what is above it is unknown, or reported already
        value = value.get(key)
    return value is None


def differences(arm: ArmType, old: Props, new: Props) -> list[PropertyChange]:
    """Inputs against inputs: what the service made of them does not count."""
    replacing = {*arm.parameters, *arm.force_new}
    ignored = {CREATE_BEFORE_DELETE, "azureApiVersion"}
    return [
        PropertyChange(change.path, change.change, re.split(r"[.\[]", change.path)[0] in replacing)
        for change in _compare_objects(_without(old, ignored), _without(new, ignored), "")
    ]


def _without(value: Props, keys: set[str]) -> Props:
    kept = {key: item for key, item in value.items() if key not in keys}
    if isinstance(kept.get("location"), str):  # "West Europe" is westeurope
        kept["location"] = kept["location"].replace(" ", "").lower()
    return kept


def _compare(old: Any, new: Any, path: str) -> Iterator[PropertyChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _compare_objects(old, new, f"{path}.")
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            at = f"{path}[{index}]"
            if index >= len(old):
                yield PropertyChange(at, Change.ADD)
            elif index >= len(new):
                yield PropertyChange(at, Change.DELETE)
            else:
                yield from _compare(old[index], new[index], at)
    elif old != new:
        yield PropertyChange(path, Change.UPDATE)


def _compare_objects(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[PropertyChange]:
    for key in sorted({*old, *new}):
        if key not in old:
            yield PropertyChange(path + key, Change.ADD)
        elif key not in new:
            yield PropertyChange(path + key, Change.DELETE)
        else:
            yield from _compare(old[key], new[key], path + key)


def refreshed(arm: ArmType, inputs: Props, old_outputs: Props, new_outputs: Props) -> Props:
    """The inputs, with what has changed in the outputs since the state was written.

    The service fills in much that nobody said; only what moved is taken over.
    """
    return _apply(inputs, select(arm.body, old_outputs), select(arm.body, new_outputs))


def _apply(inputs: Props, old: Props, new: Props) -> Props:
    result = dict(inputs)
    for key in {*old, *new}:
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if after is None:
            result.pop(key, None)
        elif isinstance(before, dict) and isinstance(after, dict) and isinstance(result.get(key), dict):
            result[key] = _apply(result[key], before, after)
        else:
            result[key] = after
    return result


def imported(arm: ArmType, object_id: str, outputs: Props) -> Props:
    return {**arm.parameters_of(object_id), **select(arm.body, outputs)}


def preview(arm: ArmType, inputs: Props, state: Props | None) -> Props:
    """Known outputs are those that repeat an input; only name and location are sure to survive an update."""
    outputs = _preview(arm.outputs, inputs)
    stable = {key: state[key] for key in ("id", "name", "location") if key in state} if state else {}
    return {**outputs, "azureApiVersion": arm.api_version, **stable}


def _preview(fields: Fields, inputs: Any) -> Any:
    if not isinstance(inputs, dict):
        return UNKNOWN
    result: Props = {}
    for key, inner in fields.items():
        if inner is not None:
            result[key] = _preview(inner, inputs.get(key, {}))
        else:
            result[key] = inputs.get(key, UNKNOWN)
    return result
