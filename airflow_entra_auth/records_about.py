"""What a line of Airflow's audit log is about: names only. Its `extra` may hold a variable's value (2.11 keeps it)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

PAUSING = frozenset(
    {
        "paused",  # 2.11's page; is_paused there is what it was
        "api.patch_dag",
        "api.patch_dags",
        "patch_dag",
        "patch_dags",
        "cli_dag_pause",
        "cli_dag_unpause",
    }
)
"""Events that can let a DAG's schedule run, or stop it."""

_NAMES = ("connection_id", "conn_id", "variable_key", "pool_name", "asset_id", "backfill_id")
_RUNS = ("dag_run_id", "run_id")
_OF_ENTRA = ("roles", "rolesBefore", "signInName", "guest", "reason")


def about(event: str, extra: str | None) -> dict[str, Any]:
    """What was acted on (`names`), which run, whether a DAG was paused by it; of sign-in lines what they say."""
    said = _object(extra)
    if event.startswith("entra_"):
        return {key: said[key] for key in _OF_ENTRA if key in said}
    found: dict[str, Any] = {}
    if names := list(dict.fromkeys(_names(event, said))):
        found["names"] = names
    if run := next((said[key] for key in _RUNS if isinstance(said.get(key), str)), None):
        found["runId"] = run
    if event in PAUSING and (paused := _paused(event, said)) is not None:
        found["paused"] = paused
    if isinstance(said.get("method"), str):
        found["method"] = said["method"]
    return found


def _names(event: str, said: dict[str, Any]) -> Iterator[str]:
    for key in (*_NAMES, "key") if "variable" in event else _NAMES:
        if isinstance(said.get(key), str):
            yield said[key]
    for action in said.get("actions") or () if isinstance(said.get("actions"), list) else ():
        for entity in action.get("entities") or () if isinstance(action, dict) else ():
            if isinstance(entity, str):
                yield entity
            elif isinstance(entity, dict):
                yield from _names(event, entity)


def _paused(event: str, said: dict[str, Any]) -> bool | None:
    if event.startswith("cli_"):
        return event.endswith("_pause")
    value = said.get("is_paused")
    value = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(value, bool):
        return None
    return not value if event == "paused" else value


def _object(text: str | None) -> dict[str, Any]:
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
