"""Airflow sessions that hang on a sign-in: a row each, which ends once. The browser has its handle, the row a hash.

Whoever reads the table can present nothing, and whoever writes into it has no MAC for what they write. Functions take a
connection or session and leave the transaction to the caller. Where a session is named by its id, the row's is meant.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from airflow_entra_auth import refresh_tokens
from airflow_entra_auth.claims import Person
from airflow_entra_auth.keyring import OtherKeyError, keyring
from airflow_entra_auth.tables import SESSIONS, Transaction, rows_changed

KEPT = 30 * 24 * 3600
"""Seconds that a row is kept after its end, for whoever asks later when somebody was signed in."""
_HANDLE = re.compile(r"[A-Za-z0-9_-]{43}")
"""As `secrets.token_urlsafe(32)` makes them."""

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
    "before a restore",
    "begun by an older release",
]


@dataclass(frozen=True)
class EntraSession:
    """One signed-in browser. `sid` is Entra's id of its session there; `ends_at` is in seconds since 1970.

    `handle` is the secret that the browser gets: it is written down nowhere.
    """

    id: str
    handle: str = field(repr=False)
    user_id: int
    tenant_id: str
    object_id: str
    sid: str | None
    ends_at: int


def remove_old(connection: Transaction) -> None:
    """Removes the rows of sessions that ended `KEPT` seconds ago or earlier, and what is kept for live ones alone."""
    refresh_tokens.forget_over(connection)
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.ends_at < int(time.time()) - KEPT))


def start(
    connection: Transaction, person: Person, user_id: int, *, sid: str | None, lifetime: int, at: int | None = None
) -> EntraSession:
    """A new session of `lifetime` seconds, which nothing lengthens.

    `at` (since 1970) is when the sign-in began: before the person's row in the table of identities was written.
    """
    at = int(time.time()) if at is None else at
    handle = secrets.token_urlsafe(32)
    row = {
        "id": keyring().hash_of(handle),
        "user_id": user_id,
        "tenant_id": person.tenant_id,
        "object_id": person.object_id,
        "sid": sid,
        "signed_in_at": at,
        "ends_at": at + lifetime,
    }
    mac = keyring().mac("session", *row.values())
    connection.execute(sa.insert(SESSIONS).values(**row, mac=mac, signed_in_ms=_milliseconds()))
    return EntraSession(str(row["id"]), handle, user_id, person.tenant_id, person.object_id, sid, ends_at=at + lifetime)


def ids_of(handle: object) -> tuple[str, ...]:
    """The ids that the row of a session with this handle may have; none for what can't be a handle."""
    if not isinstance(handle, str) or not _HANDLE.fullmatch(handle):
        return ()
    return keyring().hashes_of(handle)


def is_genuine(row: Any) -> bool:
    """Whether a process with the key wrote what a live session's row says."""
    said = (row.id, row.user_id, row.tenant_id, row.object_id, row.sid, row.signed_in_at, row.ends_at)
    return keyring().is_mac(row.mac, "session", *said)


def must_be_of_this_key(connection: Transaction, tenant_id: str) -> None:
    """Raises OtherKeyError where people are in sessions and this process's key made none of them.

    A watcher with another key than the API server's would write roles down in a way that the server disbelieves.
    """
    wanted = _live() & (SESSIONS.c.tenant_id == tenant_id) & SESSIONS.c.mac.is_not(None)
    rows = connection.execute(sa.select(SESSIONS).where(wanted)).all()
    if rows and not any(is_genuine(row) for row in rows):
        raise OtherKeyError(len(rows))


def person_of(connection: Transaction, session_id: str) -> tuple[str, str] | None:
    """(tenant id, object id) of who is or was in a session."""
    query = sa.select(SESSIONS.c.tenant_id, SESSIONS.c.object_id).where(SESSIONS.c.id == session_id)
    row = connection.execute(query).first()
    return (row.tenant_id, row.object_id) if row else None


def end(connection: Transaction, session_id: str, why: WhyEnded) -> int:
    """How many sessions this ended: 1, or 0 where it had ended."""
    return _end(connection, SESSIONS.c.id == session_id, why)


def end_of_user(connection: Transaction, user_id: int, why: WhyEnded) -> int:
    """Ends every session of a row of Airflow's users; how many there were."""
    return _end(connection, SESSIONS.c.user_id == user_id, why)


def end_of_person(connection: Transaction, tenant_id: str, object_id: str, why: WhyEnded) -> int:
    """Ends every session of a person, whatever became of the row of Airflow's users; how many there were."""
    return _end(connection, (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.object_id == object_id), why)


def end_of_older_releases(connection: Transaction, tenant_id: str) -> list[str]:
    """Ends the live sessions without a MAC, whose ids are their handles; the object ids of those who were in them."""
    wanted = _live() & SESSIONS.c.mac.is_(None) & (SESSIONS.c.tenant_id == tenant_id)
    found = connection.execute(sa.select(SESSIONS.c.id, SESSIONS.c.object_id).where(wanted)).all()
    why: WhyEnded = "begun by an older release"
    return sorted({session.object_id for session in found if end(connection, session.id, why)})


def people_of_sid(connection: Transaction, tenant_id: str, sid: str) -> list[str]:
    """The object ids of who is in a session not yet ended that began in Entra's session `sid`."""
    wanted = (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.sid == sid) & SESSIONS.c.ended_at.is_(None)
    return list(connection.execute(sa.select(SESSIONS.c.object_id).where(wanted).distinct()).scalars())


def end_of_sid(connection: Transaction, tenant_id: str, sid: str, why: WhyEnded) -> int:
    """Ends the sessions that began in Entra's session `sid`; how many there were."""
    return _end(connection, (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.sid == sid), why)


def end_of_tenant(
    connection: Transaction, tenant_id: str, why: WhyEnded, *, begun_before: int | None = None
) -> dict[str, int]:
    """Ends everybody's sessions, or those that began before a moment (seconds since 1970); how many, by object id."""
    which = (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.ends_at > int(time.time()) - CLOCKS_DIFFER)
    if begun_before is not None:
        which &= SESSIONS.c.signed_in_at < begun_before
    live = sa.select(SESSIONS.c.object_id).where(which, SESSIONS.c.ended_at.is_(None)).distinct()
    people = sorted(connection.execute(live).scalars())
    ended = {person: _end(connection, which & (SESSIONS.c.object_id == person), why) for person in people}
    return {person: number for person, number in ended.items() if number}


def begun_since(connection: Transaction, tenant_id: str, since: int) -> dict[str, str]:
    """From session to object id: the live sessions that began at `since` (seconds since 1970) or later."""
    live = SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.ends_at > since)
    wanted = live & (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.signed_in_at >= since)
    found = connection.execute(sa.select(SESSIONS.c.id, SESSIONS.c.object_id).where(wanted))
    return {row.id: row.object_id for row in found}


def people_in(connection: Transaction, tenant_id: str) -> dict[str, int]:
    """From object id to when the oldest live session of this person began (seconds since 1970)."""
    began = sa.func.min(SESSIONS.c.signed_in_at).label("began")
    wanted = sa.select(SESSIONS.c.object_id, began).where(_live() & (SESSIONS.c.tenant_id == tenant_id))
    return {row.object_id: row.began for row in connection.execute(wanted.group_by(SESSIONS.c.object_id))}


def end_begun_until(connection: Transaction, tenant_id: str, object_id: str, moment: int, why: WhyEnded) -> int:
    """Ends the sessions of a person that began at `moment` (seconds since 1970) or before; how many there were."""
    person = (SESSIONS.c.tenant_id == tenant_id) & (SESSIONS.c.object_id == object_id)
    return _end(connection, person & (SESSIONS.c.signed_in_at <= moment), why)


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _live() -> sa.ColumnElement[bool]:
    return SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.ends_at > int(time.time()))


def _end(connection: Transaction, which: sa.ColumnElement[bool], why: WhyEnded) -> int:
    """The MAC goes too: a row is not alive again for having lost its end."""
    now = _milliseconds()
    values = {"ended_at": now // 1000, "ended_ms": now, "why_ended": why, "mac": None}
    live = sa.update(SESSIONS).where(which, SESSIONS.c.ended_at.is_(None)).values(values)
    ended = rows_changed(connection, live.execution_options(synchronize_session=False))
    if ended:
        refresh_tokens.forget(connection, which)
    return ended
