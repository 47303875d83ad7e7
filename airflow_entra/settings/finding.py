"""A mistake before its place in the file is known: rules speak of settings, load.py of lines."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_entra.settings.mistakes import Severity

Loc = tuple[str | int, ...]  # ("config", "airflow-entra:roles", "Admin", "groups", 0)
Place = tuple[int, int]  # line and column, from 1


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong at `loc` (or, where the text could not be read as YAML, at `place`).

    `{first}` in `what` becomes the line of `first`, the other half of a contradiction.
    """

    what: str
    right: str
    fix: str
    loc: Loc = ()
    at_key: bool = False
    first: Loc | None = None
    place: Place | None = None
    severity: Severity = "error"
    kind: str = "settings/invalid-value"  # one of kinds.py; checks/ names the findings of its rules itself
    secret: bool = False  # no other finding at this place may be shown: it would repeat the value
