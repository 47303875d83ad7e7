"""What differs between two states of a resource, property by property."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_entra.preview.result import ABSENT, PropertyChange
from airflow_entra.pulumi.scrub import SECRET

UNKNOWN = "(known after the update)"
UNKNOWN_KINDS = frozenset(  # how the engine writes a value that only the update will tell, one for each kind
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_MARK = "4dabf18193072939515e22adb298388d"  # the key under which the engine says what an object stands for
_SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a secret
_PLAIN = re.compile(r"[A-Za-z_$][\w$-]*")
_STEP = re.compile(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)')


def readable(value: Any) -> Any:
    """A value of the engine without its inner marks: what is secret says so, and `__defaults` is left out."""
    if isinstance(value, Mapping):
        if value.get(_MARK) == _SECRET_MARK:
            return SECRET
        return {key: readable(item) for key, item in value.items() if key != _MARK and not key.startswith("__")}
    if isinstance(value, list):
        return [readable(item) for item in value]
    return UNKNOWN if is_unknown(value) else value


def is_unknown(value: Any) -> bool:
    """Whether only the update will tell this value of the engine's."""
    return isinstance(value, str) and value in UNKNOWN_KINDS


def between(before: Any, after: Any, path: str = "") -> Iterator[PropertyChange]:
    """The smallest parts that differ. Lists whose items have moved are taken as what left and what came."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = _below(path, str(key))
            yield from between(before.get(key, ABSENT), after.get(key, ABSENT), inner)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    elif before is not after and (before != after or type(before) is not type(after)):
        yield PropertyChange(path, before, after)


def reported(detailed: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[PropertyChange]:
    """What a provider says that differs, by top-level property: for what inputs alone don't show."""
    for name in dict.fromkeys(str(steps[0]) for steps in map(_steps, _paths(detailed)) if steps):
        yield PropertyChange(name, before.get(name, ABSENT), after.get(name, ABSENT))


def reordered(change: PropertyChange) -> bool:
    """Whether nothing but the order of lists differs: Entra gives them in any."""
    return bool(change.before != change.after and _as_set(change.before) == _as_set(change.after))


def _as_set(value: Any) -> Any:
    """The value with its lists in one order."""
    if isinstance(value, Mapping):
        return {key: _as_set(item) for key, item in value.items()}
    return sorted(map(_as_set, value), key=repr) if isinstance(value, list) else value


def top(change: PropertyChange) -> str:
    """The top-level property that a change is in."""
    return str(next(iter(_steps(change.path)), ""))


def secrets(detailed: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[PropertyChange]:
    """Secrets that a provider says differ: neither value is shown, so that nothing else would tell."""
    for path in _paths(detailed):
        sides = [_at(side, _steps(path)) for side in (before, after)]
        if SECRET in sides:
            yield PropertyChange(path, *sides)


def _paths(detailed: Any) -> list[str]:
    return [str(path) for path in detailed] if isinstance(detailed, Mapping) else []


def _steps(path: str) -> list[str | int]:
    """`web.redirectUris[1]` as web, redirectUris, 1."""
    return [int(index) if index else key or name for key, index, name in _STEP.findall(path)]


def _at(value: Any, steps: list[str | int]) -> Any:
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return value


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[PropertyChange]:
    if len(before) == len(after) and sum(old != new for old, new in zip(before, after, strict=True)) <= 1:
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from between(old, new, f"{path}[{index}]")
        return
    came = list(after)
    for index, item in enumerate(before):
        if item in came:
            came.remove(item)
        else:
            yield PropertyChange(f"{path}[{index}]", item, ABSENT)
    for index, item in enumerate(after):
        if item in came:
            came.remove(item)
            yield PropertyChange(f"{path}[{index}]", ABSENT, item)


def _below(path: str, key: str) -> str:
    name = key if _PLAIN.fullmatch(key) else f'["{key}"]'
    return f"{path}.{name}" if path and not name.startswith("[") else f"{path}{name}"
