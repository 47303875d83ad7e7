"""The refresh tokens of live sessions, encrypted; one leaves with its session. The caller has the transaction."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from airflow_entra_auth.tables import REFRESH_TOKENS, SESSIONS

CLOCKS_DIFFER = 60
"""Seconds that two machines' clocks may differ."""


def keep(connection: Any, session_id: str, sealed: str) -> None:
    """With the session's row, in the sign-in's transaction: what it brought is as good as an answer."""
    row = {"session_id": session_id, "token": sealed, "tried_at": int(time.time())}
    connection.execute(sa.insert(REFRESH_TOKENS).values(row))


def due(connection: Any, tenant_id: str, tried_until: int) -> list[tuple[str, str, str | None]]:
    """(session, object id, encrypted token) of live sessions without an answer since `tried_until` (since 1970),
    those that wait longest first; the token is None where there is none, as before the stack file said so.

    An answer of the future was written by a clock that is wrong, this one or another: it is no answer.
    """
    now, tried_at = int(time.time()), sa.func.coalesce(REFRESH_TOKENS.c.tried_at, 0)
    live = SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.ends_at > now)
    old = (tried_at <= tried_until) | (tried_at > now + CLOCKS_DIFFER)
    query = (
        sa.select(SESSIONS.c.id, SESSIONS.c.object_id, REFRESH_TOKENS.c.token)
        .select_from(SESSIONS.outerjoin(REFRESH_TOKENS, REFRESH_TOKENS.c.session_id == SESSIONS.c.id))
        .where(live, SESSIONS.c.tenant_id == tenant_id, old)
        .order_by(tried_at, SESSIONS.c.id)
    )
    return [(row.id, row.object_id, row.token) for row in connection.execute(query)]


def answered(connection: Any, session_id: str, sealed: str) -> None:
    """The token to try next time. Nothing for a session that ended meanwhile."""
    mine = sa.update(REFRESH_TOKENS).where(REFRESH_TOKENS.c.session_id == session_id)
    connection.execute(mine.values(token=sealed, tried_at=int(time.time())))


def forget(connection: Any, which: Any) -> None:
    """Removes the tokens of the sessions that a condition on their table names."""
    mine = REFRESH_TOKENS.c.session_id.in_(sa.select(SESSIONS.c.id).where(which))
    connection.execute(sa.delete(REFRESH_TOKENS).where(mine).execution_options(synchronize_session=False))


def forget_over(connection: Any) -> None:
    """Removes the tokens of sessions that reached their cap."""
    forget(connection, SESSIONS.c.ends_at <= int(time.time()))
