"""A directory in memory that answers what the watcher asks, as Graph does: late, twice, throttled or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from airflow_entra_auth.graph import V1, Graph

Json = dict[str, Any]
Fault = Callable[[], httpx.Response | None]
"""Called before each request: a response to give instead, or None; may raise httpx.TransportError."""


@dataclass
class User:
    enabled: bool = True
    guest: bool = False


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

    def delete_group(self, group: str) -> None:
        del self.groups[group]
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
            answers = [{"id": one["id"], **self._one(one["method"], one["url"])} for one in asked]
            return httpx.Response(200, json={"responses": answers})
        return self._delta(path.split("/")[1], dict(request.url.params))

    def _one(self, method: str, url: str) -> Json:
        parts = urlsplit(url)
        _, kind, user, *rest = parts.path.split("/")
        assert kind == "users"
        if user not in self.users:
            return {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": "Gone"}}}
        if not rest:
            assert method == "GET"
            assert dict(parse_qsl(parts.query))["$select"] == "id,accountEnabled,userType"
            account = self.users[user]
            kind = "Guest" if account.guest else "Member"
            return {"status": 200, "body": {"id": user, "accountEnabled": account.enabled, "userType": kind}}
        if rest == ["getMemberGroups"]:
            assert method == "POST"
            return {"status": 200, "body": {"value": sorted(self.groups_of(user, nested=True))}}
        assert (method, rest) == ("GET", ["memberOf"])
        return {"status": 200, "body": {"value": [{"id": one} for one in sorted(self.groups_of(user, nested=False))]}}

    def _delta(self, kind: str, query: dict[str, str]) -> httpx.Response:
        end = len(self.changes)
        if query.get("$deltatoken") == "latest":
            assert query["$select"] == {"users": "id,accountEnabled,userType", "groups": "id,members"}[kind]
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
                yield {"id": change[1], "accountEnabled": user.enabled} if user else gone
            elif kind == "groups" and change[0] == "group":
                yield {"id": change[1], "@removed": {"reason": "changed"}}
            elif kind == "groups" and change[0] == "member" and change[1] in self.groups:
                _, group, member = change
                entry: Json = {"@odata.type": f"#microsoft.graph.{'group' if member in GROUP_IDS else 'user'}"}
                entry["id"] = member
                if member not in self.groups[group]:
                    entry["@removed"] = {"reason": "deleted"}
                yield {"id": group, "members@delta": [entry]}


GROUP_IDS: set[str] = set()
"""Every id that is or was a group's: a member that has left is told with its type too."""


def _page(items: list[Json], link: str, *, last: bool) -> httpx.Response:
    kind, _, query = link.rpartition("?")
    url = f"{V1}/{kind}/delta?{query}"
    return httpx.Response(200, json={"value": items, "@odata.deltaLink" if last else "@odata.nextLink": url})
