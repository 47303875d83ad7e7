"""When access was taken from people, and when it ended in Airflow: what an auditor asks about everybody who left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from airflow_entra.audit.moves import Move
from airflow_entra.audit.records import Records, Session
from airflow_entra.directory.changes import TAKEN

How = Literal["ended", "given again", "kept access", "still signed in", "was not signed in", "unknown"]
"""What became of the person's sessions. "kept access": another group or assignment gave them access all the while.
"given again": a session lived on until access was given again."""

CLOCKS_APART = timedelta(seconds=60)
"""The directory and Airflow each have a clock: a session may seem to end before the change that ended it."""
SESSIONS_KEPT = timedelta(days=30)
"""How long Airflow keeps a session after its end (airflow_entra_auth.sessions.KEPT)."""
_BY_THEMSELVES = frozenset({"signed out", "signed out in Entra", "replaced", "set aside", "deactivated", "refused"})
"""Why a session ended that no change in the directory ended (airflow_entra_auth.sessions.WhyEnded)."""
_DONE_TO_THEM = frozenset({"entra_sign_out", "entra_role_change", "entra_set_aside", "entra_sign_in_refused"})


@dataclass(frozen=True)
class Left:
    """One change that took access from somebody, and what one Airflow has of them after it.

    `last_access` is their last action or sign-in on record. `seconds` is how long their last session lived without
    access: 0 where none was alive then or access was kept, None where one still is or nobody knows. `session_ended` is
    that session's end. A session is told at the change that took the last of their access, not at those before. `why`
    says why it is unknown.
    """

    move: Move
    airflow: str
    last_access: datetime | None
    session_ended: datetime | None
    seconds: float | None
    how: How
    why: str = ""


def left(moves: Sequence[Move], airflows: Mapping[str, Records]) -> Iterator[Left]:
    """For each person from whom a change took something or may have, what each Airflow has of them.

    Who had no access before is left out: nothing was taken from them.
    """
    for place, move in enumerate(moves):
        if move.change.activity not in TAKEN or move.before == ():
            continue
        later = [one for one in moves[place + 1 :] if one.person.id.lower() == move.person.id.lower()]
        earlier = [one for one in moves[:place] if one.person.id.lower() == move.person.id.lower()]
        for url, records in airflows.items():
            yield _in_airflow(move, earlier, later, url, records)
        if not airflows:
            yield Left(move, "", None, None, None, "unknown", "no records of an Airflow were given (--airflow)")


def _in_airflow(move: Move, earlier: Sequence[Move], later: Sequence[Move], url: str, records: Records) -> Left:
    person, at = move.person.id.lower(), move.change.at
    sessions = [session for session in records.sessions if session.object_id.lower() == person]
    times = [session.signed_in_at for session in sessions]
    theirs = (action for action in records.actions if (action.owner or "").lower() == person)
    times += [action.at for action in theirs if action.event not in _DONE_TO_THEM]

    def told(how: How, ended: datetime | None = None, seconds: float | None = 0.0, why: str = "") -> Left:
        return Left(move, url, max(times, default=None), ended, seconds, how, why)

    if move.after:
        return told("kept access")
    again = next((one.change.at for one in later if one.after), None)
    alive = [session for session in sessions if _outlived(session, at, again) or _ended_by(move, earlier, session)]
    if not alive:
        missing = _not_covered(at, records)
        return told("unknown", None, None, missing) if missing else told("was not signed in")
    last = max(map(_end, alive))
    if again is not None and again < last:
        return told("given again", None, (again - at).total_seconds())
    if last > records.until:
        return told("still signed in", None, None)
    return told("ended", last, max(0.0, (last - at).total_seconds()))


def _not_covered(at: datetime, records: Records) -> str:
    """Why that no session is on record says nothing about this moment; "" where it does."""
    if at > records.until:
        return f"the records end before it ({records.until:%Y-%m-%d %H:%M}Z)"
    if at < records.since:
        return f"the records begin after it ({records.since:%Y-%m-%d %H:%M}Z)"
    if at < records.until - SESSIONS_KEPT:
        return f"Airflow keeps a session for {SESSIONS_KEPT.days} days after its end"
    return ""


def _outlived(session: Session, taken: datetime, again: datetime | None) -> bool:
    """Whether it was alive at any time between a removal of access and when access was given again.

    Older releases keep whole seconds: a session that ended in the second of the change was alive at it.
    """
    end = _end(session)
    whole_seconds = end.microsecond == 0
    return (taken.replace(microsecond=0) if whole_seconds else taken) <= end and (
        again is None or session.signed_in_at < again
    )


def _ended_by(move: Move, earlier: Sequence[Move], session: Session) -> bool:
    """Whether a session that ended just before this change ended because of it: no other change did."""
    at = move.change.at
    if session.ended_at is None or session.why_ended in _BY_THEMSELVES or session.signed_in_at > at:
        return False
    others = (one.change.at for one in earlier if one.change.activity in TAKEN and not one.after)
    return at - _end(session) <= CLOCKS_APART and not any(other >= session.signed_in_at for other in others)


def _end(session: Session) -> datetime:
    return min(session.ended_at or session.ends_at, session.ends_at)
