"""From inputs to the outputs that are expected, and from live outputs back to inputs."""

from collections.abc import Mapping
from typing import Any

from engine.standins.bridged.check import DEFAULTS
from engine.standins.bridged.diff import is_zero, same
from engine.standins.bridged.schema import Property, ResourceSchema, Shape
from engine.standins.values import UNKNOWN, Props


def planned(schema: ResourceSchema, inputs: Props, state: Props | None) -> Props:
    """The outputs that a create (no state) or an update will leave, as far as they are known before."""

    def value(key: str, prop: Property) -> Any:
        if inputs.get(key) is not None:
            return without_defaults(inputs[key])
        if prop.computed:
            return UNKNOWN if state is None else state.get(key)
        # The provider's own flag, of which no service ever tells: Terraform fills it in without calling it a default.
        return False if key == "preventDuplicateNames" else None

    return {key: value(key, prop) for key, prop in schema.outputs.items()}


def settled(schema: ResourceSchema, live: Props, prior: Props) -> Props:
    """Live outputs as Terraform keeps them: an empty collection that nobody asked for is null, not empty.

    What a service never tells again (a secret, a flag of the provider's own) stays as it was.
    """
    return _settle(schema.outputs, {key: _known(prior.get(key)) for key in schema.outputs} | live, prior)


def _known(value: Any) -> Any:
    return None if value is UNKNOWN else value


def _settle(fields: Mapping[str, Property], live: Props, prior: Props) -> Props:
    return {
        key: _settle_value(fields[key], value, prior.get(key)) if key in fields else value
        for key, value in live.items()
    }


def _settle_value(prop: Property, value: Any, prior: Any) -> Any:
    if prop.fields is None:
        return None if value == [] and prior is None and not prop.computed else value
    if isinstance(value, dict) and isinstance(prior, dict):
        return _settle(prop.fields, value, prior)
    if isinstance(value, list) and isinstance(prior, list) and len(value) == len(prior):
        pairs = zip(value, prior, strict=True)
        return [_settle(prop.fields, new, old if isinstance(old, dict) else {}) for new, old in pairs]
    return value


def refreshed_inputs(schema: ResourceSchema, inputs: Props, live: Props) -> Props:
    """The program's inputs with what has drifted in them; what the program never said stays out."""
    return _refresh(schema.inputs, inputs, live)


def _refresh(fields: Mapping[str, Property], inputs: Props, live: Props) -> Props:
    result: Props = {}
    for key, old in inputs.items():
        if key not in fields:
            result[key] = old
            continue
        new = live.get(key)
        if same(fields[key], new, old):
            result[key] = old
        elif new is not None:
            result[key] = _refresh_value(fields[key], old, new)
    return result


def _refresh_value(prop: Property, old: Any, new: Any) -> Any:
    if prop.fields is None or prop.shape is Shape.SET:
        return with_no_defaults(prop, new)
    if isinstance(new, dict) and isinstance(old, dict):
        return _refresh(prop.fields, old, new)
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_refresh(prop.fields, before, after) for before, after in zip(old, new, strict=True)]
    return with_no_defaults(prop, new)


def imported_inputs(schema: ResourceSchema, live: Props) -> Props:
    """Everything that a program would have to say to get this object, and no more."""
    result = _extract(schema.inputs, live)
    for group in schema.conflicts_with:
        for extra in [key for key in group if key in result][:-1]:
            del result[extra]
    return result


def with_no_defaults(prop: Property, value: Any) -> Any:
    """The value as an input: each object says which of its properties were defaults, and here none were."""
    if prop.fields is None:
        return value
    if isinstance(value, list):
        return [_extract(prop.fields, item) for item in value]
    return _extract(prop.fields, value) if isinstance(value, dict) else value


def _extract(fields: Mapping[str, Property], live: Props) -> Props:
    kept = {key: with_no_defaults(prop, live[key]) for key, prop in fields.items() if not is_zero(prop, live.get(key))}
    return {DEFAULTS: [], **kept}


def without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_defaults(item) for key, item in value.items() if key != DEFAULTS}
    if isinstance(value, list):
        return [without_defaults(item) for item in value]
    return value
