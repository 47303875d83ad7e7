"""What differs between two states of a resource, property by property."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_entra.preview.result import ABSENT, PropertyChange

UNKNOWN = "(known after the update)"
_UNKNOWNS = frozenset(  # how the engine writes a value that only the update will tell, one for each kind
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
_PLAIN = re.compile(r"[A-Za-z_$][\w$-]*")
_TOP = re.compile(r'[^.\[]+|\["([^"]*)"\]')


def readable(value: Any) -> Any:
    """A value of the engine without its inner marks (`__defaults`, a dynamic resource's `__provider`)."""
    if isinstance(value, Mapping):
        return {key: readable(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [readable(item) for item in value]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWNS else value


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
    seen = set()
    for path in detailed if isinstance(detailed, Mapping) else ():
        found = _TOP.match(str(path))
        top = (found[1] or found[0]) if found else str(path)
        if top not in seen:
            seen.add(top)
            yield PropertyChange(top, before.get(top, ABSENT), after.get(top, ABSENT))


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
