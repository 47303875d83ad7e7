"""The refresh tokens of live sessions; one leaves with its session. The caller has the transaction.

What is kept is sealed: the token, the session that it belongs to, and when Entra last gave an answer. Whoever writes
into Airflow's database can't make one pass for another session's, nor for one that was tried just now.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from airflow_entra_auth.keyring import UnsealedError, keyring
from airflow_entra_auth.tables import REFRESH_TOKENS, SESSIONS, Transaction


@dataclass(frozen=True)
class Kept:
    """A live session's sealed token; None where there is none, as before the stack file said so."""

    session_id: str
    object_id: str
    sealed: str | None = field(repr=False)


@dataclass(frozen=True)
class Opened:
    """`answered_at` is in seconds since 1970."""

    token: str = field(repr=False)
    answered_at: int


def keep(connection: Transaction, session_id: str, token: str) -> None:
    """With the session's row, in the sign-in's transaction: what it brought is as good as an answer."""
    connection.execute(sa.insert(REFRESH_TOKENS).values(session_id=session_id, **_row(session_id, token)))


def answered(connection: Transaction, session_id: str, token: str) -> None:
    """The token to try next time. Nothing for a session that ended meanwhile."""
    mine = sa.update(REFRESH_TOKENS).where(REFRESH_TOKENS.c.session_id == session_id)
    connection.execute(mine.values(_row(session_id, token)))


def of_live_sessions(connection: Transaction, tenant_id: str) -> list[Kept]:
    """Every live session, with or without a token."""
    live = SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.ends_at > int(time.time()))
    query = (
        sa.select(SESSIONS.c.id, SESSIONS.c.object_id, REFRESH_TOKENS.c.token)
        .select_from(SESSIONS.outerjoin(REFRESH_TOKENS, REFRESH_TOKENS.c.session_id == SESSIONS.c.id))
        .where(live, SESSIONS.c.tenant_id == tenant_id)
    )
    return [Kept(*row) for row in connection.execute(query)]


def opened(kept: Kept) -> Opened | None:
    """None where there is no token, or what is there was sealed for another session. Raises UnsealedError."""
    if not kept.sealed:
        return None
    try:
        said = json.loads(keyring().unseal("refresh token", kept.sealed))
        session_id, token, answered_at = str(said["session"]), str(said["token"]), int(said["answeredAt"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnsealedError("what was sealed is no refresh token") from error
    return Opened(token, answered_at) if session_id == kept.session_id else None


def _row(session_id: str, token: str) -> dict[str, Any]:
    now = int(time.time())
    said = json.dumps({"session": session_id, "token": token, "answeredAt": now})
    return {"token": keyring().seal("refresh token", said.encode()), "tried_at": now}


def forget(connection: Transaction, which: sa.ColumnElement[bool]) -> None:
    """Removes the tokens of the sessions that a condition on their table names."""
    mine = REFRESH_TOKENS.c.session_id.in_(sa.select(SESSIONS.c.id).where(which))
    connection.execute(sa.delete(REFRESH_TOKENS).where(mine).execution_options(synchronize_session=False))


def forget_over(connection: Transaction) -> None:
    """Removes the tokens of sessions that reached their cap."""
    forget(connection, SESSIONS.c.ends_at <= int(time.time()))
