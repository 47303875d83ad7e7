"""Which row of Airflow's users is which person. A person is tenant id and object id; names and addresses link nobody.

A row's user name is the object id. A row that has what a person needs (that user name, their address) and isn't a
person of this tenant is set aside: renamed, its address freed, deactivated, without roles or password. Where two people
of the tenant say the same address, whoever has it keeps it, and the other's row gets one that can't exist: an address
says nothing about who somebody is, so neither may push the other out.

What a row of a person says has a MAC: roles count only as a process with the key wrote them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload, selectinload

from airflow_entra_auth import sessions
from airflow_entra_auth.claims import Admitted, Person
from airflow_entra_auth.keyring import keyring
from airflow_entra_auth.tables import IDENTITIES, Transaction, rows_changed

_NAME_LENGTH = 256
_USERNAME_LENGTH = 512


@dataclass(frozen=True)
class SetAside:
    """A row that another person's sign-in took the user name or address from."""

    user_id: int
    username: str


@dataclass(frozen=True)
class Entry:
    """What a sign-in did to Airflow's users. `user` is the row; the roles are the directory's, before and now."""

    user: Any
    active: bool
    roles_before: tuple[str, ...]
    set_aside: tuple[SetAside, ...]


@dataclass(frozen=True)
class Known:
    """A person who signed in once. `roles` are the directory's now, `signed_in_roles` what their own last sign-in gave.

    A row without a right MAC isn't `genuine`: `roles` is what it claims, and `signed_in_roles` is None, unknown.
    """

    roles: tuple[str, ...]
    signed_in_roles: tuple[str, ...] | None
    genuine: bool


class Identities:
    """Airflow's users, through an ORM session and its two models. The caller commits."""

    def __init__(self, session: Session, user_model: Any, role_model: Any) -> None:
        self._session, self._users, self._roles = session, user_model, role_model
        # FAB's model joins to every role its permissions: hundreds of rows that nobody here looks at.
        self._light = lazyload(role_model.permissions)

    def admit(self, admitted: Admitted) -> Entry:
        """The person's row, made or brought up to date, with exactly the roles given.

        A row that an administrator deactivated stays so, without roles: `active` says it.
        """
        person = admitted.person
        identity = self._identity(person)
        user = self._row_of(person, identity)
        set_aside, email = self._make_room(person, user)
        if user is None:
            user = self._users(active=True, fail_login_count=0)
            self._session.add(user)
        active = bool(user.active)
        user.username, user.email, user.password = person.object_id, email, None
        user.first_name, user.last_name = _two_names(person.display_name)
        now = datetime.now(timezone.utc).replace(tzinfo=None)  # the column has no zone; an audit reads it as UTC
        user.last_login, user.login_count = now, (user.login_count or 0) + 1
        self._give(user, admitted.roles if active else ())
        self._session.flush()
        self._write(identity, user.id, person, admitted.roles if active else (), admitted.roles)
        return Entry(user, active, _roles_in(identity), tuple(set_aside))

    def strip(self, person: Person) -> tuple[str, ...]:
        """Takes a person's roles and sessions; the roles there were."""
        identity = self._identity(person)
        sessions.end_of_person(self._session, person.tenant_id, person.object_id, "refused")
        user = self._row_of(person, identity)
        if identity is None or user is None:
            return ()
        self._give(user, ())
        self._write(identity, user.id, person, (), ())
        return _roles_in(identity)

    def follow(
        self, tenant_id: str, object_id: str, roles: tuple[str, ...], *, only_lowers: bool = False
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Gives a person who signed in once the roles that the directory gives now; (roles before, roles now).

        With `only_lowers` no role comes that the person hasn't got. A row that an administrator deactivated gets none.
        A person without a row gets and loses nothing.
        """
        person = Person(tenant_id, object_id, object_id, None, object_id, guest=False)
        identity = self._identity(person)
        user = self._row_of(person, identity)
        if identity is None or user is None:
            return (), ()
        known = known_in(identity)
        given = roles if user.active else ()
        if only_lowers:  # a row that no process with the key wrote proves no role
            given = tuple(role for role in given if known.genuine and role in known.roles)
        self._give(user, given)
        values = _values(identity, user.id, person, given, known.signed_in_roles)
        self._session.execute(sa.update(IDENTITIES).where(IDENTITIES.c.user_id == user.id).values(values))
        return _roles_in(identity), given

    def put_back(self, user_id: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Gives a row the directory's roles again, after somebody changed them by hand; (roles it had, has now).

        The directory's roles are those of this moment, whatever they were when somebody saw the difference.
        """
        identity = self._hold(IDENTITIES.c.user_id == user_id)
        user = self._session.get(self._users, user_id, populate_existing=True)
        if identity is None or user is None:
            return (), ()
        held = _names_of(user.roles)
        self._give(user, _roles_in(identity))
        return held, _names_of(user.roles)

    def _identity(self, person: Person) -> Any:
        columns = IDENTITIES.c
        return self._hold((columns.tenant_id == person.tenant_id) & (columns.object_id == person.object_id))

    def _hold(self, which: sa.ColumnElement[bool]) -> Any:
        """The row, which nobody else changes until the caller commits. Three kinds of database agree on an update that
        changes nothing; SQLite has no FOR UPDATE."""
        self._session.execute(sa.update(IDENTITIES).where(which).values(user_id=IDENTITIES.c.user_id))
        return self._session.execute(sa.select(IDENTITIES).where(which)).first()

    def _row_of(self, person: Person, identity: Any) -> Any:
        """The row that is the person, by user name too: a database may give a deleted row's number to another."""
        options = [selectinload(self._users.roles).options(self._light)]
        user = self._session.get(self._users, identity.user_id, options=options) if identity else None
        if user is not None and user.username == person.object_id:
            return user
        if identity:
            self._forget(identity.user_id)
        return None

    def _make_room(self, person: Person, user: Any) -> tuple[list[SetAside], str]:
        """Sets conflicting rows aside; (which, the address that the person's row may have)."""
        nobody = f"{person.object_id}@{person.tenant_id}.invalid"
        email = person.email or nobody
        wanted = sa.func.lower(self._users.username) == person.object_id
        wanted |= sa.func.lower(self._users.email) == email.lower()
        others = sa.select(self._users).where(wanted)
        if user is not None:
            others = others.where(self._users.id != user.id)
        set_aside = []
        for row in self._session.scalars(others).unique().all():
            if self._is_person_of(person.tenant_id, row):
                email = nobody
                continue
            set_aside.append(SetAside(row.id, row.username))
            self._set_aside(row)
        self._session.flush()
        return set_aside, email

    def _is_person_of(self, tenant_id: str, row: Any) -> bool:
        which = (IDENTITIES.c.user_id == row.id) & (IDENTITIES.c.tenant_id == tenant_id)
        identity = self._session.execute(sa.select(IDENTITIES).where(which)).first()
        return identity is not None and identity.object_id == row.username

    def _set_aside(self, row: Any) -> None:
        sessions.end_of_user(self._session, row.id, "set aside")
        self._forget(row.id)
        row.username = f"set-aside-{row.id}-{row.username}"[:_USERNAME_LENGTH]
        row.email = f"set-aside-{row.id}@set-aside.invalid"
        row.active, row.password = False, None
        self._give(row, ())

    def _give(self, user: Any, roles: tuple[str, ...]) -> None:
        if {role.name for role in user.roles} != set(roles):
            wanted = sa.select(self._roles).where(self._roles.name.in_(roles)).options(self._light)
            user.roles = list(self._session.scalars(wanted).unique())
        if getattr(user, "groups", None):
            user.groups = []

    def _write(
        self, identity: Any, user_id: int, person: Person, roles: tuple[str, ...], signed_in_roles: tuple[str, ...]
    ) -> None:
        values = _values(identity, user_id, person, roles, signed_in_roles)
        values["display_name"] = person.display_name[:_NAME_LENGTH]
        known = sa.update(IDENTITIES).where(IDENTITIES.c.user_id == user_id).values(values)
        if not rows_changed(self._session, known):
            self._session.execute(sa.insert(IDENTITIES).values(values))

    def _forget(self, user_id: int) -> None:
        self._session.execute(sa.delete(IDENTITIES).where(IDENTITIES.c.user_id == user_id))


def known(connection: Transaction, tenant_id: str) -> dict[str, tuple[str, ...]]:
    """From object id to roles, as the rows claim: every person who signed in once."""
    return {object_id: person.roles for object_id, person in people(connection, tenant_id).items()}


def people(connection: Transaction, tenant_id: str) -> dict[str, Known]:
    """From object id to what is known: every person who signed in once."""
    wanted = sa.select(IDENTITIES).where(IDENTITIES.c.tenant_id == tenant_id)
    return {row.object_id: known_in(row) for row in connection.execute(wanted)}


def known_in(row: Any) -> Known:
    """What a row of the table of identities says."""
    genuine = _is_genuine(row)
    own = tuple(json.loads(row.signed_in_roles)) if genuine and row.signed_in_roles is not None else None
    return Known(_roles_in(row), own, genuine)


def is_genuine(mac: Any, *said: Any) -> bool:
    """Whether a process with the key wrote what a row says: user id, tenant id, object id, roles, signed_in_roles and
    updated_at, as they are in the table."""
    return keyring().is_mac(mac, "identity", *said)


def _is_genuine(row: Any) -> bool:
    said = (row.user_id, row.tenant_id, row.object_id, row.roles, row.signed_in_roles, row.updated_at)
    return is_genuine(row.mac, *said)


def _values(
    before: Any, user_id: int, person: Person, roles: tuple[str, ...], signed_in_roles: tuple[str, ...] | None
) -> dict[str, Any]:
    """The row's new content with its MAC, later than what it had `before`, whatever the clocks of two machines say."""
    now = int(time.time())
    values: dict[str, Any] = {
        "user_id": user_id,
        "tenant_id": person.tenant_id,
        "object_id": person.object_id,
        "roles": json.dumps(roles),
        "signed_in_roles": None if signed_in_roles is None else json.dumps(signed_in_roles),
        "updated_at": max(now, before.updated_at + 1) if before is not None and _is_genuine(before) else now,
    }
    return values | {"mac": keyring().mac("identity", *values.values())}


def _two_names(display_name: str) -> tuple[str, str]:
    """Airflow shows "first last": split anywhere, it reads as the directory has it."""
    first, _, last = display_name.partition(" ")
    return first[:_NAME_LENGTH], last[:_NAME_LENGTH]


def _names_of(roles: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted(role.name for role in roles))


def _roles_in(identity: Any) -> tuple[str, ...]:
    return tuple(json.loads(identity.roles)) if identity else ()
