"""The last round that was applied in full, in Airflow's database: how fresh Airflow is, wherever the watcher ran.

A number that grows by one, written under the lease. Whoever reads it times with its own clock how long it stays the
same, so that no clock is compared with another's. It never goes back by itself: a smaller one than was read before
means that the database was restored from a backup, and that sessions which had ended are alive again.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_entra_auth.tables import WATCH_FEEDS, Transaction, rows_changed
from airflow_entra_auth.watch.ending import end_everybody
from airflow_entra_auth.watch.follow import Applied
from airflow_entra_auth.watch.lease import DatabaseLease

_NAME = "applied"
"""The row's name in the table of feeds, which a watcher of release 0.1 reads and leaves alone."""
_ROW = WATCH_FEEDS.c.feed == _NAME
_NUMBER = re.compile(r"[0-9]{1,18}")
BEYOND = 1_000_000
"""What a restore that was dealt with adds, so that no other watcher, which remembers a little more, deals with it
again: a week of rounds."""


@dataclass(frozen=True)
class LastRound:
    """`at`: seconds since 1970 by the clock of the watcher that applied it, for people. `text`: the number as the
    database has it; where somebody wrote what is none there, the number is less than any, as after a restore."""

    number: int
    at: int
    text: str = ""


class AppliedRounds:
    """Everything may raise SQLAlchemyError."""

    def __init__(self, engine: Engine, tenant_id: str, lease: DatabaseLease) -> None:
        self._engine, self._tenant, self._lease = engine, tenant_id, lease

    def read(self) -> LastRound | None:
        """None before the first."""
        with self._engine.connect() as connection:
            return _read(connection)

    def record(self, known: int | None) -> LastRound | None:
        """One more than `known`, which was read last; None where the database has another number by now: whoever looks
        next sees why. Raises LeaseLostError."""
        with self._engine.begin() as connection:
            self._lease.must_hold(connection)
            last = _read(connection)
            if (last.number if last else None) != known:
                return None
            new = _new((known or 0) + 1)
            return new if _write(connection, last, new) else None

    def end_restored(self, remembered: int, found: LastRound | None) -> list[Applied] | None:
        """Ends every session that came back with a backup; None where it is another watcher's doing, or none's.

        `found` is what was read where `remembered` had been. It has to be still there when it is replaced: a lagging
        replica's answer ends nobody.
        """
        reason = "Airflow's database was restored from a backup: what had ended since would be alive again"
        try:
            with Session(self._engine) as session, session.begin():
                if not _write(session, found, _new(remembered + BEYOND)):
                    return None
                return end_everybody(session, self._tenant, "before a restore", reason)
        except IntegrityError:  # the row is there after all
            return None


def _new(number: int) -> LastRound:
    return LastRound(number, int(time.time()), str(number))


def _read(connection: Transaction) -> LastRound | None:
    row = connection.execute(sa.select(WATCH_FEEDS.c.link, WATCH_FEEDS.c.updated_at).where(_ROW)).first()
    if row is None:
        return None
    text = str(row.link)
    return LastRound(int(text) if _NUMBER.fullmatch(text) else -1, row.updated_at, text)


def _write(connection: Transaction, last: LastRound | None, new: LastRound) -> bool:
    """Whether `last` was still there."""
    values = {"link": new.text, "updated_at": new.at}
    if last is None:
        connection.execute(sa.insert(WATCH_FEEDS).values(feed=_NAME, **values))
        return True
    known = sa.update(WATCH_FEEDS).where(_ROW, WATCH_FEEDS.c.link == last.text).values(values)
    return bool(rows_changed(connection, known))
