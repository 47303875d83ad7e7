"""When access was taken from people, and when it ended in Airflow: what an auditor asks about everybody who left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_entra.audit.records import Records, Session
from airflow_entra.directory.changes import TAKEN, Change


@dataclass(frozen=True)
class Left:
    """One change that took access from somebody, and what Airflow has of them after it.

    `last_access` is their last action or sign-in on record. `seconds` is how long their last session lived after the
    change: 0 where none was alive then, None where one still is.
    """

    change: Change
    airflow: str
    last_access: datetime | None
    session_ended: datetime | None
    seconds: float | None


def left(changes: Iterable[Change], airflows: Mapping[str, Records]) -> Iterator[Left]:
    """For each change that takes access, what each Airflow has of the person."""
    for change in changes:
        if change.activity in TAKEN:
            for url, records in airflows.items():
                yield _left(change, url, records)


def _left(change: Change, url: str, records: Records) -> Left:
    person = change.subject_id.lower()
    sessions = [one for one in records.sessions if one.object_id.lower() == person]
    times = [one.signed_in_at for one in sessions]
    theirs = (action for action in records.actions if (action.owner or "").lower() == person)
    times += [action.at for action in theirs if action.event not in _DONE_TO_THEM]
    alive = [one for one in sessions if one.alive_at(change.at)]
    ended, seconds = _ended(alive, change, records)
    return Left(change, url, max(times, default=None), ended, seconds)


def _ended(alive: list[Session], change: Change, records: Records) -> tuple[datetime | None, float | None]:
    ends = [min(one.ended_at or one.ends_at, one.ends_at) for one in alive]
    if not ends:
        return None, 0.0
    last = max(ends)
    if last > records.until:
        return None, None
    return last, (last - change.at).total_seconds()


_DONE_TO_THEM = frozenset({"entra_sign_out", "entra_role_change", "entra_set_aside", "entra_sign_in_refused"})
