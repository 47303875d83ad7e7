"""Which secret is replaced when: a model of Entra and the vault, driven by the same decisions as the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access.secret_slots import SLOTS, current
from airflow_entra.components.client_credential import rfc3339
from airflow_entra.pulumi.resource_types import PASSWORD, SECRET
from airflow_entra.rotation.slots import (
    WATCHER,
    RefusedError,
    certificate_end,
    due_at,
    held,
    run_every,
    to_replace,
)
from airflow_entra.settings.model import CreatedVault, VaultSecret

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def credential(rotate_every: int, overlap: float) -> VaultSecret:
    vault = CreatedVault(create="kv-airflow", resource_group="rg")
    return VaultSecret(
        mode="vaultSecret", vault=vault, rotate_every=timedelta(days=rotate_every), overlap=timedelta(days=overlap)
    )


@dataclass
class Model:
    """What the engine does with the program: slots by name as (key, made, end), and the vault's key and end."""

    slots: dict[str, tuple[str, datetime, datetime]] = field(default_factory=dict)
    vault: tuple[str, datetime] = ("", START)
    numbers: Any = field(default_factory=lambda: count(1))

    def deploy(self, now: datetime, credential: VaultSecret) -> None:
        end = now + credential.rotate_every + credential.overlap
        for slot, slot_end in zip(SLOTS, (end, end - timedelta(seconds=1)), strict=True):
            self.make(slot, now, slot_end)
        self.publish()

    def make(self, slot: str, now: datetime, end: datetime) -> None:
        self.slots[slot] = (f"key-{next(self.numbers)}", now, end)

    def publish(self) -> None:
        first, second = (self.slots[slot] for slot in SLOTS)
        key, _, end = (first, second)[current(rfc3339(first[2]), rfc3339(second[2]))]
        self.vault = (key, end)

    @property
    def keys(self) -> set[str]:
        return {key for key, _, _ in self.slots.values()}

    def export(self) -> dict[str, Any]:
        resources = [password(slot, *what) for slot, what in self.slots.items()]
        return {"deployment": {"resources": [*resources, vault_secret(self.vault[1])]}}

    def rotate(self, now: datetime, credential: VaultSecret, *, at_once: bool = False) -> list[str]:
        """The names of the slots that were replaced; the vault is never without a secret that Entra takes."""
        wanted = to_replace(held(self.export(), "prod"), credential, now, at_once=at_once)
        for slot in wanted:
            now += timedelta(seconds=5)
            before = self.slots[slot.name][0]
            assert before == slot.key_id
            self.make(slot.name, now, now + credential.rotate_every + credential.overlap)
            self.publish()  # and only then the one before goes
            assert self.vault[0] != before
            assert self.vault[0] in self.keys
        return [slot.name for slot in wanted]


def password(slot: str, key: str, made: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    outputs = {"applicationId": "/applications/1", "keyId": key, "startDate": rfc3339(made), "endDate": rfc3339(end)}
    return {"urn": f"urn:pulumi:prod::x::{PASSWORD}::{slot}", "type": PASSWORD, "outputs": outputs, **more}


def vault_secret(end: datetime, **more: Any) -> dict[str, Any]:
    inputs = {"properties": {"attributes": {"expires": int(end.timestamp())}}}
    return {"urn": f"urn:pulumi:prod::x::{SECRET}::client-secret", "type": SECRET, "inputs": inputs, **more}


DAYS = st.integers(1, 170)
CREDENTIALS = st.builds(lambda every, share: credential(every, min(90, every * share / 10)), DAYS, st.integers(1, 9))
RUNS = st.lists(st.tuples(st.integers(0, 60), st.booleans(), CREDENTIALS | st.none()), max_size=20)


@given(CREDENTIALS, RUNS)
def test_whatever_is_rotated_when_the_vault_has_a_secret_that_entra_takes(
    first: VaultSecret, runs: list[tuple[int, bool, VaultSecret | None]]
) -> None:
    """The stack file may change between runs, runs may be missed, and leaks may happen in between."""
    model, now, settings = Model(), START, first
    model.deploy(now, settings)
    for days, at_once, changed in runs:
        now, settings = now + days * DAY, changed or settings
        keys, in_vault = model.keys, model.vault[0]
        due = due_at(held(model.export(), "prod").current, settings)
        done = model.rotate(now, settings, at_once=at_once)
        assert bool(done) == (at_once or now >= due)
        after = held(model.export(), "prod")
        assert after.finished
        assert after.current.key_id == model.vault[0]
        if done:
            assert model.vault[0] != in_vault
            assert after.current.starts >= now
            assert model.rotate(now + timedelta(seconds=30), settings) == []
        if at_once:
            assert not keys & model.keys, "neither secret of before the leak is left"


@given(CREDENTIALS, st.integers(1, 6))
def test_run_as_often_as_is_said_no_secret_in_the_vault_ever_ends_and_each_overlaps(
    settings: VaultSecret, generations: int
) -> None:
    model, now = Model(), START
    model.deploy(now, settings)
    rotations = 0
    while rotations < generations:
        now += run_every(settings)
        key, end = model.vault
        assert now <= end
        if model.rotate(now, settings):
            rotations += 1
            assert key in model.keys, "what Airflow still has goes on to work"
            assert end - now >= settings.overlap / 2


@given(CREDENTIALS)
def test_nothing_is_due_a_second_before_and_something_at_the_second(settings: VaultSecret) -> None:
    model = Model()
    model.deploy(START, settings)
    due = START + settings.rotate_every
    assert due_at(held(model.export(), "prod").current, settings) == due
    assert model.rotate(due - timedelta(seconds=1), settings) == []
    assert model.rotate(due, settings) == ["slot-b"]


def test_longer_intervals_never_outlast_the_secret_that_is_there() -> None:
    model = Model()
    model.deploy(START, credential(30, 7))
    assert due_at(held(model.export(), "prod").current, credential(90, 7)) == START + 30 * DAY


def test_a_much_shorter_interval_replaces_both_so_that_the_new_one_is_used() -> None:
    model = Model()
    model.deploy(START, credential(170, 7))
    assert model.rotate(START + 31 * DAY, credential(30, 7)) == ["slot-b", "slot-a"]
    assert model.vault[1] == START + 31 * DAY + timedelta(seconds=10) + 37 * DAY


@pytest.mark.parametrize(
    ("leftover", "published"),
    [
        (password("slot-b", "old", START, START + DAY, delete=True), True),
        (None, False),
    ],
    ids=["a replaced secret not yet taken away", "the vault behind"],
)
def test_an_interrupted_rotation_is_seen(leftover: dict[str, Any] | None, published: bool) -> None:
    model = Model()
    model.deploy(START, credential(30, 7))
    assert held(model.export(), "prod").finished
    model.make("slot-b", START + 30 * DAY, START + 67 * DAY)
    if published:
        model.publish()
    export = model.export()
    export["deployment"]["resources"] += [leftover] if leftover else []
    found = held(export, "prod")
    assert not found.finished
    assert found.current.name == "slot-b"


def test_a_state_without_both_slots_is_refused_in_four_parts() -> None:
    export = {"deployment": {"resources": [password("slot-a", "key", START, START + DAY)]}}
    with pytest.raises(RefusedError) as refused:
        held(export, "prod")
    (finding,) = refused.value.findings
    assert finding.what == "not deployed: slot-b, the vault's secret"
    assert all((finding.where, finding.right, finding.fix))
    with pytest.raises(RefusedError):
        held({"deployment": None}, "prod")


def test_without_a_start_the_state_says_when_the_secret_was_made() -> None:
    model = Model()
    model.deploy(START, credential(30, 7))
    export = model.export()
    for resource in export["deployment"]["resources"][:2]:
        resource["outputs"]["startDate"] = ""
        resource["created"] = "2026-03-01T12:00:00.123456789Z"
    assert held(export, "prod").current.starts.replace(microsecond=0) == START


def test_the_certificate_that_ends_last_counts() -> None:
    kind = "azuread:index/applicationCertificate:ApplicationCertificate"
    ends = [{"type": kind, "outputs": {"endDate": f"2026-0{month}-01T00:00:00Z"}} for month in (4, 6, 5)]
    assert certificate_end({"deployment": {"resources": ends}}) == datetime(2026, 6, 1, tzinfo=UTC)
    assert certificate_end({"deployment": {}}) is None


def test_the_watchers_slots_are_its_own() -> None:
    model = Model()
    model.deploy(START, credential(90, 7))
    with pytest.raises(RefusedError, match="watcher-slot-a"):
        held(model.export(), "prod", WATCHER)

    both = model.export()
    theirs = [
        {**one, "urn": one["urn"].replace("::slot", "::watcher-slot").replace("::client", "::watcher-client")}
        for one in Model.export(model)["deployment"]["resources"]
    ]
    both["deployment"]["resources"] += theirs
    sign_on, watcher = held(both, "prod"), held(both, "prod", WATCHER)
    assert {slot.name for slot in (sign_on.current, sign_on.older)} == set(SLOTS)
    assert {slot.name for slot in (watcher.current, watcher.older)} == {"watcher-slot-a", "watcher-slot-b"}
    assert set(sign_on.urns).isdisjoint(watcher.urns)
    assert sign_on.finished
    assert watcher.finished
