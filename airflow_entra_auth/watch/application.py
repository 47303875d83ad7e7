"""The application that people sign in to, as Graph shows it round by round: whether it is enabled, who is assigned.

Graph has no feed of an application's changes, so it is asked in every round: three questions in one request. A list of
assignments that doesn't fit on one page is read to its end less often. Replicas may answer from before a change, so
what takes access away counts when two rounds running say so, and what gives it counts at once. A refusal too
counts when it is said twice.
https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_entra_auth.graph import Graph, GraphError, Request
from airflow_entra_auth.issuance import Application, Assignment, Status
from airflow_entra_auth.rules import SignOnRules

CONFIRM_AFTER = 0.5
"""Seconds until Graph is asked again where it says less than before. Asked at once, the same replica would say the
same."""
DISBELIEVE = 60.0
"""Seconds that an assignment which was removed stays removed, whatever a replica says. A new one has a new id."""
ASK_AGAIN = 60.0
"""Seconds until Graph is asked again after it refused to say."""
LONG_LIST_EVERY = 30.0
"""Seconds between two readings of a list of assignments that has several pages. One page has up to 999 of them."""


@dataclass(frozen=True)
class _Seen:
    """One round's answer; assignments by their ids."""

    status: Status
    required: bool
    group_claims: frozenset[str]
    assignments: Mapping[str, Assignment]

    def either(self, other: _Seen) -> _Seen:
        """What at least one of the two says that people have."""
        ranked: tuple[Status, ...] = ("enabled", "disabled", "deleted")
        return _Seen(
            min(self.status, other.status, key=ranked.index),
            self.required and other.required,
            self.group_claims | other.group_claims,
            {**other.assignments, **self.assignments},
        )


class ApplicationWatch:
    """`now` is the application as it counts; None as long as Graph refuses to say (the permission is missing).

    `doubtful` while the newest answer says less than what counts: then nobody gets a role by it. `first_doubt`: the
    answer before didn't, so ask again at once. `long` where the list of assignments has several pages. `groups` are
    the principals that are groups.
    """

    def __init__(self, graph: Graph, rules: SignOnRules, clock: Callable[[], float]) -> None:
        self._graph, self._rules, self._clock = graph, rules, clock
        self.now: Application | None = None
        self.doubtful = self.first_doubt = self.long = False
        self.groups: set[str] = set()
        self._last: _Seen | None = None
        self._counted: _Seen | None = None
        self._removed: dict[str, float] = {}
        self._refused_at = self._asked_at = float("-inf")
        self._refused_once = False
        self._listed: list[Any] = []
        self._listed_at = float("-inf")

    def look(self) -> None:
        """Asks once, and twice the first time. Raises GraphError and httpx.TransportError; `now` is as before then."""
        now = self._clock()
        if now - self._refused_at < ASK_AGAIN or (self.first_doubt and now - self._asked_at < CONFIRM_AFTER):
            return
        before = self._last or self._ask()
        seen = self._ask() if isinstance(before, _Seen) else before
        if not isinstance(before, _Seen) or not isinstance(seen, _Seen):
            if self.now is not None and not self._refused_once and isinstance(seen, GraphError):
                self._refused_once = True
                raise seen
            self.now = self._last = self._counted = None
            self.doubtful = self.first_doubt = False
            self._refused_at = self._clock()
            return
        self._refused_once = False
        counts = seen.either(before)
        if self._counted is not None and counts.status != "deleted":  # restored, it has them all again
            gone = self._counted.assignments.keys() - counts.assignments.keys()
            self._removed |= dict.fromkeys(gone, self._clock())
        self.first_doubt = counts != seen and not self.doubtful
        self._asked_at = self._clock()
        self.doubtful = counts != seen
        self._last, self._counted = seen, counts
        self.now = Application(
            self._rules.client_id,
            frozenset(counts.assignments.values()),
            counts.group_claims,
            counts.required,
            counts.status,
        )

    def _ask(self) -> _Seen | GraphError:
        """One answer; the error where Graph refuses."""
        key = f"(appId='{self._rules.client_id}')"
        principal, registration, listed = answers = self._graph.batch(
            [
                Request("GET", f"/servicePrincipals{key}?$select=id,accountEnabled,appRoleAssignmentRequired,appRoles"),
                Request("GET", f"/applications{key}?$select=id,groupMembershipClaims"),
                Request("GET", f"/servicePrincipals{key}/appRoleAssignedTo?$top=999"),
            ]
        )
        errors = [answer for answer in answers if isinstance(answer, GraphError)]
        refused = next((error for error in errors if error.status == 403), None)
        if refused:
            return refused
        if any(error.status == 404 and error.code == "Request_ResourceNotFound" for error in errors):
            return _Seen("deleted", True, frozenset(), {})
        if errors:
            raise errors[0]
        items = self._whole(listed)
        self.groups |= {str(item["principalId"]).lower() for item in items if item.get("principalType") == "Group"}
        enabled: bool = _told(principal, "accountEnabled", bool)
        roles = {str(role["id"]).lower(): role.get("value") for role in _told(principal, "appRoles", list)}
        claims = str(_told(registration, "groupMembershipClaims", (str, type(None))) or "")
        assignments = {
            str(item["id"]): Assignment(str(item["principalId"]).lower(), roles.get(str(item["appRoleId"]).lower()))
            for item in items
        }
        now = self._clock()
        self._removed = {id_: at for id_, at in self._removed.items() if now - at < DISBELIEVE}
        return _Seen(
            "enabled" if enabled else "disabled",
            _told(principal, "appRoleAssignmentRequired", bool),
            frozenset(part.strip() for part in claims.split(",") if part.strip()),
            {id_: found for id_, found in assignments.items() if id_ not in self._removed},
        )

    def _whole(self, first: Any) -> list[Any]:
        """The assignments of all pages, given the first one; those of the last reading while that is fresh."""
        items: list[Any] = _told(first, "value", list)
        further = first.get("@odata.nextLink")
        self.long = bool(further)
        if not further:
            return items
        if self.doubtful or self._clock() - self._listed_at >= LONG_LIST_EVERY:
            self._listed = [*items, *self._graph.pages(further)]
            self._listed_at = self._clock()
        return self._listed


def _told(answer: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    """A value that has to be there. Raises GraphError: what isn't said takes nothing from anybody."""
    value = answer.get(name, ...) if isinstance(answer, dict) else ...
    if not isinstance(value, kind):
        what = f"{name} isn't in the answer about the application"
        raise GraphError("GET", "/servicePrincipals", 200, "NotTold", what, "")
    return value
