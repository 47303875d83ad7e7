"""A directory in memory that answers what the watcher asks, as Graph does: late, twice, throttled or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from airflow_entra_auth.azure import GRAPH_V1
from airflow_entra_auth.graph import Graph
from airflow_entra_auth.rules import SignOnRules

Json = dict[str, Any]
Fault = Callable[[], httpx.Response | None]
"""Called before each request: a response to give instead, or None; may raise httpx.TransportError."""


SELECT = "id,accountEnabled,userType,signInSessionsValidFromDateTime"
PERSON_SELECT = "id,accountEnabled,userType,identities,signInSessionsValidFromDateTime"


@dataclass
class User:
    enabled: bool = True
    guest: bool = False
    external: bool = False
    valid_from: int = 0


@dataclass
class Application:
    """The service principal; `assigned` from an assignment's id to (principal, value of an app role)."""

    enabled: bool = True
    required: bool = False
    claims: str | None = None
    assigned: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    gone: bool = False
    refused: bool = False
    page_size: int = 999


@dataclass
class Directory:
    """Users and groups by id; groups hold ids of both. `repeat`: how many changes a feed tells again."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    changes: list[tuple[str, ...]] = field(default_factory=list)
    oldest: int = 0
    """Links to changes before this one are no longer known."""
    repeat: int = 0
    page_size: int = 3
    fault: Fault = lambda: None
    application: Application = field(default_factory=Application)
    stale: list[Application] = field(default_factory=list)
    """What replicas say about the application in the next rounds, before what is true is said again."""
    requests: Iterator[int] = field(default_factory=lambda: count(1))

    # --- what people do ---

    def set_enabled(self, user: str, enabled: bool) -> None:
        self.users[user].enabled = enabled
        self.changes.append(("user", user))

    def delete_user(self, user: str) -> None:
        del self.users[user]
        for members in self.groups.values():
            members.discard(user)
        self.changes.append(("user", user))

    def join(self, group: str, member: str) -> None:
        self.groups[group].add(member)
        self.changes.append(("member", group, member))

    def leave(self, group: str, member: str) -> None:
        self.groups[group].discard(member)
        self.changes.append(("member", group, member))

    def revoke_sessions(self, user: str, at: int) -> None:
        self.users[user].valid_from = at
        self.changes.append(("user", user))

    def assign(self, principal: str, role: str | None) -> str:
        """The id of the assignment."""
        id_ = f"a{next(self.requests)}"
        self.application.assigned[id_] = (principal, role)
        return id_

    def unassign(self, principal: str) -> None:
        kept = {id_: given for id_, given in self.application.assigned.items() if given[0] != principal}
        self.application.assigned = kept

    def assign_as_declared(self, rules: SignOnRules) -> None:
        """Every group of the sign-on file with its roles, as a deployment does."""
        by_role = rules.roles_from == "appRoles"
        for name, groups in rules.groups_by_role:
            for group in groups:
                self.assign(group, name if by_role else None)
        self.application.claims = {"assignedGroups": "ApplicationGroup", "securityGroups": "SecurityGroup"}.get(
            rules.roles_from
        )

    def delete_group(self, group: str) -> None:
        del self.groups[group]
        self.unassign(group)
        for members in self.groups.values():
            members.discard(group)
        self.changes.append(("group", group))

    def lose_links(self) -> None:
        self.changes.append(("nothing",))
        self.oldest = len(self.changes)

    # --- what is true ---

    def groups_of(self, member: str, *, nested: bool) -> set[str]:
        found = {group for group, members in self.groups.items() if member in members}
        waiting = list(found) if nested else []
        while waiting:
            inner = waiting.pop()
            outer = {group for group, members in self.groups.items() if inner in members} - found
            found |= outer
            waiting += outer
        return found

    # --- what Graph answers ---

    def graph(self) -> Graph:
        client = httpx.Client(transport=httpx.MockTransport(self._answer))
        return Graph(lambda: "e30.e30.x", client=client, sleep=lambda _: None, patience=30)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        next(self.requests)
        instead = self.fault()
        if instead is not None:
            return instead
        path = request.url.path.removeprefix("/v1.0")
        if path == "/$batch":
            asked = json.loads(request.content)["requests"]
            assert len(asked) <= 20
            if any("(appId=" in one["url"] for one in asked):
                application = self.stale.pop(0) if self.stale else self.application
                answers = [{"id": one["id"], **_of_application(application, one["url"])} for one in asked]
                return httpx.Response(200, json={"responses": answers})
            answers = [{"id": one["id"], **self._one(one["method"], one["url"])} for one in asked]
            return httpx.Response(200, json={"responses": answers})
        if path == "/servicePrincipals/more":
            return httpx.Response(200, json=_page_of(self.application, int(request.url.params["skip"])))
        if path.endswith("/members"):
            return self._members(path.split("/")[2])
        return self._delta(path.split("/")[1], dict(request.url.params))

    def _members(self, group: str) -> httpx.Response:
        if group not in self.groups:
            return httpx.Response(404, json={"error": {"code": "Request_ResourceNotFound", "message": "Gone"}})
        return httpx.Response(200, json={"value": [{"id": one} for one in sorted(self.groups[group])]})

    def _one(self, method: str, url: str) -> Json:
        parts = urlsplit(url)
        _, kind, user, *rest = parts.path.split("/")
        assert kind == "users"
        if user not in self.users:
            return {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": "Gone"}}}
        if not rest:
            assert method == "GET"
            assert dict(parse_qsl(parts.query))["$select"] == PERSON_SELECT
            account = self.users[user]
            kind = "Guest" if account.guest else "Member"
            how = {"signInType": "federated", "issuer": "ExternalAzureAD"} if account.external else {}
            about = {"id": user, "userType": kind, "identities": [how or {"signInType": "userPrincipalName"}]}
            return {"status": 200, "body": {**about, **_fresh(account)}}
        if rest == ["getMemberGroups"]:
            assert method == "POST"
            return {"status": 200, "body": {"value": sorted(self.groups_of(user, nested=True))}}
        assert (method, rest) == ("GET", ["memberOf"])
        return {"status": 200, "body": {"value": [{"id": one} for one in sorted(self.groups_of(user, nested=False))]}}

    def _delta(self, kind: str, query: dict[str, str]) -> httpx.Response:
        end = len(self.changes)
        if query.get("$deltatoken") == "latest":
            assert query["$select"] == {"users": SELECT, "groups": "id,members"}[kind]
            return _page([], f"{kind}?$deltatoken={end}", last=True)
        if "$skiptoken" in query:
            start, skip, end = map(int, query["$skiptoken"].split("-"))
        else:
            start, skip = int(query["$deltatoken"]), 0
            if start < self.oldest:
                return httpx.Response(410, json={"error": {"code": "syncStateNotFound", "message": "Too old"}})
            start = max(0, start - self.repeat)
        items = list(self._items(kind, self.changes[start:end]))
        rest = skip + self.page_size < len(items)
        page = items[skip : skip + self.page_size]
        link = f"$skiptoken={start}-{skip + self.page_size}-{end}" if rest else f"$deltatoken={end}"
        return _page(page, f"{kind}?{link}", last=not rest)

    def _items(self, kind: str, changes: list[tuple[str, ...]]) -> Iterator[Json]:
        for change in dict.fromkeys(changes):
            if kind == "users" and change[0] == "user":
                user = self.users.get(change[1])
                gone = {"id": change[1], "@removed": {"reason": "changed"}}
                yield {"id": change[1], **_fresh(user)} if user else gone
            elif kind == "groups" and change[0] == "group":
                yield {"id": change[1], "@removed": {"reason": "changed"}}
            elif kind == "groups" and change[0] == "member" and change[1] in self.groups:
                _, group, member = change
                entry: Json = {"@odata.type": f"#microsoft.graph.{'group' if member in GROUP_IDS else 'user'}"}
                entry["id"] = member
                if member not in self.groups[group]:
                    entry["@removed"] = {"reason": "deleted"}
                yield {"id": group, "members@delta": [entry]}


def _fresh(user: User) -> Json:
    at = datetime.fromtimestamp(user.valid_from, UTC)
    return {"accountEnabled": user.enabled, "signInSessionsValidFromDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}


def _of_application(application: Application, url: str) -> Json:
    """One answer about the application; an app role's id is its value."""
    if application.refused:
        return {"status": 403, "body": {"error": {"code": "Authorization_RequestDenied", "message": "No"}}}
    if application.gone:
        return {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": "Gone"}}}
    if "appRoleAssignedTo" in url:
        return {"status": 200, "body": _page_of(application, 0)}
    if url.startswith("/applications"):
        return {"status": 200, "body": {"id": "app", "groupMembershipClaims": application.claims}}
    body = {"id": "sp", "accountEnabled": application.enabled, "appRoleAssignmentRequired": application.required}
    roles = [{"id": value, "value": value} for value in ("Admin", "Viewer", "finance-editor")]
    return {"status": 200, "body": {**body, "appRoles": roles}}


def _page_of(application: Application, skip: int) -> Json:
    items = [
        {
            "id": id_,
            "principalId": principal,
            "principalType": "Group" if principal in GROUP_IDS else "User",
            "appRoleId": role or "00000000-0000-0000-0000-000000000000",
        }
        for id_, (principal, role) in application.assigned.items()
    ]
    end = skip + application.page_size
    more = {"@odata.nextLink": f"{GRAPH_V1}/servicePrincipals/more?skip={end}"} if end < len(items) else {}
    return {"value": items[skip:end], **more}


GROUP_IDS: set[str] = set()
"""Every id that is or was a group's: a member that has left is told with its type too."""


def _page(items: list[Json], link: str, *, last: bool) -> httpx.Response:
    kind, _, query = link.rpartition("?")
    url = f"{GRAPH_V1}/{kind}/delta?{query}"
    return httpx.Response(200, json={"value": items, "@odata.deltaLink" if last else "@odata.nextLink": url})
