"""Types of Microsoft Graph: which properties an object has, what may be written into them, how they come back.

A property that is unset comes back as an explicit null, an unset list as []: clients tell null from absent. A write
merges into nested objects and replaces lists whole.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from entra_local import clock
from entra_local.graph.exceptions import BadRequest, InvalidProperty, InvalidValue, ReadOnlyProperty
from entra_local.wire import JsonObject

Check = Callable[[Any], Any]
"""Returns the value as it is stored; raises ValueError or TypeError when it is not of the type."""


@dataclass(frozen=True)
class Property:
    """One property. `check` sees every written value but null; null means `default`."""

    check: Check
    default: object = None
    read_only: bool = False
    beta: bool = False
    selected_only: bool = False
    fields: Mapping[str, "Property"] = field(default_factory=dict)
    merges: bool = False

    def accept(self, name: str, value: Any, current: Any) -> Any:
        """The value to store. Raises InvalidValue, InvalidProperty or ReadOnlyProperty."""
        if value is None:
            return deepcopy(self.default)
        try:
            if self.merges:
                return merge(self.fields, current or fresh(self.fields), _object(value), prefix=f"{name}.")
            if self.fields:
                return [self._item(name, item) for item in _list(value)]
            return self.check(value)
        except (TypeError, ValueError) as error:
            raise InvalidValue(name) from error

    def _item(self, name: str, item: Any) -> JsonObject:
        return merge(self.fields, fresh(self.fields), _object(item), prefix=f"{name}.", lenient=True)


Type = Mapping[str, Property]


def merge(
    type_: Type, current: JsonObject, changes: JsonObject, *, prefix: str = "", lenient: bool = False
) -> JsonObject:
    """A copy of `current` with `changes` written into it; annotations (`@odata.type`) are skipped.

    References (`<name>@odata.bind`) are no annotations: those that the caller did not take out first are refused.
    `lenient` drops read-only properties instead of refusing them: list items are fed back as they were read.
    """
    merged = dict(current)
    for name, value in changes.items():
        if name.endswith("@odata.bind"):
            raise BadRequest(f"The local tenant does not serve '{prefix}{name}' here: use its $ref route.")
        if "@" in name:
            continue
        known = type_.get(name)
        if known is None:
            raise InvalidProperty(prefix + name)
        if known.read_only:
            if lenient or value == current.get(name):
                continue
            raise ReadOnlyProperty(prefix + name)
        merged[name] = known.accept(prefix + name, value, current.get(name))
    return merged


def fresh(type_: Type) -> JsonObject:
    """An object with every property at its default."""
    return {name: deepcopy(known.default) for name, known in type_.items()}


def shown(type_: Type, body: JsonObject, *, beta: bool, select: Iterable[str] = ()) -> JsonObject:
    """The object as a response has it: the selected properties, or all that are not `selected_only`."""
    chosen = set(select)
    return {
        name: body.get(name, known.default)
        for name, known in type_.items()
        if (beta or not known.beta) and (name in chosen if chosen else not known.selected_only)
    }


# kinds of properties


def text(maximum: int | None = None, *, default: str | None = None, among: Iterable[str] = ()) -> Property:
    """A string of at most `maximum` characters, or one of a few."""
    allowed = frozenset(among)

    def check(value: Any) -> str:
        if not isinstance(value, str) or (maximum is not None and len(value) > maximum):
            raise ValueError("not such a string")
        if allowed and value not in allowed:
            raise ValueError("not one of the values")
        return value

    return Property(check, default)


def flag(default: bool | None = None) -> Property:
    """true or false."""
    return Property(_boolean, default)


def integer(default: int | None = None) -> Property:
    """A whole number; JSON's 1.0 is none."""
    return Property(_integer, default)


def identifier() -> Property:
    """A UUID in lower case."""
    return Property(lambda value: str(UUID(_text(value))))


def moment() -> Property:
    """A moment as RFC 3339."""
    return Property(lambda value: clock.stamp(clock.parse(_text(value))))


def texts(maximum: int | None = None, *, among: Iterable[str] = ()) -> Property:
    """A list of strings."""
    check = text(maximum, among=among).check
    return Property(lambda value: [check(item) for item in _list(value)], [])


def nested(fields: Type, *, default: str = "object") -> Property:
    """An object whose properties a PATCH writes one by one; `default="null"`: null until written."""
    return Property(_object, None if default == "null" else fresh(fields), fields=fields, merges=True)


def replaced(fields: Type) -> Property:
    """An object that a write replaces as a whole; null until written."""
    return Property(lambda value: merge(fields, fresh(fields), _object(value), lenient=True))


def items(fields: Type) -> Property:
    """A list of objects that a write replaces whole."""
    return Property(_object, [], fields=fields)


def structure() -> Property:
    """Any JSON object, echoed and replaced as a whole."""
    return Property(_object)


def opaque(default: object = None) -> Property:
    """Any JSON value, echoed."""
    return Property(lambda value: value, default)


def read_only(known: Property, default: object = None) -> Property:
    """Set by the service alone."""
    return replace(known, read_only=True, default=known.default if default is None else default)


def in_beta(known: Property) -> Property:
    """Seen in beta only."""
    return replace(known, beta=True)


def if_selected(known: Property) -> Property:
    """Seen with $select only."""
    return replace(known, selected_only=True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _object(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a boolean")
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not an integer")
    return value
