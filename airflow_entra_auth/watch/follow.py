"""One round: what changed in the directory since the last one is true in Airflow after it.

Whom an answer is missing about is asked about again, and nobody else. The links are saved when nobody is owed, so that
a killed one begins before what was not applied: changes come at least once, and applying one twice changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from airflow_entra_auth.graph import Graph, GraphError
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.watch.feeds import FEEDS, Changes, FeedName, follow
from airflow_entra_auth.watch.people import Account, Status, Verdict, accounts, verdict

if TYPE_CHECKING:
    from airflow_entra_auth.sessions import WhyEnded  # SQLAlchemy, which this needs not

COMPARE_EVERY = 900.0
"""Seconds. Everybody is compared at each start and then this often: whatever no feed told is mended then."""
LOOK_AGAIN = 10.0
"""Seconds after a change. Graph has many replicas, and one of them may have answered from before it."""
REMEMBER = 900.0
"""Seconds that a feed's own word (disabled, left the group) is believed over a replica's."""
SIGN_INS = 120.0
"""Seconds. A session that began this long ago is written by now, however slow the sign-in was."""
PEOPLE_AT_ONCE = 20
"""Asked about in one round: who left while everybody is compared waits for so many and not for all. Of whom a feed said
that they are out, nothing is asked: however many, they are out in the same round."""
SAVE_EVERY = 60.0
"""Seconds between savings of the links while nothing happens: Graph knows a link for a week."""

Links = Mapping[FeedName, str]


class Urgency(IntEnum):
    """Who is asked about first."""

    CHANGED = 0
    COMPARED = 1
    UNANSWERED = 2


class LeaseLostError(Exception):
    """Another watcher follows the directory: this one must change nothing."""


@dataclass(frozen=True)
class Applied:
    """What became of one person."""

    object_id: str
    roles_before: tuple[str, ...]
    roles: tuple[str, ...]
    sessions_ended: int
    why: WhyEnded | None


class Store(Protocol):
    """Airflow's side. Everything may raise what its database raises."""

    def links(self) -> Links: ...

    def known(self) -> Collection[str]:
        """The object ids of everybody who signed in once."""
        ...

    def begun_since(self, since: int) -> Mapping[str, str]:
        """From session to object id, of those that began since."""
        ...

    def apply(self, verdicts: Collection[Verdict], links: Links) -> list[Applied]:
        """Both or neither; those whom it changed something for. Raises LeaseLostError."""
        ...


@dataclass(frozen=True)
class Round:
    """What one round did. `owed`: how many people have to be asked about still; `compared` once nobody of all is."""

    applied: tuple[Applied, ...] = ()
    looked_at: int = 0
    compared: bool = False
    lost: bool = False
    owed: int = 0


class Follower:
    """One watcher's memory, from the moment on that it has the lease."""

    def __init__(self, graph: Graph, rules: SignOnRules, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._graph, self._rules, self._store, self._clock = graph, rules, store, clock
        self._links: Links = store.links()
        self._compared_at = self._saved_at = float("-inf")
        self._facts = _Facts()
        self._again: dict[str, float] = {}
        self._sign_ins: dict[str, float] = {}
        self._owed: dict[str, Urgency] = {}
        self._unsaved = self._comparing = self._lost = False

    def round(self) -> Round:
        """Asks the feeds, and about the most urgent people.

        Raises GraphError or httpx.TransportError after applying what could be found out, and the store's errors:
        whoever was not answered about stays owed, behind the others.
        """
        now = self._clock()
        self._ask_feeds(now)
        out = [person for person in self._owed if self._facts.out(person)]
        others = [person for person in self._owed if not self._facts.out(person)]
        asked = sorted(others, key=self._owed.__getitem__)[:PEOPLE_AT_ONCE]
        verdicts, failed = self._judge([*out, *asked])
        judged = {one.object_id for one in verdicts}
        settled = judged == self._owed.keys()
        save = settled and (self._unsaved or now - self._saved_at >= SAVE_EVERY)
        applied = self._store.apply(verdicts, self._links if save else {}) if verdicts or save else []
        unanswered = dict.fromkeys(asked, Urgency.UNANSWERED)
        self._owed = {one: how for one, how in (self._owed | unanswered).items() if one not in judged}
        if save:
            self._unsaved, self._saved_at = False, now
        if failed:
            raise failed
        done = Round(tuple(applied), len(asked), settled and self._comparing, settled and self._lost, len(self._owed))
        if settled:
            self._comparing = self._lost = False
        return done

    def _ask_feeds(self, now: float) -> None:
        """Whom the changes since the last time concern is owed then, and the links go on."""
        changes = Changes(everybody=now - self._compared_at >= COMPARE_EVERY)
        links: Links = {
            feed.name: follow(feed, self._graph, self._links.get(feed.name), self._rules, changes) for feed in FEEDS
        }
        self._facts.learn(changes, now)
        begun = self._new_sign_ins(now)
        due = {person for person, at in self._again.items() if at <= now}
        changed = changes.people | set(begun.values())
        known = self._store.known() if changed or due or changes.everybody else ()
        if changes.everybody:
            self._owed |= {person: Urgency.COMPARED for person in known if person not in self._owed}
            self._compared_at, self._comparing = now, True
        self._owed |= dict.fromkeys((changed | due).intersection(known), Urgency.CHANGED)
        self._again = {person: at for person, at in self._again.items() if person not in due}
        self._again |= dict.fromkeys(changed.intersection(known), now + LOOK_AGAIN)
        self._sign_ins |= dict.fromkeys(begun, now)
        self._unsaved, self._lost = self._unsaved or changes.some, self._lost or changes.lost
        self._links = links

    def _new_sign_ins(self, now: float) -> Mapping[str, str]:
        """What a sign-in brought may be older than what a feed told before it was written, and no feed tells again."""
        since = now - SIGN_INS
        self._sign_ins = {session: at for session, at in self._sign_ins.items() if at >= since}
        begun = self._store.begun_since(int(since))
        return {session: person for session, person in begun.items() if session not in self._sign_ins}

    def _judge(self, people: list[str]) -> tuple[list[Verdict], GraphError | None]:
        """Of whom a feed said that they are out, nothing more is asked."""
        out = {person: Account(person, status) for person in people if (status := self._facts.out(person))}
        asked = [person for person in people if person not in out]
        nested = self._rules.roles_from == "securityGroups"
        found: Mapping[str, Account | GraphError] = {**out, **accounts(self._graph, asked, nested=nested)}
        failed = next((answer for answer in found.values() if isinstance(answer, GraphError)), None)
        return [
            verdict(account.without(() if nested else self._facts.left(account.object_id)), self._rules)
            for account in found.values()
            if isinstance(account, Account)
        ], failed


class _Facts:
    """What the feeds said themselves. A replica that was asked later may still not know it."""

    def __init__(self) -> None:
        self._out: dict[str, tuple[Status, float]] = {}
        self._left: dict[str, dict[str, float]] = {}

    def learn(self, changes: Changes, now: float) -> None:
        if changes.lost:
            self._out, self._left = {}, {}
        self._forget_before(now - REMEMBER)
        for person, status in changes.status.items():
            self._out.pop(person, None)
            if status != "enabled":
                self._out[person] = (status, now)
        for (person, group), there in changes.members.items():
            left = self._left.setdefault(person, {})
            left.pop(group, None)
            if not there:
                left[group] = now

    def out(self, person: str) -> Status | None:
        return self._out[person][0] if person in self._out else None

    def left(self, person: str) -> Collection[str]:
        return self._left.get(person, ())

    def _forget_before(self, at: float) -> None:
        self._out = {person: fact for person, fact in self._out.items() if fact[1] >= at}
        kept = {
            person: {group: since for group, since in groups.items() if since >= at}
            for person, groups in self._left.items()
        }
        self._left = {person: groups for person, groups in kept.items() if groups}
