"""The watchers' lease on a database in memory. tests/airflow runs the same scenarios with each version's SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from airflow_entra_auth.tables import WATCH_LEASE
from airflow_entra_auth.watch.follow import LeaseLostError
from airflow_entra_auth.watch.lease import SECONDS, DatabaseLease
from tests.airflow import lease_scenarios as scenarios
from tests.airflow.lease_scenarios import HOUR, Machine, World

NEVER = -1.0


@pytest.fixture
def world(database: Engine) -> World:
    return World(database)


def row(database: Engine) -> Any:
    with database.connect() as connection:
        return connection.execute(sa.select(WATCH_LEASE)).one()


@pytest.mark.parametrize("ahead", [0, HOUR, -HOUR])
def test_a_dead_watchers_lease_is_taken_after_its_time_whatever_its_clock_said(world: World, ahead: float) -> None:
    assert scenarios.dead(world, ahead) == SECONDS == 8.0


@pytest.mark.parametrize(("ahead", "own"), [(HOUR, 0), (-HOUR, 0), (0, HOUR), (0, -HOUR)])
def test_a_living_watchers_lease_is_never_taken(world: World, ahead: float, own: float) -> None:
    assert scenarios.living(world, ahead, own) == NEVER


@pytest.mark.parametrize(
    ("scenario", "seconds"), [(scenarios.no_number, SECONDS), (scenarios.stopped_clock, NEVER), (scenarios.released, 0)]
)
def test_what_the_row_says_is_a_beat_and_no_time(
    world: World, scenario: Callable[[World], float], seconds: float
) -> None:
    assert scenario(world) == seconds


@pytest.mark.parametrize("ahead", [0, HOUR])
def test_one_that_was_paused_changes_nothing_afterwards(world: World, ahead: float) -> None:
    assert scenarios.paused(world, ahead) == [False, False, True]


def test_a_watcher_of_the_first_release_may_run_beside_it(world: World) -> None:
    waited, taken, *meanwhile, afterwards = scenarios.beside_the_old_release(world)
    assert (waited, taken, afterwards, any(meanwhile)) == (NEVER, True, True, False)


@pytest.mark.parametrize("seed", range(3))
def test_at_random_never_two_and_never_long_none(world: World, seed: int) -> None:
    found = scenarios.chance(world, seed)
    assert (found["two"], found["stolen"]) == (0, 0)
    assert found["none"] <= SECONDS + 32


def test_whoever_has_it_is_in_the_row_with_another_beat_each_time(world: World) -> None:
    machine = Machine(world, "one/1")
    beats = []
    for _ in range(3):
        assert machine.lease.hold()
        beats.append(row(world.engine).until)
    assert row(world.engine).holder == "one/1"
    assert beats == [world.now + SECONDS, world.now + SECONDS + 0.001, world.now + SECONDS]


def test_two_that_begin_at_once_have_one_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one's row comes between this one's look and its insert."""
    first, second = Machine(world, "first/1"), Machine(world, "second/1")
    begin = world.engine.begin

    def late() -> Any:
        monkeypatch.undo()
        assert second.lease.hold()
        return begin()

    first.lease._there = True
    monkeypatch.setattr(world.engine, "begin", late)
    assert not first.lease.hold()
    assert row(world.engine).holder == "second/1"


def test_a_beat_that_changed_since_the_look_is_not_overwritten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, other = Machine(world, "holder/1"), Machine(world, "other/1")
    holder.lease.hold()
    other.lease.hold()
    world.now += SECONDS
    begin = world.engine.begin

    def late() -> Any:
        monkeypatch.undo()
        assert holder.lease.hold()
        return begin()

    monkeypatch.setattr(world.engine, "begin", late)
    assert not other.lease.hold()
    assert row(world.engine).holder == "holder/1"


def test_without_the_lease_nothing_is_changed(world: World) -> None:
    holder, other = Machine(world, "holder/1"), Machine(world, "other/1")
    assert not holder.may_change()
    holder.lease.hold()
    assert holder.may_change()
    with pytest.raises(LeaseLostError), world.engine.begin() as connection:
        other.lease.must_hold(connection)


def test_to_change_something_keeps_the_lease(world: World) -> None:
    holder, other = Machine(world, "holder/1"), Machine(world, "other/1")
    holder.lease.hold()
    taken = world.seconds_until_taken(other, most=30, meanwhile=holder.may_change)
    assert taken == NEVER


def test_who_has_no_lease_releases_none(world: World) -> None:
    holder, other = Machine(world, "holder/1"), Machine(world, "other/1")
    holder.lease.hold()
    other.lease.hold()
    other.lease.release()
    assert row(world.engine).until > 0
    holder.lease.release()
    assert (row(world.engine).holder, row(world.engine).until) == ("holder/1", 0.0)


def test_a_watcher_that_never_held_anything_makes_no_table(session_key: None) -> None:
    engine = sa.create_engine("sqlite://")
    DatabaseLease(engine, "one/1").release()
    assert sa.inspect(engine).get_table_names() == []
    assert DatabaseLease(engine, "one/1").hold()
    engine.dispose()


def test_another_lease_of_the_same_holder_is_left_alone(world: World) -> None:
    machine = Machine(world, "one/1")
    with world.engine.begin() as connection:
        connection.execute(sa.insert(WATCH_LEASE).values(name="another", holder="one/1", until=7.0))
    assert machine.lease.hold()
    assert machine.lease.hold()
    machine.lease.release()
    with world.engine.connect() as connection:
        query = sa.select(WATCH_LEASE.c.until).where(WATCH_LEASE.c.name == "another")
        assert connection.execute(query).scalar_one() == 7.0


def test_a_beat_has_three_decimals(world: World) -> None:
    """So that every kind of database gives it back as it was written."""
    world.now += 0.1234567
    machine = Machine(world, "one/1")
    machine.lease.hold()
    assert row(world.engine).until == 1_800_000_008.123
