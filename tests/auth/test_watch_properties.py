"""Whatever happens in the directory and to the watcher: in the end Airflow says what the directory says."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any
from unittest.mock import patch

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.watch import follow
from airflow_entra_auth.watch.follow import COMPARE_EVERY, LOOK_AGAIN, Follower, Round
from tests.auth.directory_double import GROUP_IDS, Directory, User
from tests.auth.sign_on import GROUPS, rules
from tests.auth.store_double import KilledError, MemoryStore

PEOPLE = tuple(f"c0ffee00-0000-4000-8000-{number:012x}" for number in range(1, 6))
INNER = tuple(f"1aaeb000-0000-4000-8000-{number:012x}" for number in range(1, 3))
GROUP_IDS |= {*GROUPS, *INNER}

people, groups = st.sampled_from(PEOPLE), st.sampled_from((*GROUPS, *INNER))
FAULTS: tuple[Any, ...] = (
    httpx.ReadError("connection reset"),
    httpx.Response(500),
    httpx.Response(429, headers={"Retry-After": "1"}),
    httpx.Response(503),
    httpx.Response(403, json={"error": {"code": "Authorization_RequestDenied", "message": "No"}}),
    httpx.Response(404, text="<html>a proxy's page</html>"),
)


class Watching(RuleBasedStateMachine):
    directory: Directory
    store: MemoryStore
    known: SignOnRules
    follower: Follower

    @initialize(
        roles_from=st.sampled_from(["appRoles", "assignedGroups", "securityGroups"]),
        at_once=st.sampled_from([1, 2, follow.PEOPLE_AT_ONCE]),
    )
    def begin(self, roles_from: str, at_once: int) -> None:
        self.at_once = at_once
        self.now = 1_000_000.0
        users = {person: User(guest=person == PEOPLE[-1]) for person in PEOPLE}
        everywhere = {group: {PEOPLE[number]} for number, group in enumerate((*GROUPS, *INNER[:1]))}
        self.directory = Directory(users, {**everywhere, INNER[1]: set()})
        self.directory.groups[GROUPS[1]] |= {INNER[0], PEOPLE[0]}
        self.store, self.known = MemoryStore(), rules(rolesFrom=roles_from)
        self.directory.assign_as_declared(self.known)
        self.before: dict[str, tuple[str, ...]] = {}
        self.out: set[str] = set()
        self.revoked: set[str] = set()
        for person in PEOPLE:
            self.sign_in(person, self.right(person))
        self.start()
        self.round()

    # --- in the directory ---

    @rule(person=people, enabled=st.booleans())
    def an_account_is_switched(self, person: str, enabled: bool) -> None:
        if person in self.directory.users:
            self.remember()
            self.directory.set_enabled(person, enabled)

    @rule(person=people)
    def a_person_is_deleted(self, person: str) -> None:
        if len(self.directory.users) > 2 and person in self.directory.users:
            self.remember()
            self.directory.delete_user(person)

    @rule(group=groups, member=st.one_of(people, st.sampled_from(INNER)), comes=st.booleans())
    def membership_changes(self, group: str, member: str, comes: bool) -> None:
        there = member in self.directory.users or member in self.directory.groups
        if group in self.directory.groups and there and group != member:
            self.remember()
            (self.directory.join if comes else self.directory.leave)(group, member)

    @rule(group=groups)
    def a_group_is_deleted(self, group: str) -> None:
        if len(self.directory.groups) > 3 and group in self.directory.groups:
            self.remember()
            self.directory.delete_group(group)

    @rule(group=groups, role=st.sampled_from(["Admin", "Viewer", "finance-editor"]), comes=st.booleans())
    def an_assignment_changes(self, group: str, role: str, comes: bool) -> None:
        self.remember()
        if comes and group in self.directory.groups:
            self.directory.assign(group, role if self.known.roles_from == "appRoles" else None)
        else:
            self.directory.unassign(group)

    @rule(person=people, comes=st.booleans())
    def a_person_is_assigned(self, person: str, comes: bool) -> None:
        self.remember()
        (partial(self.directory.assign, role="Viewer") if comes else self.directory.unassign)(person)

    @rule(enabled=st.booleans(), required=st.booleans())
    def the_application_is_switched(self, enabled: bool, required: bool) -> None:
        self.remember()
        self.directory.application = replace(self.directory.application, enabled=enabled, required=required)

    @rule(person=people)
    def sessions_are_revoked(self, person: str) -> None:
        if person in self.directory.users:
            self.remember()
            self.directory.revoke_sessions(person, int(self.now))
            self.revoked.add(person)

    # --- in Airflow ---

    @rule(person=people)
    def somebody_signs_in(self, person: str) -> None:
        self.sign_in(person, self.right(person))

    @rule(person=people)
    def somebody_signs_in_with_a_token_from_before_the_last_change(self, person: str) -> None:
        self.sign_in(person, self.before.get(person, ()))

    # --- to the watcher ---

    @rule(repeat=st.integers(0, 4), seconds=st.sampled_from([1.0, LOOK_AGAIN]))
    def a_round(self, repeat: int, seconds: float) -> None:
        self.now += seconds
        self.directory.repeat = repeat
        self.round()

    @rule(fault=st.sampled_from(FAULTS), after=st.integers(0, 3), times=st.integers(1, 6))
    def a_round_of_which_requests_fail(self, fault: Any, after: int, times: int) -> None:
        self.now += 1
        answers = iter([None] * after + [fault] * times)

        def failing() -> httpx.Response | None:
            found = next(answers, None)
            if isinstance(found, Exception):
                raise found
            return found

        self.directory.fault = failing
        live = {one.id for one in self.store.sessions if not one.why_ended}
        with suppress(GraphError, httpx.TransportError):
            self.round()
        self.directory.fault = lambda: None
        for one in self.store.sessions:
            if one.id in live and one.why_ended:
                assert self.went_out(one.person), "nobody is put out because the directory is away"

    @rule(when=st.sampled_from(["before", "after", "now"]))
    def it_is_killed(self, when: str) -> None:
        self.now += 1
        self.store.killed = when
        with suppress(KilledError):
            self.round()
        self.store.killed = ""
        self.start()

    @rule()
    def links_are_no_longer_known(self) -> None:
        self.directory.lose_links()

    @precondition(lambda self: hasattr(self, "follower"))
    @invariant()
    def an_ended_session_stays_ended(self) -> None:
        ended = {one.id for one in self.store.sessions if one.why_ended}
        assert ended >= getattr(self, "ended", set())
        self.ended = ended

    def teardown(self) -> None:
        if not hasattr(self, "follower"):
            return
        self.directory.repeat = 0
        for _ in range(2):
            self.now += LOOK_AGAIN
            while (done := self.round()).goes_on:
                assert done.looked_at <= self.at_once
                self.now += done.pause(1.0)
        assert not done.compared or self.now >= COMPARE_EVERY, "the feeds alone have to do"
        for person in self.store.roles:
            assert set(self.store.roles[person]) == set(self.right(person)), person
            if not self.right(person):
                assert self.store.live(person) == []
            user = self.directory.users.get(person)
            assert all(user and one.begun > user.valid_from for one in self.store.live(person))

    # --- helpers ---

    def round(self) -> Round:
        with patch.object(follow, "PEOPLE_AT_ONCE", self.at_once):
            return self.follower.round()

    def start(self) -> None:
        self.follower = Follower(
            self.directory.graph(), self.known, self.store, clock=lambda: self.now, wall=lambda: self.now
        )

    def right(self, person: str) -> tuple[str, ...]:
        """The roles of a sign-in now, written down again for the test."""
        account, application = self.directory.users.get(person), self.directory.application
        if account is None or not account.enabled or account.guest or not application.enabled:
            return ()
        direct = self.directory.groups_of(person, nested=False)
        held = [role for principal, role in application.assigned.values() if principal in {person, *direct}]
        if application.required and not held:
            return ()
        if self.known.roles_from == "appRoles":
            return tuple(name for name in self.known.roles if name in held)
        inside = self.directory.groups_of(person, nested=True)
        if self.known.roles_from == "assignedGroups":
            inside = direct.intersection(principal for principal, _ in application.assigned.values())
        return tuple(name for name, role in self.known.roles.items() if inside.intersection(role.groups))

    def remember(self) -> None:
        """What a token says that was made now."""
        self.before = {person: self.right(person) for person in PEOPLE}
        self.out |= {person for person in PEOPLE if not self.before[person]}

    def sign_in(self, person: str, roles: tuple[str, ...]) -> None:
        if roles:
            self.store.sign_in(person, roles, int(self.now))

    def went_out(self, person: str) -> bool:
        """Whether there was a moment at which the directory gave them nothing."""
        return person in self.out | self.revoked or not self.right(person)


Watching.TestCase.settings = settings(
    max_examples=100, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestWatching = Watching.TestCase


def test_nothing_is_missed_under_load_with_faults_and_fifty_kills() -> None:
    """Throttling at 30 %, failures at 5 %, dropped connections at 2 %; the process ends fifty times, anywhere."""
    chance = random.Random(20261124)  # noqa: S311 -- the same storm each time
    crowd = [f"c0ffee00-0000-4000-8000-{number:012x}" for number in range(100)]
    directory = Directory({person: User() for person in crowd}, {group: set() for group in GROUPS})
    store, known = MemoryStore(), rules()
    directory.assign_as_declared(known)
    clock = count(1_000_000)
    for person in crowd:
        directory.groups[chance.choice(GROUPS)].add(person)
        store.sign_in(person, ("Viewer",), 999_000)

    def fault() -> httpx.Response | None:
        if chance.random() < 0.02:
            raise httpx.ReadError("connection reset")
        if chance.random() < 0.05:
            return httpx.Response(500)
        return httpx.Response(429, headers={"Retry-After": "1"}) if chance.random() < 0.3 else None

    directory.fault = fault
    kills = 0
    begin = partial(Follower, directory.graph(), known, store, clock=lambda: float(next(clock)))
    follower = begin()
    for _ in range(1000):
        person, group = chance.choice(crowd), chance.choice(GROUPS)
        if chance.random() < 0.3:
            directory.set_enabled(person, chance.random() < 0.5)
        else:
            (directory.join if chance.random() < 0.5 else directory.leave)(group, person)
        if chance.random() < 0.3:
            if kills < 50 and chance.random() < 0.25:
                store.killed = chance.choice(["before", "after"])
            try:
                follower.round()
            except KilledError:
                kills += 1
                follower = begin()
            except (GraphError, httpx.TransportError):
                continue
    assert kills == 50
    directory.fault = lambda: None
    assert not follower.round().compared, "the feeds alone have to do"
    for person in crowd:
        inside = directory.groups_of(person, nested=False) if directory.users[person].enabled else set()
        assert set(store.roles[person]) == {
            name for name, role in known.roles.items() if inside.intersection(role.groups)
        }
        assert store.roles[person] or not store.live(person)
