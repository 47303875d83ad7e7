"""One round: what changed in the directory since the last one is true in Airflow after it.

A person about whom Graph gave no answer is asked about again, and nobody else is. The links are saved when everybody
whom a feed named has been judged, so that a watcher that was killed begins again before what it had not applied:
changes come at least once, and applying one twice changes nothing. The next one compares everybody anyway.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import httpx

from airflow_entra_auth.graph import Graph, GraphError
from airflow_entra_auth.issuance import Account, Application
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.watch.application import CONFIRM_AFTER, ApplicationWatch
from airflow_entra_auth.watch.facts import Facts
from airflow_entra_auth.watch.feeds import FEEDS, Changes, FeedName, Groups, follow
from airflow_entra_auth.watch.people import Found, Verdict, ask, verdict

if TYPE_CHECKING:
    from airflow_entra_auth.sessions import WhyEnded  # SQLAlchemy, which this needs not

COMPARE_EVERY = 900.0
"""Seconds. Everybody is compared at each start and then this often: what no feed reported is mended then."""
LOOK_AGAIN = 10.0
"""Seconds after a change. Graph has many replicas, and one of them may have answered from before it."""
SIGN_INS = 120.0
"""Seconds. A session that began this long ago is written by now, however slow the sign-in was."""
PEOPLE_AT_ONCE = 20
"""People asked about in one round, so that a leaver waits for this many and not for a comparison of everybody. People
whom a feed reported as disabled or deleted take no question: however many they are, they are out in the same round."""
MOST_MEMBERS = 10_000
"""Members of a group that are listed when its assignment changes; where there are more, everybody is compared."""
SAVE_EVERY = 60.0
"""Seconds between savings of the links while nothing happens: Graph knows a link for a week."""

Links = Mapping[FeedName, str]


class Urgency(IntEnum):
    """The order in which people are asked about."""

    CHANGED = 0
    SIGNED_IN = 1
    ONCE_MORE = 2
    COMPARED = 3
    UNANSWERED = 4


class LeaseLostError(Exception):
    """Another watcher follows the directory: this one must change nothing."""


@dataclass(frozen=True)
class Applied:
    """What a round did to one person. `why` some or all of their sessions ended; None where none did."""

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

    def signed_in(self) -> Collection[str]:
        """The object ids of everybody who is in a live session."""
        ...

    def begun_since(self, since: int) -> Mapping[str, str]:
        """From session to object id, of those that began since (seconds since 1970)."""
        ...

    def apply(self, verdicts: Collection[Verdict], links: Links) -> list[Applied]:
        """Both or neither; the people for whom something changed. Raises LeaseLostError."""
        ...


@dataclass(frozen=True)
class Round:
    """What one round did.

    `owed`: how many people are still to be asked about; `compared` once that is nobody of all. `doubtful`: the
    application's facts have to be asked for once more before they count. `waits`: all that is owed is a second answer,
    which is asked for a moment after the first. `assignments_known`: Graph says who is
    assigned; `long_list`: on more than one page.
    """

    applied: tuple[Applied, ...] = ()
    looked_at: int = 0
    compared: bool = False
    lost: bool = False
    owed: int = 0
    doubtful: bool = False
    waits: bool = False
    assignments_known: bool = True
    long_list: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether it takes another round to apply what is known by now."""
        return bool(self.owed) or self.doubtful

    def pause(self, interval: float) -> float:
        """Seconds until the next round, `interval` where nothing waits for it."""
        if self.owed and not self.waits:
            return 0.0
        return min(interval, CONFIRM_AFTER) if self.goes_on else interval


class Follower:
    """One watcher's memory, from the moment on that it has the lease. `wall` is compared with what servers wrote down;
    how long ago something was is measured with `clock`, which nobody sets."""

    def __init__(
        self,
        graph: Graph,
        rules: SignOnRules,
        store: Store,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._graph, self._rules, self._store, self._clock, self._wall = graph, rules, store, clock, wall
        self._application = ApplicationWatch(graph, rules, clock)
        self._queued: Application | None = None
        self._links: Links = store.links()
        self._compared_at = self._saved_at = float("-inf")
        self._compare_again_at = float("inf")
        self._facts = Facts()
        self._again: dict[str, float] = {}
        self._sign_ins: Collection[str] = ()
        self._counted: dict[str, float] = {}
        self._second_at: dict[str, float] = {}
        self._owed: dict[str, Urgency] = {}
        self._named: set[str] = set()
        self._unlisted: set[str] = set()
        self._once_more: set[str] = set()
        self._unsaved = self._comparing = self._lost = False

    def round(self) -> Round:
        """Asks the feeds, about the application, and about the most urgent people.

        Raises GraphError or httpx.TransportError after applying what could be found out, and the store's errors: people
        about whom there was no answer stay owed, behind the others.
        """
        now = self._clock()
        self._ask_feeds(now)
        failed = self._ask_about_application()
        out = [person for person in self._owed if self._is_out(person)]
        asked = [] if failed else self._most_urgent()
        answers, unanswered = self._judge(out, asked)
        verdicts = self._believed(answers)
        if self._application.doubtful:
            self._once_more |= set(asked)
        judged = {one.object_id for one in verdicts}
        settled = judged == self._owed.keys() and not self._unlisted
        named = self._named - judged
        save = not named and not self._unlisted and (self._unsaved or now - self._saved_at >= SAVE_EVERY)
        applied = self._store.apply(verdicts, self._links if save else {}) if verdicts or save else []
        self._named = named
        later = dict.fromkeys(set(asked).difference(answer.object_id for answer in answers), Urgency.UNANSWERED)
        self._owed = {person: how for person, how in (self._owed | later).items() if person not in judged}
        if save:
            self._unsaved, self._saved_at = False, now
        if failed or unanswered:
            raise failed or unanswered  # type: ignore[misc] # one of them is an error
        done = Round(
            tuple(applied),
            looked_at=len(asked),
            compared=settled and self._comparing,
            lost=settled and self._lost,
            owed=len(self._owed),
            doubtful=self._application.first_doubt,
            waits=all(self._waits(person) for person in self._owed),
            assignments_known=self._application.now is not None,
            long_list=self._application.long,
        )
        if settled:
            self._comparing = self._lost = False
        return done

    def _ask_feeds(self, now: float) -> None:
        """Queues everyone affected by the changes since the last round, then advances the links."""
        changes = Changes()
        groups = self._groups_that_count(now)
        links: Links = {
            feed.name: follow(feed, self._graph, self._links.get(feed.name), groups, changes) for feed in FEEDS
        }
        self._facts.learn(changes, now)
        everybody = changes.everybody or now - self._compared_at >= COMPARE_EVERY or now >= self._compare_again_at
        begun = self._store.begun_since(int(self._wall() - SIGN_INS))
        due = {person for person, at in self._again.items() if at <= now}
        # A sign-in may bring a token that is older than a change which a feed reported before the sign-in was written
        # down; no feed reports that change again.
        signed_in = {person for session, person in begun.items() if session not in self._sign_ins}
        changed = changes.people | signed_in
        known = self._store.known() if changed or due or everybody else ()
        if everybody:
            self._compare(known)
            self._compared_at = now
            self._compare_again_at = now + LOOK_AGAIN if changes.everybody else float("inf")
        # A clock that is behind takes an hour's sign-ins for new ones: people whom a feed named don't wait for them.
        later = {person for person in signed_in.intersection(known) if self._owed.get(person) != Urgency.CHANGED}
        self._owed |= dict.fromkeys(later, Urgency.SIGNED_IN)
        self._owed |= dict.fromkeys((changes.people | due).intersection(known), Urgency.CHANGED)
        self._named |= changes.people.intersection(known)
        self._again = {person: at for person, at in self._again.items() if person not in due}
        self._again |= dict.fromkeys(changed.intersection(known), now + LOOK_AGAIN)
        self._sign_ins = begun.keys()
        self._unsaved, self._lost = self._unsaved or changes.some, self._lost or bool(changes.lost)
        self._links = links

    def _groups_that_count(self, now: float) -> Groups:
        """Those too that counted lately: somebody may leave a group before its lost assignment was dealt with."""
        if self._rules.roles_from == "securityGroups":
            return None
        application = self._application.now
        counting = self._rules.known_groups | (application.principals if application else frozenset())
        counted = {group: at for group, at in self._counted.items() if now - at < COMPARE_EVERY}
        self._counted = counted | dict.fromkeys(counting, now)
        return self._counted.keys()

    def _ask_about_application(self) -> GraphError | httpx.TransportError | None:
        """Queues everyone affected by a change of the application. Gives back what went wrong: then nobody is asked
        about in this round, because an assignment that gave a role may be gone."""
        try:
            self._application.look()
            after = self._application.now
            if after is not None and after != self._queued:
                self._queue(self._queued, after)
            self._queued = after
            if self._once_more and not self._application.doubtful:
                self._owed |= dict.fromkeys(self._once_more, Urgency.CHANGED)
                self._once_more = set()
            self._list_members()
        except (GraphError, httpx.TransportError) as error:
            return error
        return None

    def _queue(self, before: Application | None, after: Application) -> None:
        if before is None or replace(before, assignments=after.assignments) != after:
            self._compare(self._store.known())
            return
        principals = {assignment.principal for assignment in before.assignments ^ after.assignments}
        self._unlisted |= principals & self._application.groups
        self._owed |= dict.fromkeys(principals.intersection(self._store.known()), Urgency.CHANGED)

    def _list_members(self) -> None:
        """Queues the members of groups whose assignments changed. Raises GraphError and httpx.TransportError."""
        for group in sorted(self._unlisted):
            known = frozenset(self._store.known())
            try:
                listed = self._graph.pages(f"/groups/{group}/members", {"$select": "id", "$top": "999"})
                members = [str(member["id"]).lower() for member in islice(listed, MOST_MEMBERS + 1)]
            except GraphError as error:
                if error.status in (401, 429) or error.status >= 500:
                    raise
                members = []  # deleted, or its members are hidden: nobody says who is in it, now or later
            if 0 < len(members) <= MOST_MEMBERS:
                self._owed |= dict.fromkeys(known.intersection(members), Urgency.CHANGED)
            else:
                self._compare(known)
            self._unlisted.discard(group)

    def _compare(self, people: Collection[str]) -> None:
        self._owed |= {person: Urgency.COMPARED for person in people if person not in self._owed}
        self._comparing = True

    def _is_out(self, person: str) -> bool:
        """Whether it takes no question to know that this person has nothing."""
        application = self._application.now
        closed = application is not None and application.status != "enabled"
        return closed or self._facts.out(person) is not None

    def _most_urgent(self) -> list[str]:
        """The next people to ask about; of the equally urgent ones those first who are in a session, then by chance:
        where watchers don't live for long, nobody is always the last."""
        waiting = [person for person in self._owed if not self._is_out(person) and not self._waits(person)]
        inside = self._store.signed_in() if len(waiting) > PEOPLE_AT_ONCE else ()
        random.shuffle(waiting)
        return sorted(waiting, key=lambda person: (self._owed[person], person not in inside))[:PEOPLE_AT_ONCE]

    def _waits(self, person: str) -> bool:
        """Whether it is too early for this person's second answer: the same replica would give it."""
        return self._owed[person] == Urgency.ONCE_MORE and self._clock() < self._second_at.get(person, 0.0)

    def _believed(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Without the first answer to a comparison that would end sessions: no feed named the person, one answer may be
        odd, and an ended session doesn't come back. Such a person is asked about once more, before the others."""
        odd = {
            verdict.object_id
            for verdict in verdicts
            if verdict.ends
            and self._owed[verdict.object_id] == Urgency.COMPARED
            and not self._is_out(verdict.object_id)
        }
        self._owed |= dict.fromkeys(odd, Urgency.ONCE_MORE)
        self._second_at = dict.fromkeys(odd, self._clock() + CONFIRM_AFTER) | {
            person: at for person, at in self._second_at.items() if person in self._owed and person not in odd
        }
        return [verdict for verdict in verdicts if verdict.object_id not in odd]

    def _judge(self, out: list[str], asked: list[str]) -> tuple[list[Verdict], GraphError | None]:
        application, rules = self._application.now, self._rules
        found: Mapping[str, Found | GraphError] = {
            **{person: Found(Account(person, self._facts.out(person) or "enabled")) for person in out},
            **(ask(self._graph, asked, application, rules) if asked else {}),
        }
        failed = next((answer for answer in found.values() if isinstance(answer, GraphError)), None)
        judged = [self._facts.over(answer) for answer in found.values() if isinstance(answer, Found)]
        doubtful = self._application.doubtful
        return [verdict(answer, application, rules, doubtful=doubtful) for answer in judged], failed
