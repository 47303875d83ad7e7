"""Who is behind a session at this moment, according to the database; asked on every request, on both versions.

Of the database's rows those count that a process with the key wrote, and none that an older one has replaced.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from airflow import settings

try:  # providers-fab, on both versions; the models are the same tables
    from airflow.providers.fab.auth_manager.models import Action, Permission, Resource, Role, User, assoc_user_role
except ImportError as error:  # pragma: no cover -- an Airflow without the provider
    raise ImportError("airflow_entra_auth needs apache-airflow-providers-fab") from error

from airflow_entra_auth import audit, identities, sessions
from airflow_entra_auth.fab.roles import Pairs, own_pairs, pairs
from airflow_entra_auth.fab.seen import Seen
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.tables import IDENTITIES, SESSIONS

HANDLE_CLAIM = "entra_session"
"""Where a token of Airflow's has the handle of its session."""
FRESH = 1.0
"""Seconds that an answer of the database is believed in this process."""
_PERMISSIONS_FRESH = 30.0
"""Seconds: Admin's permissions change when Airflow or a plugin is upgraded."""
_MOST = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """A live session: which row of Airflow's users, the directory's roles, and until when (seconds since 1970)."""

    session_id: str
    handle: str = field(repr=False)
    user_id: int
    tenant_id: str
    object_id: str
    roles: tuple[str, ...]
    ends_at: int
    changed_by_hand: bool
    """Whether Airflow's table gives the user other roles than the directory."""


_known: dict[str, tuple[float, Standing | None]] = {}
_permissions: dict[str, tuple[float, Pairs]] = {}
_seen = Seen()


def standing(handle: object, tenant_id: str) -> Standing | None:
    """The session with this handle if it is live and its user is the person who began it, else None. At most one
    second old.

    Raises SQLAlchemyError where the database doesn't answer: nobody is let in then.
    """
    ids = sessions.ids_of(handle)
    if not ids or not isinstance(handle, str):
        return None
    now = time.monotonic()
    known = _known.get(ids[0])
    if known and now - known[0] < FRESH:
        found = known[1]
    else:
        found = _ask(ids, handle)
        if len(_known) >= _MOST:
            _known.clear()
        _known[ids[0]] = (now, found)
    if found is None or found.ends_at <= time.time() or found.tenant_id != tenant_id:
        return None
    return found


def forget() -> None:
    """The next request asks the database again: something ended or changed."""
    _known.clear()


def is_over(session_id: str) -> None:
    """This process ended the session: it is over here whatever becomes of its row."""
    _seen.end(session_id)


def _ask(ids: tuple[str, ...], handle: str) -> Standing | None:
    rows = _rows(ids)
    if rows and _is_older(rows[0]):
        rows = _rows(ids)  # another thread may have seen a change between this one's question and its answer
    if not rows:
        return None
    row = rows[0]
    wrong = _wrong(row)
    if wrong:
        log.error("%s is not let in: %s", row.object_id, wrong)
    if wrong or row.ended_at is not None:
        return None
    if not row.active:
        _end_all(row)
        return None
    roles = tuple(json.loads(row.roles))
    changed = {role.held for role in rows if role.held is not None} != set(roles)
    return Standing(row.id, handle, row.user_id, row.tenant_id, row.object_id, roles, row.ends_at, changed)


def _rows(ids: tuple[str, ...]) -> Any:
    """In one statement: between two, a watcher's change would look like one that somebody made by hand."""
    query = (
        sa.select(
            SESSIONS,
            IDENTITIES.c.roles,
            IDENTITIES.c.signed_in_roles,
            IDENTITIES.c.updated_at,
            IDENTITIES.c.mac.label("identity_mac"),
            User.active,
            Role.name.label("held"),
        )
        .join(IDENTITIES, IDENTITIES.c.user_id == SESSIONS.c.user_id)
        .join(User.__table__, User.id == SESSIONS.c.user_id)
        .outerjoin(assoc_user_role, assoc_user_role.c.user_id == User.id)
        .outerjoin(Role.__table__, Role.id == assoc_user_role.c.role_id)
        .where(
            SESSIONS.c.id.in_(ids),
            IDENTITIES.c.tenant_id == SESSIONS.c.tenant_id,
            IDENTITIES.c.object_id == SESSIONS.c.object_id,
            User.username == SESSIONS.c.object_id,
        )
    )
    with settings.engine.connect() as connection:
        return connection.execute(query).all()


def _wrong(row: Any) -> str | None:
    """What is wrong with the rows of a session and its person; None where nothing is, or the session has ended."""
    if row.ended_at is not None:
        _seen.end(row.id)
        return None
    if not sessions.is_genuine(row):
        return f"the session's row in {SESSIONS.name} was not written {_BY_US}"
    if _seen.has_ended(row.id):
        return f"the session ended, and its row in {SESSIONS.name} was put back"
    said = (row.user_id, row.tenant_id, row.object_id, row.roles, row.signed_in_roles, row.updated_at)
    if not identities.is_genuine(row.identity_mac, *said):
        return f"the person's row in {IDENTITIES.name} was not written {_BY_US}"
    if row.updated_at < row.signed_in_at or _is_older(row):
        return f"the person's row in {IDENTITIES.name} is older than one that was there: it was put back"
    return None


_BY_US = "with this process's AIRFLOW_ENTRA_SESSION_KEY: somebody changed it, or another process has another key"


def _is_older(row: Any) -> bool:
    genuine = identities.is_genuine(
        row.identity_mac, row.user_id, row.tenant_id, row.object_id, row.roles, row.signed_in_roles, row.updated_at
    )
    return genuine and _seen.is_older(row.tenant_id, row.object_id, row.updated_at)


def _end_all(row: Any) -> None:
    """An account that was deactivated by hand in Airflow: activated again, its sessions don't come back."""
    with settings.engine.begin() as connection:
        ended = sessions.end_of_user(connection, row.user_id, "deactivated")
    if ended:
        audit.record("entra_sign_out", tenant_id=row.tenant_id, object_id=row.object_id, reason="deactivated")


def permissions_of(roles: tuple[str, ...]) -> Pairs:
    """The (action, resource) pairs of Airflow's own roles, as this release of Airflow ships them.

    What the database says about them counts for Admin alone, who may do everything: so it has the plugins' pages too.
    """
    return _admins() if "Admin" in roles else own_pairs(roles)


def _admins() -> Pairs:
    """A pair on one DAG, from its access_control, is left out."""
    now = time.monotonic()
    known = _permissions.get("Admin")
    if known and now - known[0] < _PERMISSIONS_FRESH:
        return known[1]
    query = (
        sa.select(Action.name, Resource.name)
        .select_from(Role)
        .join(Role.permissions)
        .join(Permission.action)
        .join(Permission.resource)
        .where(Role.name == "Admin")
    )
    with settings.engine.connect() as connection:
        rows = [(action, resource) for action, resource in connection.execute(query)]
    found = frozenset(pair for pair in rows if not pair[1].startswith(("DAG:", "DAG Run:")))
    _permissions["Admin"] = (now, found)
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
