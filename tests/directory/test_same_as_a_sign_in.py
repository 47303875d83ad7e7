"""What is said about access without a token is what a real sign-in gives: random tenants, asked both ways.

Each directory is two of them: all that decides about access is drawn anew once, while people are signed in.
The local tenant issues the tokens. It was written independently, so that nothing here can agree with it by accident.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.directory import audited
from airflow_entra.directory.explain import explanation
from airflow_entra.directory.who import Standing, read, who
from airflow_entra.settings import load
from airflow_entra.settings.model import ExistingGroup, Role, StackSettings
from airflow_entra_auth import issuance
from airflow_entra_auth.credential import ClientCredential
from airflow_entra_auth.graph import Graph
from airflow_entra_auth.overage import groups_of
from airflow_entra_auth.watch import redeem
from airflow_entra_auth.watch.follow import Follower
from airflow_entra_auth.watch.redeem import NoAnswerError, Redeemer
from airflow_entra_auth.watch.refresh import EVERY, Refresher
from airflow_entra_auth.watch.token import TokenEndpoint
from entra_local import keys as hashing
from entra_local.graph import service
from entra_local.keys import Keys
from entra_local.seed import apply
from entra_local.service import World
from entra_local.signin.models import claims as tokens
from entra_local.store import Store
from entra_local.tokens import read as read_token
from tests.auth.store_double import MemoryStore
from tests.auth.test_watch_refresh import Sessions
from tests.directory.local_entra import Arrival, LocalTenant, application_token, sign_in
from tests.directory.random_tenants import (
    ROLES,
    SECRET,
    STACK,
    RandomTenant,
    directory_of,
    random_facts,
    random_tenant,
)

pytestmark = pytest.mark.slow

TENANTS = int(os.environ.get("RANDOM_TENANTS", "2000"))
FIRST = int(os.environ.get("RANDOM_FIRST", "0"))
"""The number of the first directory, a multiple of IN_A_STORE: to try again what failed, without those before it."""
IN_A_STORE = 25
"""Directories that share a store, so that it is made less often."""
SEED = 20261130
LIMITS = (200, 1, 2)
"""How many groups a token has room for: Entra's own number, and small ones that make overage common."""
SETTINGS = load(Path(__file__).parents[2] / "stacks" / "Pulumi.local.yaml")


@pytest.fixture(scope="module")
def signing_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are hashed at once (10 ms each would be most of the test), and a token is read but once."""

    def digest(secret: str, salt: bytes) -> bytes:
        return hashlib.sha256(salt + secret.encode()).digest()

    known = cache(read_token)
    monkeypatch.setattr(hashing, "_scrypt", digest)
    monkeypatch.setattr(service, "read", known)  # the same token at each request
    monkeypatch.setenv("AIRFLOW_ENTRA_CLIENT_SECRET", SECRET)


def worlds(keys: Keys) -> Iterator[tuple[World, list[RandomTenant], Random, int]]:
    """Stores with some of the directories each, and how many groups a token has room for there."""
    end = FIRST + TENANTS // 2
    for first in range(FIRST, end, IN_A_STORE):
        limit = LIMITS[first // IN_A_STORE % len(LIMITS)]
        chance = Random(SEED + first)  # noqa: S311 -- the same tenants each time
        numbers = range(first, min(first + IN_A_STORE, end))
        tenants = [random_tenant(tenant, chance, crowded=limit < max(LIMITS)) for tenant in numbers]
        with closing(Store(":memory:")) as store:
            world = World(store, keys)
            with store.transaction() as transaction:
                for tenant in tenants:
                    apply(transaction, tenant.seed())
                    tenant.become(tenant.facts, directory_of(world, tenant), first=True)
            yield world, tenants, chance, limit


def test_2000_random_tenants_are_the_same_both_ways(
    signing_keys: Keys, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[str] = Counter()
    for world, tenants, chance, limit in worlds(signing_keys):
        monkeypatch.setattr(tokens, "GROUP_LIMIT", limit)
        monkeypatch.setattr(issuance, "GROUP_LIMIT", limit)
        entra = LocalTenant(world)
        monkeypatch.setattr(redeem, "groups_of", partial(groups_of, transport=entra))
        for tenant in tenants:
            Asked(entra, tenant, chance, seen).both_ways()
    assert seen["tenants"] == TENANTS
    if TENANTS >= 300:
        assert not {"admitted", "no role", "50057", "50105", "7000112", "overage", "raised", "lowered"} - seen.keys()


class AccessAlone(Graph):
    """Graph, but for what an audit asks about other things than access, which would be most of the time."""

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[Any]:
        others = ("/owners", "/auditLogs/directoryAudits", "/oauth2PermissionGrants", "/federatedIdentityCredentials")
        return iter(()) if path.endswith((*others, "/appRoleAssignments")) else super().pages(path, params)


class Asked:
    """One tenant, whose facts change once: what a sign-in gives before and after, and what everybody else says."""

    def __init__(self, entra: LocalTenant, tenant: RandomTenant, chance: Random, seen: Counter[str]) -> None:
        self.entra, self.tenant, self.chance, self.seen = entra, tenant, chance, seen
        self.client = httpx.Client(transport=entra)
        self.rules = tenant.rules
        token = application_token(entra, tenant.tenant, tenant.reader)
        self.token = lambda: token
        self.graph = Graph(self.token, client=self.client)
        roles = {
            role: Role(groups=[ExistingGroup(id=tenant.group(number), name=f"group-{number}") for number in numbers])
            for role, numbers in tenant.role_groups.items()
        }
        sign_in_ = SETTINGS.sign_in.model_copy(
            update={"roles_from": tenant.roles_from, "guests": tenant.guests, "revocation": tenant.revocation}
        )
        self.settings: StackSettings = SETTINGS.model_copy(
            update={"tenant_id": tenant.tenant, "sign_in": sign_in_, "roles": roles}
        )
        self.now = 1_000_000.0

    def both_ways(self) -> None:
        before = self._sign_ins()
        self._who_says(before)
        follow = self._watcher(before) if self.tenant.revocation == "watch" else self._refresher(before)
        with self.entra.world.store.transaction():
            self.tenant.become(random_facts(self.tenant, self.chance), directory_of(self.entra.world, self.tenant))
        after = self._sign_ins()
        self._the_audit_says(after)
        follow(after)

    def _sign_ins(self) -> dict[str, Arrival]:
        self.seen["tenants"] += 1
        found = {}
        for number, person in enumerate(self.tenant.people):
            arrival = sign_in(self.entra, self.rules, f"p{number}@t{self.tenant.number}.example")
            found[person] = arrival
            self.seen["admitted" if arrival.roles else "no role"] += 1
            self.seen["overage"] += arrival.overage
            if arrival.refused_by_entra:
                self.seen[str(arrival.refused_by_entra)] += 1
        return found

    def _who_says(self, truth: dict[str, Arrival]) -> None:
        directory, rules = read(self.graph, DeclaredStack(STACK, self.settings))
        standings = {one.person.id: one for one in who(directory, rules, directory.people)}
        for person, arrival in truth.items():
            self._same(arrival, standings[person], "who")
            told = explanation(DeclaredStack(STACK, self.settings), standings[person])
            assert {held.role for held in told.roles} == arrival.roles, self._context("explain", person)

    def _the_audit_says(self, truth: dict[str, Arrival]) -> None:
        graph = AccessAlone(self.token, client=self.client)
        found = audited.read(graph, DeclaredStack(STACK, self.settings), datetime(2026, 11, 1, tzinfo=UTC))
        standings = {one.person.id: one for one in who(found.directory, found.rules, found.directory.people)}
        for person, arrival in truth.items():
            if person in standings:
                self._same(arrival, standings[person], "audit")
            else:  # in no group of the stack and assigned nothing: an audit doesn't name such a person
                assert not arrival.roles, self._context("audit", person)

    def _same(self, arrival: Arrival, standing: Standing, where: str) -> None:
        context = self._context(where, standing.person.id)
        assert {held.role for held in standing.roles} == arrival.roles, context
        assert all(held.through for held in standing.roles), context
        denied = {50057: "disabled", 50105: "not_assigned", 7000112: "application_disabled"}
        if arrival.refused_by_entra:
            assert standing.refused == denied[arrival.refused_by_entra], context
        else:
            assert standing.refused not in denied.values(), context

    def _watcher(self, truth: dict[str, Arrival]) -> Callable[[dict[str, Arrival]], None]:
        """A watcher that finds everybody in a session with roles of chance, and follows the directory from there."""
        store = MemoryStore()
        for person in self.tenant.people:
            store.sign_in(person, tuple(self.chance.sample(ROLES, self.chance.choice([0, 1, 2]))), 999_000)
        follower = Follower(self.graph, self.rules, store, clock=lambda: self.now, wall=lambda: self.now)

        def compare(truth: dict[str, Arrival]) -> None:
            had = dict(store.roles)
            self.now += 1
            while (done := follower.round()).goes_on:
                self.now += done.pause(1.0)
            for person, arrival in truth.items():
                context = self._context("watch", person)
                assert set(store.roles[person]) == arrival.roles, context
                assert bool(store.live(person)) <= bool(arrival.roles), context
                self.seen["raised"] += bool(arrival.roles - set(had[person]))
                self.seen["lowered"] += bool(set(had[person]) - arrival.roles)

        compare(truth)
        return compare

    def _refresher(self, truth: dict[str, Arrival]) -> Callable[[dict[str, Arrival]], None]:
        """The sessions of those who came in, tried with their refresh tokens."""
        sessions = Sessions(now=self.now)
        for person, arrival in truth.items():
            if arrival.roles:
                sessions.sign_in(person, *arrival.roles, token=arrival.refresh_token, at=self.now)
        endpoint = TokenEndpoint(self.rules, ClientCredential.of(self.rules.credential), self.client)
        tries = Refresher(Redeemer(self.rules, endpoint, self.client), self.rules, sessions, clock=lambda: sessions.now)

        def compare(after: dict[str, Arrival]) -> None:
            sessions.now += EVERY
            try:
                tries.round()
            except NoAnswerError:
                assert not self.tenant.facts.application, self._context("refresh", "")
                return
            for session in sessions.people.sessions:
                arrival, context = after[session.person], self._context("refresh", session.person)
                assert (session.why_ended is None) == bool(arrival.roles), context
                assert set(sessions.people.roles[session.person]) == arrival.roles, context

        return compare

    def _context(self, where: str, person: str) -> str:
        return f"{where} about {person}: {self.tenant}"
