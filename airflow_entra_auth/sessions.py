"""Airflow sessions that hang on a sign-in: a row each, which every cookie and token names and which ends once.

Functions take a connection or session and leave the transaction to the caller.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from airflow_entra_auth import refresh_tokens
from airflow_entra_auth.claims import Person
from airflow_entra_auth.tables import SESSIONS

KEPT = 30 * 24 * 3600
"""Seconds that a row is kept after its end, for whoever asks later when somebody was signed in."""

CLOCKS_DIFFER = 2 * 3600
"""Seconds. A session is over by its cap for whoever closes something only when no machine's clock can say otherwise."""

WhyEnded = Literal[
    "signed out",
    "signed out in Entra",
    "replaced",
    "refused",
    "set aside",
    "deactivated",
    "disabled in the directory",
    "deleted from the directory",
    "application disabled in the directory",
    "revoked in the directory",
    "no role left",
    "refused by the directory",
    "application disabled in the directory",
    "before a restore",
]


@dataclass(frozen=True)
class EntraSession:
    """One signed-in browser. `sid` is Entra's id of its session there; `ends_at` is in seconds since 1970."""

    id: str
    user_id: int
    tenant_id: str
    object_id: str
    sid: str | None
    ends_at: int


def remove_old(connection: Any) -> None:
    """Removes the rows of sessions that ended `KEPT` seconds ago or earlier, and what is kept for live ones alone."""
    refresh_tokens.forget_over(connection)
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.ends_at < int(time.time()) - KEPT))


def start(connection: Any, person: Person, user_id: int, *, sid: str | None, lifetime: int) -> EntraSession:
    """A new session of `lifetime` seconds, which nothing lengthens."""
    at = int(time.time())
    begun = EntraSession(secrets.token_hex(16), user_id, person.tenant_id, person.object_id, sid, at + lifetime)
    connection.execute(
        sa.insert(SESSIONS).values(
            id=begun.id,
            user_id=begun.user_id,
            tenant_id=begun.tenant_id,
            object_id=begun.object_id,
            sid=begun.sid,
            signed_in_at=at,
            ends_at=begun.ends_at,
        )
    )
    return begun


def person_of(connection: Any, session_id: str) -> tuple[str, str] | None:
    """(tenant id, object id) of who is or was in a session."""
    query = sa.select(SESSIONS.c.tenant_id, SESSIONS.c.object_id).where(SESSIONS.c.id == session_id)
    row = connection.execute(query).first()
    return (row.tenant_id, row.object_id) if row else None


def end(connection: Any, session_id: str, why: WhyEnded) -> int:
    """How many sessions this ended: 1, or 0 where it had ended."""
    return _end(connection, SESSIONS.c.id == session_id, why)


def end_of_user(connection: Any, user_id: int, why: WhyEnded) -> int:
    """Ends every session of a row of Airflow's users; how many there were."""
    return _end(connection, SESSIONS.c.user_id == user_id, why)


def end_of_person(connection: Any, tenant_id: str, object_id: str, why: WhyEnded) -> int:
    """Ends every session of a person, whatever became of the row of Airflow's users; how many there were."""
    return _end(connection, (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.object_id == object_id), why)


def people_of_sid(connection: Any, tenant_id: str, sid: str) -> list[str]:
    """The object ids of who is in a session not yet ended that began in Entra's session `sid`."""
    wanted = (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.sid == sid) & SESSIONS.c.ended_at.is_(None)
    return list(connection.execute(sa.select(SESSIONS.c.object_id).where(wanted).distinct()).scalars())


def end_of_sid(connection: Any, tenant_id: str, sid: str, why: WhyEnded) -> int:
    """Ends the sessions that began in Entra's session `sid`; how many there were."""
    return _end(connection, (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.sid == sid), why)


def end_of_tenant(connection: Any, tenant_id: str, why: WhyEnded, *, begun_before: int | None = None) -> dict[str, int]:
    """Ends everybody's sessions, or those that began before a moment (seconds since 1970); how many, by object id."""
    which = (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.ends_at > int(time.time()) - CLOCKS_DIFFER)
    if begun_before is not None:
        which &= SESSIONS.c.signed_in_at < begun_before
    live = sa.select(SESSIONS.c.object_id).where(which, SESSIONS.c.ended_at.is_(None)).distinct()
    people = sorted(connection.execute(live).scalars())
    ended = {person: _end(connection, which & (SESSIONS.c.object_id == person), why) for person in people}
    return {person: number for person, number in ended.items() if number}


def begun_since(connection: Any, tenant_id: str, since: int) -> dict[str, str]:
    """From session to object id: the live sessions that began at `since` (seconds since 1970) or later."""
    live = SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.ends_at > since)
    wanted = live & (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.signed_in_at >= since)
    found = connection.execute(sa.select(SESSIONS.c.id, SESSIONS.c.object_id).where(wanted))
    return {row.id: row.object_id for row in found}


def people_in(connection: Any, tenant_id: str) -> dict[str, int]:
    """From object id to when the oldest live session of this person began (seconds since 1970)."""
    live = SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.ends_at > int(time.time()))
    began = sa.func.min(SESSIONS.c.signed_in_at).label("began")
    wanted = sa.select(SESSIONS.c.object_id, began).where(live & (SESSIONS.c.tenant_id == tenant_id))
    return {row.object_id: row.began for row in connection.execute(wanted.group_by(SESSIONS.c.object_id))}


def end_begun_until(connection: Any, tenant_id: str, object_id: str, moment: int, why: WhyEnded) -> int:
    """Ends the sessions of a person that began at `moment` (seconds since 1970) or before; how many there were."""
    person = (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.object_id == object_id)
    return _end(connection, person & (SESSIONS.c.signed_in_at <= moment), why)


def _end(connection: Any, which: Any, why: WhyEnded) -> int:
    ended = connection.execute(
        sa.update(SESSIONS)
        .where(which, SESSIONS.c.ended_at.is_(None))
        .values(ended_at=int(time.time()), why_ended=why)
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount:
        refresh_tokens.forget(connection, which)
    return int(ended.rowcount)
