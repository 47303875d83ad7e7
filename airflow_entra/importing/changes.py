"""Two versions of a resource's inputs, compared as a person would: lists of things by what the things are. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_entra.access.permissions import SCOPE_IDS
from airflow_entra.escape.terminal import line
from airflow_entra.preview.changes import is_unknown

_LONGEST = 160
_OURS = ("__defaults", "__provider")
_KEYS = ("id", "resourceAppId", "name")
_NAMES = {id_: name for name, id_ in SCOPE_IDS.items()}


@dataclass(frozen=True)
class Property:
    """A property's path and its values, "" where there is none. Fit to be shown; secrets are "[secret]"."""

    path: str
    before: str
    after: str


def changes(old: Any, new: Any, path: str = "") -> Iterator[Property]:
    """Every property that differs; in lists of things with an id those that are gone, new or different."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}.difference(_OURS)):
            yield from changes(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    elif old != new:
        yield Property(line(path), shown(old), shown(new))


def _lists(old: Sequence[Any], new: Sequence[Any], path: str) -> Iterator[Property]:
    key = next((key for key in _KEYS if all(isinstance(one, dict) and one.get(key) for one in (*old, *new))), None)
    if key is None:
        for gone in (one for one in old if one not in new):
            yield Property(line(path), shown(gone), "")
        for added in (one for one in new if one not in old):
            yield Property(line(path), "", shown(added))
        return
    before, after = ({str(one[key]): one for one in many} for many in (old, new))
    for id_ in dict.fromkeys([*before, *after]):
        label = _label(before.get(id_) or after[id_], id_)
        yield from changes(before.get(id_), after.get(id_), f"{path}[{label}]")


def _label(item: dict[str, Any], id_: str) -> str:
    return str(item.get("value") or _NAMES.get(id_) or item.get("name") or id_)


def shown(value: Any) -> str:
    """The value on one line, harmless and not too long."""
    if value is None:
        return ""
    if is_unknown(value):
        return "(known afterwards)"
    text = value if isinstance(value, str) else json.dumps(_ours_away(value), ensure_ascii=False, sort_keys=True)
    said = line(text) or '""'
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."


def _ours_away(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ours_away(inner) for key, inner in value.items() if key not in _OURS}
    return [_ours_away(one) for one in value] if isinstance(value, list) else value
