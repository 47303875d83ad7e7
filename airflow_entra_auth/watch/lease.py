"""One watcher at a time: the one that the lease's row names, for as long as its beat changes.

A watcher that waits compares no clock with another's. It looks whether the row changes, and times that with its own
monotonic clock: a row that stays the same for `SECONDS` may be taken, by compare-and-set on what was seen. So a clock
that is hours wrong, on either side, neither keeps a dead watcher's lease nor takes a living one's. What a watcher
changes is fenced by `must_hold` in the same transaction: one that was paused meanwhile changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from airflow_entra_auth.tables import WATCH_LEASE, Transaction, create_tables, rows_changed
from airflow_entra_auth.watch.follow import LeaseLostError

SECONDS = 8.0
"""How long a watcher that was killed keeps the others waiting."""
_NAME = "directory"
_THE_LEASE = WATCH_LEASE.c.name == _NAME
_RELEASED = 0.0
_TICK = 0.001
"""Seconds: how exactly `until` is kept. Three decimals come back from every kind of database as they were written."""


class DatabaseLease:
    """`holder` is this watcher's own name. Everything may raise SQLAlchemyError.

    `until` in the row is the holder's own clock and `SECONDS`. It is a beat: its value is believed by watchers of
    release 0.1 alone, which may run beside this one during an update.
    """

    def __init__(
        self,
        engine: Engine,
        holder: str,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._holder, self._there = engine, holder, False
        self._clock, self._monotonic = clock, monotonic
        self._written = _RELEASED
        self._beat: tuple[str, str] | None = None
        self._beat_at = 0.0

    def hold(self) -> bool:
        """Takes or keeps the lease; False where another has it."""
        if not self._there:
            create_tables(self._engine)  # this may run before Airflow's first server does
            self._there = True
        with self._engine.connect() as connection:  # a watcher that waits only reads: SQLite has one writer
            row = connection.execute(sa.select(WATCH_LEASE).where(_THE_LEASE)).first()
        if row is not None and not self._may_take(row.holder, row.until):
            return False
        try:
            with self._engine.begin() as connection:
                if row is not None:
                    seen = WATCH_LEASE.c.until.between(row.until - _TICK / 2, row.until + _TICK / 2)
                    unchanged = (WATCH_LEASE.c.holder == row.holder) & seen
                    return self._take(connection, (WATCH_LEASE.c.holder == self._holder) | unchanged)
                new = {"name": _NAME, "holder": self._holder, "until": self._until()}
                connection.execute(sa.insert(WATCH_LEASE).values(new))
                return True
        except IntegrityError:  # two began at once
            return False

    def must_hold(self, connection: Transaction) -> None:
        """Keeps the lease in a transaction, before anything else in it. Raises LeaseLostError.

        Another watcher's attempt to take it waits for the end of this transaction, and then finds it kept.
        """
        if not self._take(connection, WATCH_LEASE.c.holder == self._holder):
            raise LeaseLostError

    def release(self) -> None:
        """The next may begin at once."""
        if self._there:
            with self._engine.begin() as connection:
                mine = _THE_LEASE & (WATCH_LEASE.c.holder == self._holder)
                connection.execute(sa.update(WATCH_LEASE).where(mine).values(until=_RELEASED))

    def _may_take(self, holder: str, until: float) -> bool:
        if holder == self._holder or until == _RELEASED:
            return True
        now = self._monotonic()
        beat = holder, repr(until)  # PostgreSQL keeps NaN too, which never equals itself
        if beat != self._beat:
            self._beat, self._beat_at = beat, now
        return now - self._beat_at >= SECONDS

    def _take(self, connection: Transaction, free: sa.ColumnElement[bool]) -> bool:
        mine = sa.update(WATCH_LEASE).where(_THE_LEASE, free).values(holder=self._holder, until=self._until())
        return bool(rows_changed(connection, mine))

    def _until(self) -> float:
        """Another value each time, whatever the clock does."""
        until = round(self._clock() + SECONDS, 3)
        self._written = until if until != self._written else round(until + _TICK, 3)
        return self._written
