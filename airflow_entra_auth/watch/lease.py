"""One watcher at a time: whoever wrote its name into the lease's row last, until the time beside it."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from airflow_entra_auth.tables import WATCH_LEASE, create_tables
from airflow_entra_auth.watch.follow import LeaseLostError

SECONDS = 8.0
"""How long a watcher that was killed keeps the others waiting."""
_NAME = "directory"
_THE_LEASE = WATCH_LEASE.c.name == _NAME


class DatabaseLease:
    """`holder` is this watcher's own name. Everything may raise SQLAlchemyError."""

    def __init__(self, engine: Any, holder: str) -> None:
        self._engine, self._holder, self._there = engine, holder, False

    def hold(self) -> bool:
        """Takes or keeps the lease; False where another has it."""
        if not self._there:
            create_tables(self._engine)  # this may run before Airflow's first server does
            self._there = True
        with self._engine.connect() as connection:  # who waits only reads: SQLite has one writer
            row = connection.execute(sa.select(WATCH_LEASE).where(_THE_LEASE)).first()
        if row is not None and row.holder != self._holder and row.until >= time.time():
            return False
        try:
            with self._engine.begin() as connection:
                if row is not None:
                    free = (WATCH_LEASE.c.holder == self._holder) | (WATCH_LEASE.c.until < time.time())
                    return self._take(connection, free)
                new = {"name": _NAME, "holder": self._holder, "until": time.time() + SECONDS}
                connection.execute(sa.insert(WATCH_LEASE).values(new))
                return True
        except IntegrityError:  # two began at once
            return False

    def must_hold(self, connection: Any) -> None:
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
                connection.execute(sa.update(WATCH_LEASE).where(mine).values(until=0.0))

    def _take(self, connection: Any, free: Any) -> bool:
        until = time.time() + SECONDS
        mine = sa.update(WATCH_LEASE).where(_THE_LEASE, free).values(holder=self._holder, until=until)
        return bool(connection.execute(mine).rowcount)
