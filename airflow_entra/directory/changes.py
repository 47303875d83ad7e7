"""Who gave and who took access, as the directory's own log has it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

_LOG = "/auditLogs/directoryAudits"
_PAGE = "999"

GRANTED = "Add member to group", "Add app role assignment grant to user", "Add app role assignment to group"
TAKEN = (
    "Remove member from group",
    "Disable account",
    "Delete user",
    "Remove app role assignment from user",
    "Remove app role assignment from group",
)
"""What the directory's log calls the changes that an audit follows: learn.microsoft.com/entra/identity/
monitoring-health/reference-audit-activities. Entra keeps them 30 days with a premium licence, 7 without."""


@dataclass(frozen=True)
class Change:
    """A line of the directory's log: who did what to whom. `group` is a name where the target is a membership."""

    at: datetime
    activity: str
    by: str
    subject_id: str
    subject: str
    group: str | None


def changes(graph: Graph, since: datetime, wanted: Collection[str]) -> list[Change]:
    """Those about the ids in `wanted`, of everything in the tenant, oldest first. Raises GraphError."""
    activities = " or ".join(f"activityDisplayName eq '{name}'" for name in (*GRANTED, *TAKEN))
    entries = _entries(graph, f"{_since(since)} and ({activities})")
    about = frozenset(id_.lower() for id_ in wanted)
    newest_first = sorted(entries, key=_moment, reverse=True)  # as Graph gives them, also those of one moment
    found = filter(None, map(_change, newest_first[::-1]))
    return [change for change, ids in found if ids & about]


def last_change(graph: Graph, object_id: str, since: datetime) -> tuple[datetime, str] | None:
    """When and by whom an object was changed last, as the log has it; None where it doesn't say.

    Raises GraphError.
    """
    entries = _entries(graph, f"targetResources/any(t: t/id eq '{object_id}') and {_since(since)}")
    newest = max(entries, key=_moment, default=None)
    return newest and (datetime.fromisoformat(newest["activityDateTime"]), _initiator(newest.get("initiatedBy") or {}))


def _entries(graph: Graph, filter_: str) -> list[Any]:
    return list(graph.pages(_LOG, {"$filter": filter_, "$top": _PAGE}))


def _since(moment: datetime) -> str:
    return f"activityDateTime ge {moment:%Y-%m-%dT%H:%M:%SZ}"


def _moment(entry: Mapping[str, Any]) -> str:
    return str(entry["activityDateTime"])


def _change(entry: Mapping[str, Any]) -> tuple[Change, frozenset[str]] | None:
    """The change, and the ids of everything that it was about."""
    targets: list[Mapping[str, Any]] = entry.get("targetResources") or []
    activity = str(entry["activityDisplayName"])
    wanted = ("User", "Group") if "app role" in activity else ("User", "Group", "ServicePrincipal")
    subject = next((one for one in targets if one.get("type") in wanted), None)
    if subject is None:
        return None
    told = {changed.get("displayName"): _value(changed) for changed in subject.get("modifiedProperties") or ()}
    other = next((one for one in targets if one is not subject and one.get("type") == "Group"), {})
    group = (other.get("displayName") or told.get("Group.DisplayName")) if "member" in activity else None
    change = Change(
        at=datetime.fromisoformat(entry["activityDateTime"]),
        activity=activity,
        by=_initiator(entry.get("initiatedBy") or {}),
        subject_id=subject["id"],
        subject=str(subject.get("userPrincipalName") or subject.get("displayName") or subject["id"]),
        group=group,
    )
    ids = [*(one.get("id") for one in targets), told.get("Group.ObjectID")]
    return change, frozenset(str(id_).lower() for id_ in ids if id_)


def _value(changed: Mapping[str, Any]) -> str:
    """A modified property's value, which the log writes as JSON."""
    return str(changed.get("newValue") or changed.get("oldValue") or "").strip('"')


def _initiator(by: Mapping[str, Any]) -> str:
    user, program = by.get("user") or {}, by.get("app") or {}
    return str(
        user.get("userPrincipalName") or user.get("id") or program.get("displayName") or program.get("appId") or "Entra"
    )
