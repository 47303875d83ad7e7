"""The lease on a real database, with every clock made up. Run by Airflow's own Python: `lease_scenarios.py URL`.

Prints one line of JSON: from a scenario's name to what happened in it. Needs nothing but the package that it tests.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from airflow_entra_auth.tables import WATCH_LEASE, create_tables
from airflow_entra_auth.watch.follow import LeaseLostError
from airflow_entra_auth.watch.lease import DatabaseLease

HOUR = 3600.0


class Machine:
    """A watcher's machine: `wall` is what its clock shows, `ahead` of the true time; `steady` never jumps."""

    def __init__(self, world: World, name: str, ahead: float = 0.0) -> None:
        self.world, self.name, self.ahead = world, name, ahead
        start = world.chance.uniform(0, 1e6)
        self.lease = DatabaseLease(
            world.engine, name, clock=lambda: world.now + self.ahead, monotonic=lambda: start + world.now
        )

    def may_change(self) -> bool:
        try:
            with self.world.engine.begin() as connection:
                self.lease.must_hold(connection)
        except LeaseLostError:
            return False
        return True


class World:
    def __init__(self, engine: Any) -> None:
        self.engine, self.now, self.chance = engine, 1_800_000_000.0, random.Random(1)  # noqa: S311 -- no secret
        create_tables(engine)
        with engine.begin() as connection:
            connection.execute(sa.delete(WATCH_LEASE))

    def row(self, holder: str, until: float) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.delete(WATCH_LEASE))
            connection.execute(sa.insert(WATCH_LEASE).values(name="directory", holder=holder, until=until))

    def seconds_until_taken(self, machine: Machine, *, most: float, meanwhile: Callable[[], object] = bool) -> float:
        began = self.now
        while not machine.lease.hold():
            if self.now - began > most:
                return -1.0
            self.now += 1.0
            meanwhile()
        return self.now - began


def old_hold(world: World, name: str, now: float) -> bool:
    """What a watcher of release 0.1 does, whose clock shows `now`."""
    with world.engine.begin() as connection:
        row = connection.execute(sa.select(WATCH_LEASE)).first()
        if row is not None and row.holder != name and row.until >= now:
            return False
        free = (WATCH_LEASE.c.holder == name) | (WATCH_LEASE.c.until < now)
        change = sa.update(WATCH_LEASE).where(free).values(holder=name, until=now + 8.0)
        return bool(connection.execute(change).rowcount)


def dead(world: World, ahead: float) -> float:
    """A killed watcher's row, written by a clock that was `ahead`."""
    world.row("dead/1", world.now + ahead + 8.123456789)
    return world.seconds_until_taken(Machine(world, "new/1"), most=120)


def living(world: World, ahead: float, own: float) -> float:
    """The same, but it lives and keeps the lease each other second."""
    holder, other = Machine(world, "holder/1", ahead), Machine(world, "other/1", own)
    holder.lease.hold()
    turns = iter(range(10_000))
    return world.seconds_until_taken(
        other, most=90, meanwhile=lambda: next(turns) % 2 or (holder.lease.hold() or sys.exit("lost a kept lease"))
    )


def no_number(world: World) -> float:
    """PostgreSQL keeps one that equals nothing, not even itself."""
    world.row("dead/1", float("nan") if world.engine.dialect.name == "postgresql" else float("inf"))
    return world.seconds_until_taken(Machine(world, "new/1"), most=120)


def stopped_clock(world: World) -> float:
    """The holder's clock stands still, as in a machine that is being moved."""
    holder, other = Machine(world, "holder/1"), Machine(world, "other/1")
    began = world.now

    def keep() -> None:
        holder.ahead = began - world.now
        holder.lease.hold()

    holder.lease.hold()
    return world.seconds_until_taken(other, most=60, meanwhile=keep)


def paused(world: World, ahead: float) -> list[bool]:
    """One is stopped in mid-air, another takes over, and the first wakes up and wants to change something."""
    first, second = Machine(world, "first/1", ahead), Machine(world, "second/1", -ahead)
    first.lease.hold()
    world.seconds_until_taken(second, most=60)
    return [first.may_change(), first.lease.hold(), second.may_change()]


def released(world: World) -> float:
    first, second = Machine(world, "first/1", HOUR), Machine(world, "second/1")
    first.lease.hold()
    second.lease.hold()
    first.lease.release()
    return world.seconds_until_taken(second, most=60)


def beside_the_old_release(world: World) -> list[Any]:
    """Old keeps, new waits; old dies, new takes; new keeps, old waits; new ends, old takes."""
    new, told = Machine(world, "new/1"), []
    world.row("old/1", world.now + 8.0)
    told.append(world.seconds_until_taken(new, most=60, meanwhile=lambda: old_hold(world, "old/1", world.now)))
    told.append(world.seconds_until_taken(new, most=60) > 0)
    for _ in range(30):
        world.now += 1.0
        new.lease.hold()
        told.append(old_hold(world, "old/1", world.now))
    new.lease.release()
    told.append(old_hold(world, "old/1", world.now))
    return told


def chance(world: World, seed: int) -> dict[str, float]:
    """Three watchers with clocks that are hours wrong and jump, which pause, die and come back.

    `two` counts moments at which two could change something; `none` is the longest time that nobody could although a
    watcher ran the whole time; `stolen` counts leases that a watcher lost which had kept them.
    """
    chance = world.chance
    chance.seed(seed)
    world.row("nobody/0", 0.0)
    machines = [Machine(world, f"m{number}/0", chance.uniform(-2, 2) * HOUR) for number in range(3)]
    asleep, lives = [0.0] * 3, 0
    kept: dict[str, float] = {}
    found = {"two": 0.0, "none": 0.0, "stolen": 0.0}
    alone_since = world.now
    for _ in range(120):
        world.now += chance.choice([0.5, 1.0, 1.5])
        for number in chance.sample(range(3), 3):
            machine = machines[number]
            if world.now < asleep[number]:
                continue
            draw = chance.random()
            if draw < 0.02:
                asleep[number] = world.now + chance.uniform(1, 30)
            elif draw < 0.04:
                lives += 1
                machines[number] = Machine(world, f"m{number}/{lives}", chance.uniform(-2, 2) * HOUR)
            elif draw < 0.06:
                machine.ahead = chance.uniform(-2, 2) * HOUR
            held = machine.lease.hold()
            if not held and world.now - kept.get(machine.name, 0.0) < 6.0:
                found["stolen"] += 1
            kept = {**kept, machine.name: world.now} if held else kept
        able = [machine.name for machine in machines if machine.may_change()]
        kept |= dict.fromkeys(able, world.now)
        found["two"] += len(able) > 1
        awake = [number for number in range(3) if world.now >= asleep[number]]
        alone_since = world.now if able or not awake else alone_since
        found["none"] = max(found["none"], world.now - alone_since)
    return found


def main() -> None:
    engine = sa.create_engine(sys.argv[1])
    if engine.dialect.name == "sqlite":  # what is written need not outlive this machine
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    scenarios: dict[str, Callable[[World], Any]] = {
        "dead, clock right": lambda world: dead(world, 0),
        "dead, clock an hour ahead": lambda world: dead(world, HOUR),
        "dead, clock an hour behind": lambda world: dead(world, -HOUR),
        "living, an hour ahead": lambda world: living(world, HOUR, 0),
        "living, an hour behind": lambda world: living(world, -HOUR, 0),
        "living, the other an hour ahead": lambda world: living(world, 0, HOUR),
        "living, the other an hour behind": lambda world: living(world, 0, -HOUR),
        "no number": no_number,
        "stopped clock": stopped_clock,
        "paused": lambda world: paused(world, 0),
        "paused, clocks two hours apart": lambda world: paused(world, HOUR),
        "released": released,
        "beside the old release": beside_the_old_release,
        "chance": lambda world: [chance(world, seed) for seed in range(int(sys.argv[2]))],
    }
    began = time.monotonic()
    told = {name: scenario(World(engine)) for name, scenario in scenarios.items()}
    print(json.dumps(told | {"seconds": round(time.monotonic() - began, 1)}))  # noqa: T201 -- what the test reads


if __name__ == "__main__":
    main()
