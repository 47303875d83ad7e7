"""The directory's feeds of changes: whom a change may concern. https://learn.microsoft.com/graph/delta-query-overview"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_entra_auth.graph import Graph, SyncLost
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.watch.people import Status

FeedName = Literal["users", "groups"]


@dataclass
class Changes:
    """What the feeds said since the last time; ids are lower-case.

    `people` have to be looked at. `status` and `members` are facts, the newest of each: who was disabled or deleted,
    and whether a person came into a group (True) or left it. `everybody` has to be looked at: a group is gone, or one
    went into or out of another; `lost`: a feed began anew, so that something may have been missed.
    """

    people: set[str] = field(default_factory=set)
    status: dict[str, Status] = field(default_factory=dict)
    members: dict[tuple[str, str], bool] = field(default_factory=dict)
    everybody: bool = False
    lost: bool = False

    @property
    def some(self) -> bool:
        return bool(self.people or self.everybody)


@dataclass(frozen=True)
class Feed:
    """Where it begins, what is asked of each object, and how an object of it is read."""

    name: FeedName
    path: str
    select: str
    read: Callable[[Mapping[str, Any], SignOnRules, Changes], None]


def follow(feed: Feed, graph: Graph, link: str | None, rules: SignOnRules, changes: Changes) -> str:
    """Adds what changed since `link` to `changes`; the link for the next time.

    Without a link, or with one that Graph no longer knows, it begins with now: what was before has to be compared
    afterwards. Raises GraphError and httpx.TransportError.
    """
    if link is not None:
        try:
            return _read(feed, graph.delta(link), rules, changes)
        except SyncLost:
            pass
    changes.lost = changes.everybody = True
    return _read(feed, graph.delta(feed.path, {"$select": feed.select, "$deltatoken": "latest"}), rules, changes)


def _read(feed: Feed, delta: Any, rules: SignOnRules, changes: Changes) -> str:
    for item in delta:
        feed.read(item, rules, changes)
    return str(delta.link)


def _user(item: Mapping[str, Any], _: SignOnRules, changes: Changes) -> None:
    person = _id(item)
    changes.people.add(person)
    if "@removed" in item:
        changes.status[person] = "deleted"
    else:
        changes.status[person] = "disabled" if item.get("accountEnabled") is False else "enabled"


def _group(item: Mapping[str, Any], rules: SignOnRules, changes: Changes) -> None:
    group = _id(item)
    nested = rules.roles_from == "securityGroups"
    if not nested and group not in rules.known_groups:
        return
    members: Iterable[Mapping[str, Any]] = item.get("members@delta") or ()
    if "@removed" in item or not members:  # deleted, or restored with the members that it had
        changes.everybody = True
        return
    for member in members:
        kind = str(member.get("@odata.type", "")).lower()
        if kind.endswith(".group"):
            changes.everybody = changes.everybody or nested
        elif not kind or kind.endswith(".user"):
            person = _id(member)
            changes.people.add(person)
            changes.members[person, group] = "@removed" not in member


def _id(item: Mapping[str, Any]) -> str:
    return str(item["id"]).lower()


FEEDS = (
    Feed("users", "/users/delta", "id,accountEnabled,userType", _user),
    Feed("groups", "/groups/delta", "id,members", _group),
)
