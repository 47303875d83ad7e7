"""Who is behind a session at this moment, according to the database; asked on every request, on both versions."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from airflow import settings

try:  # providers-fab, on both versions; the models are the same tables
    from airflow.providers.fab.auth_manager.models import Action, Permission, Resource, Role, User, assoc_user_role
except ImportError as error:  # pragma: no cover -- an Airflow without the provider
    raise ImportError("airflow_entra_auth needs apache-airflow-providers-fab") from error

from airflow_entra_auth import sessions
from airflow_entra_auth.fab import audit
from airflow_entra_auth.fab.roles import Pairs, pairs
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.tables import IDENTITIES, SESSIONS

SESSION_KEY = "entra_session"
"""Where a Flask session and an Airflow token name their session."""
FRESH = 1.0
"""Seconds that an answer of the database is believed in this process."""
_PERMISSIONS_FRESH = 30.0
"""Seconds: permissions of a role change when Airflow is upgraded, or its sign-on file."""
_MOST = 4096


@dataclass(frozen=True)
class Standing:
    """A live session: which row of Airflow's users, the directory's roles, and until when (seconds since 1970)."""

    session_id: str
    user_id: int
    tenant_id: str
    object_id: str
    roles: tuple[str, ...]
    ends_at: int
    changed_by_hand: bool
    """Whether Airflow's table gives the user other roles than the directory."""


_known: dict[str, tuple[float, Standing | None]] = {}
_permissions: dict[frozenset[str], tuple[float, Pairs]] = {}


def standing(session_id: object, tenant_id: str) -> Standing | None:
    """The session if it is live and its user is the person who began it, else None. At most one second old.

    Raises SQLAlchemyError where the database doesn't answer: nobody is let in then.
    """
    if not isinstance(session_id, str):
        return None
    now = time.monotonic()
    known = _known.get(session_id)
    if known and now - known[0] < FRESH:
        found = known[1]
    else:
        found = _ask(session_id)
        if len(_known) >= _MOST:
            _known.clear()
        _known[session_id] = (now, found)
    if found is None or found.ends_at <= time.time() or found.tenant_id != tenant_id:
        return None
    return found


def forget() -> None:
    """The next request asks the database again: something ended or changed."""
    _known.clear()


def _ask(session_id: str) -> Standing | None:
    """In one statement: between two, a watcher's change would look like one that somebody made by hand."""
    query = (
        sa.select(
            SESSIONS.c.user_id,
            SESSIONS.c.tenant_id,
            SESSIONS.c.object_id,
            SESSIONS.c.ends_at,
            IDENTITIES.c.roles,
            User.active,
            Role.name.label("held"),
        )
        .join(IDENTITIES, IDENTITIES.c.user_id == SESSIONS.c.user_id)
        .join(User.__table__, User.id == SESSIONS.c.user_id)
        .outerjoin(assoc_user_role, assoc_user_role.c.user_id == User.id)
        .outerjoin(Role.__table__, Role.id == assoc_user_role.c.role_id)
        .where(
            SESSIONS.c.id == session_id,
            SESSIONS.c.ended_at.is_(None),
            IDENTITIES.c.tenant_id == SESSIONS.c.tenant_id,
            IDENTITIES.c.object_id == SESSIONS.c.object_id,
            User.username == SESSIONS.c.object_id,
        )
    )
    with settings.engine.connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return None
    row = rows[0]
    if not row.active:
        _end_all(row)
        return None
    roles = tuple(json.loads(row.roles))
    changed = {one.held for one in rows if one.held is not None} != set(roles)
    return Standing(session_id, row.user_id, row.tenant_id, row.object_id, roles, row.ends_at, changed)


def _end_all(row: Any) -> None:
    """An account that was deactivated by hand in Airflow: activated again, its sessions don't come back."""
    with settings.engine.begin() as connection:
        ended = sessions.end_of_user(connection, row.user_id, "deactivated")
    if ended:
        audit.record("entra_sign_out", tenant_id=row.tenant_id, object_id=row.object_id, reason="deactivated")


def permissions_of(roles: tuple[str, ...]) -> Pairs:
    """The (action, resource) pairs of Airflow's own roles. A pair on one DAG, from its access_control, is left out."""
    wanted = frozenset(roles)
    now = time.monotonic()
    known = _permissions.get(wanted)
    if known and now - known[0] < _PERMISSIONS_FRESH:
        return known[1]
    query = (
        sa.select(Action.name, Resource.name)
        .select_from(Role)
        .join(Role.permissions)
        .join(Permission.action)
        .join(Permission.resource)
        .where(Role.name.in_(wanted))
    )
    with settings.engine.connect() as connection:
        rows = [(action, resource) for action, resource in connection.execute(query)]
    found = frozenset(pair for pair in rows if not pair[1].startswith(("DAG:", "DAG Run:")))
    _permissions[wanted] = (now, found)
    return found


def stamp(user: Any, found: Standing, rules: SignOnRules) -> Any:
    """Writes onto a user object what the session's standing gives it: only such an object has any rights.

    DAGs are decided by `_entra_dag_perms`, from Airflow's own roles, and by the sign-on file's patterns for the custom
    ones; the rest by `_entra_perms`. `_perms` is where Airflow's model keeps what its templates ask. What Airflow's
    tables say about a custom role, or about one that the sign-on file no longer has, gives nothing.
    """
    declared = [rules.roles[name] for name in found.roles if name in rules.roles]
    own = permissions_of(tuple(role.name for role in declared if not role.custom))
    user._entra = found
    user._entra_dag_perms = own
    user._entra_perms = user._perms = own.union(*(pairs(role) for role in declared if role.custom))
    return user
