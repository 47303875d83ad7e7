"""The creates that an interrupted run began, as the stack's export tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_entra.pulumi.trouble import PulumiError
from airflow_entra.pulumi.urn import resource_name


@dataclass(frozen=True)
class PendingCreate:
    """A resource of which Pulumi knows that it began to make it, and not how that ended."""

    urn: str
    type: str
    inputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        return resource_name(self.urn)


@dataclass(frozen=True)
class Interruption:
    """What an export holds of an interrupted run."""

    creates: tuple[PendingCreate, ...]
    others: int
    """Updates, deletes and components that were under way: a refresh settles them."""
    known_ids: frozenset[str]
    """The ids of everything in the state: none of these is what a pending create made."""
    written: float = 0.0
    """When the state was written last, in seconds since 1970; 0 where it doesn't say."""

    @property
    def nothing(self) -> bool:
        return not self.creates and not self.others


def interruption(export: Mapping[str, Any]) -> Interruption:
    """Read `pulumi stack export`'s object (`{"deployment": {...}}`). Raises PulumiError where it is none."""
    try:
        return _interruption(export.get("deployment") or {})
    except (AttributeError, KeyError, TypeError):
        raise PulumiError(
            "the stack's export is no state of a stack: look at `pulumi stack export`, and restore an earlier one"
        ) from None


def _interruption(deployment: Mapping[str, Any]) -> Interruption:
    operations = deployment.get("pending_operations") or []
    creates = tuple(
        PendingCreate(one["resource"]["urn"], one["resource"]["type"], one["resource"].get("inputs") or {})
        for one in operations
        if one.get("type") == "creating" and one["resource"].get("custom", True)
    )
    ids = (resource.get("id") for resource in deployment.get("resources") or [])
    known = frozenset(filter(None, ids))
    return Interruption(creates, len(operations) - len(creates), known, _written(deployment.get("manifest") or {}))


def _written(manifest: Mapping[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(manifest.get("time"))).timestamp()
    except ValueError:
        return 0.0


def settled(export: Mapping[str, Any], adoptions: Mapping[str, str]) -> dict[str, Any]:
    """The export without unfinished operations; each create in `adoptions` (URN -> id) has become a resource.

    Its outputs are its inputs until a refresh reads the real ones. Pulumi's own way, `refresh
    --import-pending-creates`, only renames the operation and then drops it (3.256): the resource would be made again.
    """
    deployment = dict(export["deployment"])
    creates = {one["resource"]["urn"]: one["resource"] for one in deployment.pop("pending_operations", None) or []}
    adopted = [
        {**creates[urn], "id": id_, "outputs": creates[urn].get("inputs") or {}} for urn, id_ in adoptions.items()
    ]
    deployment["resources"] = [*(deployment.get("resources") or []), *adopted]
    return {**export, "deployment": deployment}
