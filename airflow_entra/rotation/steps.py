"""Whether a preview is a rotation and nothing else. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_entra import next_step
from airflow_entra.finding import Finding
from airflow_entra.pulumi.urn import resource_name
from airflow_entra.rotation.slots import Held, Slot

_NOTHING = frozenset({"same", "read", "read-discard", "discard-replaced", "refresh"})
_REPLACING = frozenset({"replace", "create-replacement", "delete-replaced", "discard-replaced"})
_ROTATED = frozenset({"properties.value", "properties.attributes.expires"})
_SHOWN = 5  # changes named one by one

Step = Mapping[str, Any]


def others(steps: Iterable[Step], held: Held, replaced: Sequence[Slot]) -> list[str]:
    """What the preview's steps would change beyond replacing these slots and following in the vault, in words."""
    return [f"{step['op']} {resource_name(step['urn'])}" for step in steps if not _is_rotation(step, held, replaced)]


def refusal(stack: str, changes: Sequence[str]) -> Finding:
    named = ", ".join(changes[:_SHOWN]) + (f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else "")
    return Finding(
        f"stack {stack}",
        f"other changes wait to be deployed: {named}",
        "a rotation brings nothing with it that nobody has reviewed",
        f"run this from the revision that is deployed, or review and deploy first: {next_step.up(stack)}",
        id="rotate/other-changes",
    )


def _is_rotation(step: Step, held: Held, replaced: Sequence[Slot]) -> bool:
    op, urn = step["op"], step["urn"]
    if op in _NOTHING:
        return True
    changed = set(_differences(_inputs(step, "oldState"), _inputs(step, "newState")))
    if urn == held.vault_urn:
        return op == "update" and changed <= _ROTATED
    if urn in (held.current.urn, held.older.urn) and op == "delete-replaced":
        return True  # what an earlier run replaced and did not come to take away
    return op in _REPLACING and urn in {slot.urn for slot in replaced} and changed <= {"endDate"}


def _inputs(step: Step, side: str) -> Mapping[str, Any]:
    return (step.get(side) or {}).get("inputs") or {}


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """The paths at which two values differ; secrets are masked in both and count as equal."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {*old, *new} - {"__defaults"}:
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path
