"""The directory's feeds of changes, and the people whom a change may concern.

https://learn.microsoft.com/graph/delta-query-overview
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_entra_auth.graph import BAD_LINK, Graph, GraphError, SyncLost
from airflow_entra_auth.issuance import Status
from airflow_entra_auth.watch.people import moment

FeedName = Literal["accounts", "groups"]
"""A link holds the properties that its feed reports: a feed that reports others has another name. Until 0.1 accounts
were "users", without the moment from which sign-ins are valid."""


@dataclass
class Changes:
    """What the feeds reported since the last round; ids are lower-case.

    `people` have to be asked about. The newest facts of each: `status` of an account, `valid_from` of its sign-ins
    (seconds since 1970), and in `members` whether a person came into a group (True) or left it. `everybody` has to be
    asked about: a group is gone, or one went into or out of another. `lost`: these feeds began anew, so that something
    may have been missed.
    """

    people: set[str] = field(default_factory=set)
    status: dict[str, Status] = field(default_factory=dict)
    valid_from: dict[str, int] = field(default_factory=dict)
    members: dict[tuple[str, str], bool] = field(default_factory=dict)
    everybody: bool = False
    lost: set[FeedName] = field(default_factory=set)

    @property
    def some(self) -> bool:
        return bool(self.people or self.everybody)


Groups = Collection[str] | None
"""The groups whose direct members matter; None where every group does, because groups inside groups count."""


@dataclass(frozen=True)
class Feed:
    """Where it begins, the properties that it reports, and how one of its objects is read."""

    name: FeedName
    path: str
    select: str
    read: Callable[[Mapping[str, Any], Groups, Changes], None]


def follow(feed: Feed, graph: Graph, link: str | None, groups: Groups, changes: Changes) -> str:
    """Adds what changed since `link` to `changes`; the link for the next round.

    Without a link, or with one that Graph no longer knows, calls a bad request or didn't make, the feed begins with
    now: everybody has to be compared then. Such a link would be of no use in the next round either.
    Raises GraphError and httpx.TransportError.
    """
    if link is not None:
        try:
            return _read(feed, graph.delta(link), groups, changes)
        except GraphError as error:
            if not isinstance(error, SyncLost) and error.status != 400 and error.code != BAD_LINK:
                raise
    changes.lost.add(feed.name)
    changes.everybody = True
    return _read(feed, graph.delta(feed.path, {"$select": feed.select, "$deltatoken": "latest"}), groups, changes)


def _read(feed: Feed, delta: Any, groups: Groups, changes: Changes) -> str:
    for item in delta:
        feed.read(item, groups, changes)
    return str(delta.link)


def _user(item: Mapping[str, Any], _: Groups, changes: Changes) -> None:
    person = _id(item)
    changes.people.add(person)
    if "@removed" in item:
        changes.status[person] = "deleted"
    else:
        enabled = item.get("accountEnabled")
        if isinstance(enabled, bool):  # a change of something else may be told alone
            changes.status[person] = "enabled" if enabled else "disabled"
        changes.valid_from[person] = moment(item.get("signInSessionsValidFromDateTime"))


def _group(item: Mapping[str, Any], groups: Groups, changes: Changes) -> None:
    group = _id(item)
    if groups is not None and group not in groups:
        return
    members: Iterable[Mapping[str, Any]] = item.get("members@delta") or ()
    if "@removed" in item or not members:  # deleted, or restored with the members that it had
        changes.everybody = True
        return
    for member in members:
        kind = str(member.get("@odata.type", "")).lower()
        if kind.endswith(".group"):
            changes.everybody = changes.everybody or groups is None
        elif not kind or kind.endswith(".user"):
            person = _id(member)
            changes.people.add(person)
            changes.members[person, group] = "@removed" not in member


def _id(item: Mapping[str, Any]) -> str:
    return str(item["id"]).lower()


FEEDS = (
    Feed("accounts", "/users/delta", "id,accountEnabled,userType,signInSessionsValidFromDateTime", _user),
    Feed("groups", "/groups/delta", "id,members", _group),
)
