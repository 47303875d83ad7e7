"""What happened to a stack's access and credentials, as the directory's own log has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_entra.settings.model import Licence

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

_LOG = "/auditLogs/directoryAudits"
_PAGE = "999"

JOINED, ENABLED, ACTIVATED = "Add member to group", "Enable account", "Add member to role completed (PIM activation)"
LEFT, DISABLED, DELETED = "Remove member from group", "Disable account", "Delete user"
ASSIGNED = frozenset({"Add app role assignment grant to user", "Add app role assignment to group"})
UNASSIGNED = frozenset({"Remove app role assignment from user", "Remove app role assignment from group"})
GRANTED = frozenset({JOINED, ENABLED, "Restore user", *ASSIGNED})
TAKEN = frozenset({LEFT, DISABLED, DELETED, *UNASSIGNED})
CREDENTIALS = frozenset(
    {
        "Update application – Certificates and secrets management ",  # noqa: RUF001 - Entra's dash and space
        "Update application – Certificates and secrets management",  # noqa: RUF001
        "Add service principal credentials",
        "Remove service principal credentials",
    }
)
"""What the directory's log calls the changes that an audit follows: learn.microsoft.com/entra/identity/
monitoring-health/reference-audit-activities. Entra keeps them 30 days with a premium licence, 7 without."""


@dataclass(frozen=True)
class Change:
    """A line of the directory's log: who did what to whom.

    `group` names the group of a membership, `group_id` is its id. `role` is the app role of an assignment, by its
    value; "" where it gives none. `subject_type` is the log's own word: User, Group, ServicePrincipal, Application.
    """

    at: datetime
    activity: str
    by: str
    subject_id: str
    subject: str
    group: str | None
    by_id: str = ""
    group_id: str = ""
    role: str = ""
    subject_type: str = "User"
    by_person: bool = False


@dataclass(frozen=True)
class Scope:
    """The objects of one stack, by object id: what happens to others is no part of its audit.

    `principals` are the enterprise application that people are assigned to; `credentials` the applications and
    principals whose secrets are the stack's.
    """

    principal: str
    groups: Collection[str]
    people: Collection[str] = ()
    credentials: Collection[str] = ()


def changes(graph: Graph, since: datetime, scope: Scope) -> list[Change]:
    """Those about access to the stack's application, of everything in the tenant, oldest first. Raises GraphError.

    What happens to an account counts where the person is one of the scope's, or gained or lost access in this time.
    """
    groups, principal = _lower(scope.groups), scope.principal.lower()
    found = [line for line in map(_line, _oldest_first(graph, since, (*GRANTED, *TAKEN, ACTIVATED))) if line]
    ours = [line.resource in groups or line.resource == principal for line in found]
    people = _lower(scope.people) | {line.person for line, is_ours in zip(found, ours, strict=True) if is_ours}
    return [
        line.change
        for line, is_ours in zip(found, ours, strict=True)
        if is_ours or (not line.resource and line.person in people)
    ]


def reach(licence: Licence, now: datetime) -> datetime:
    """The oldest moment that the directory's log still has."""
    return now - timedelta(days=7 if licence == "none" else 30)


def credential_changes(graph: Graph, since: datetime, scope: Scope) -> list[Change]:
    """What became of the stack's secrets and certificates, oldest first. Raises GraphError."""
    wanted = _lower(scope.credentials)
    lines = map(_line, _oldest_first(graph, since, CREDENTIALS))
    return [line.change for line in lines if line and line.person in wanted]


def last_change(graph: Graph, object_id: str, since: datetime) -> tuple[datetime, str] | None:
    """When and by whom an object was changed last, as the log has it; None where it doesn't say.

    Raises GraphError.
    """
    entries = _entries(graph, f"targetResources/any(t: t/id eq '{object_id}') and {_since(since)}")
    newest = max(entries, key=_moment, default=None)
    return newest and (datetime.fromisoformat(newest["activityDateTime"]), _initiator(newest)[1])


def _oldest_first(graph: Graph, since: datetime, activities: Iterable[str]) -> list[Any]:
    """Graph gives the newest first; of one moment the log's own order stays."""
    named = " or ".join(f"activityDisplayName eq '{name}'" for name in sorted(activities))
    entries = _entries(graph, f"{_since(since)} and ({named})")
    entries.reverse()
    return sorted(entries, key=_moment)


def _entries(graph: Graph, filter_: str) -> list[Any]:
    """What failed changed nothing."""
    found = graph.pages(_LOG, {"$filter": filter_, "$top": _PAGE})
    return [entry for entry in found if str(entry.get("result", "success")).lower() != "failure"]


def _since(moment: datetime) -> str:
    return f"activityDateTime ge {moment:%Y-%m-%dT%H:%M:%SZ}"


def _moment(entry: Mapping[str, Any]) -> str:
    return str(entry["activityDateTime"])


@dataclass(frozen=True)
class _Line:
    """A change with the ids that say whose it is: the person or group that it happened to, and what it is access to.

    `resource` is the group of a membership or the principal of an assignment, "" for what happens to an account.
    """

    change: Change
    person: str
    resource: str


def _line(entry: Mapping[str, Any]) -> _Line | None:
    targets: list[Mapping[str, Any]] = entry.get("targetResources") or []
    activity = str(entry["activityDisplayName"])
    by_type = {str(target.get("type")): target for target in reversed(targets)}
    told = {
        str(changed.get("displayName")): _value(changed)
        for target in targets
        for changed in target.get("modifiedProperties") or ()
    }
    assignment = activity in ASSIGNED or activity in UNASSIGNED
    membership = activity in (JOINED, LEFT, ACTIVATED)
    kinds = _KINDS[assignment, membership]
    subject = next((by_type[kind] for kind in kinds if kind in by_type), None) or _told_of(told)
    if subject is None:
        return None
    group = by_type.get("Group", {}) if membership and subject is not by_type.get("Group") else {}
    by_id, by, by_person = _initiator(entry)
    change = Change(
        at=datetime.fromisoformat(entry["activityDateTime"]),
        activity=activity,
        by=by,
        subject_id=str(subject["id"]),
        subject=str(subject.get("userPrincipalName") or subject.get("displayName") or subject["id"]),
        group=(group.get("displayName") or told.get("Group.DisplayName")) if membership else None,
        by_id=by_id,
        group_id=str(group.get("id") or told.get("Group.ObjectID") or "") if membership else "",
        role=told.get("AppRole.Value", "") if assignment else "",
        subject_type=str(subject["type"]),
        by_person=by_person,
    )
    resource = str(by_type.get("ServicePrincipal", {}).get("id") or "") if assignment else change.group_id
    return _Line(change, change.subject_id.lower(), resource.lower())


_KINDS = {
    (True, False): ("User", "Group"),
    (False, True): ("User", "Group", "ServicePrincipal"),
    (False, False): ("User", "Application", "ServicePrincipal", "Group"),
}
"""What a line of each kind (an assignment, a membership, neither) happened to, in the order of preference."""


def _told_of(told: Mapping[str, str]) -> Mapping[str, str] | None:
    """Whom an assignment is for where the log has the application alone as its target."""
    for kind in ("User", "Group"):
        if id_ := told.get(f"{kind}.ObjectID"):
            return {"id": id_, "displayName": told.get(f"{kind}.DisplayName") or id_, "type": kind}
    return None


def _value(changed: Mapping[str, Any]) -> str:
    """A modified property's value, which the log writes as JSON."""
    return str(changed.get("newValue") or changed.get("oldValue") or "").strip('"')


def _initiator(entry: Mapping[str, Any]) -> tuple[str, str, bool]:
    """The object id and the name of what did it, and whether that is a person."""
    by = entry.get("initiatedBy") or {}
    user, program = by.get("user") or {}, by.get("app") or {}
    name = user.get("userPrincipalName") or user.get("id") or program.get("displayName") or program.get("appId")
    return str(user.get("id") or program.get("servicePrincipalId") or ""), str(name or "Entra"), bool(user)


def _lower(ids: Iterable[str]) -> frozenset[str]:
    return frozenset(id_.lower() for id_ in ids)
