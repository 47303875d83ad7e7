"""Airflow's database in memory: the package's own tables, and what it uses of Airflow's, on a real SQLite.

Runs on SQLAlchemy 1.4 and 2.x: tests/airflow runs the same tests with the SQLAlchemy of each version of Airflow.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, declarative_base, relationship
from sqlalchemy.pool import StaticPool

from airflow_entra_auth.claims import Admitted, Person
from airflow_entra_auth.identities import Identities
from airflow_entra_auth.tables import IDENTITIES, SESSIONS, create_tables
from tests.auth.sign_on import PERSON, TENANT

Base: Any = declarative_base()


def _pairs(table: str, **sides: str) -> sa.Table:
    columns: list[sa.Column[int]] = [
        sa.Column(side, sa.ForeignKey(f"{of}.id"), primary_key=True) for side, of in sides.items()
    ]
    return sa.Table(table, Base.metadata, *columns)


class Action(Base):  # type: ignore[misc]
    __tablename__ = "ab_permission"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(100))


class Resource(Base):  # type: ignore[misc]
    __tablename__ = "ab_view_menu"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(250))


class Permission(Base):  # type: ignore[misc]
    __tablename__ = "ab_permission_view"
    id = sa.Column(sa.Integer, primary_key=True)
    permission_id = sa.Column(sa.Integer, sa.ForeignKey(Action.id))
    view_menu_id = sa.Column(sa.Integer, sa.ForeignKey(Resource.id))
    action, resource = relationship(Action), relationship(Resource)


class Role(Base):  # type: ignore[misc]
    __tablename__ = "ab_role"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(64), unique=True)
    permissions = relationship(
        Permission,
        secondary=_pairs("ab_permission_view_role", permission_view_id="ab_permission_view", role_id="ab_role"),
    )


assoc_user_role = _pairs("ab_user_role", user_id="ab_user", role_id="ab_role")


class User(Base):  # type: ignore[misc]
    """What of FAB's model the package uses."""

    __tablename__ = "ab_user"
    id = sa.Column(sa.Integer, primary_key=True)
    username, email = sa.Column(sa.String(512), unique=True), sa.Column(sa.String(512), unique=True)
    password = sa.Column(sa.String(256))
    first_name, last_name = sa.Column(sa.String(256)), sa.Column(sa.String(256))
    active, last_login = sa.Column(sa.Boolean), sa.Column(sa.DateTime)
    login_count, fail_login_count = sa.Column(sa.Integer), sa.Column(sa.Integer)
    roles = relationship(Role, secondary=assoc_user_role)


class Log(Base):  # type: ignore[misc]
    """Airflow's audit log, as 3.x has it."""

    __tablename__ = "log"
    id = sa.Column(sa.Integer, primary_key=True)
    dttm, event = sa.Column(sa.DateTime), sa.Column(sa.String(60))
    owner, owner_display_name = sa.Column(sa.String(500)), sa.Column(sa.String(500))
    extra = sa.Column(sa.Text)


def airflow_database() -> Engine:
    """An empty one with Airflow's own roles. All connections are one: nothing may have two transactions open."""
    engine = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    create_tables(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all(Role(name=name) for name in ("Admin", "Op", "User", "Viewer", "Public", "finance-editor"))
    return engine


def person(
    object_id: str = PERSON, *, name: str = "Jane Doe", email: str | None = None, tenant: str = TENANT
) -> Person:
    return Person(tenant, object_id, name, email, email or object_id, guest=False)


def admit(engine: Engine, who: Person | str, *roles: str) -> int:
    """A sign-in's part of the database without a session; the number of the row of Airflow's users."""
    someone = person(who) if isinstance(who, str) else who
    with Session(engine) as session, session.begin():
        entry = Identities(session, User, Role).admit(Admitted(someone, roles, {}))
        return int(entry.user.id)


def roles_held(engine: Engine, object_id: str = PERSON) -> list[str]:
    """The roles that Airflow's table gives to a user."""
    with Session(engine) as session:
        user = session.execute(sa.select(User).where(User.username == object_id)).scalar_one()
        return sorted(role.name for role in user.roles)


def identity(engine: Engine, object_id: str = PERSON) -> Any:
    """A person's row in the table of identities, or None."""
    with engine.connect() as connection:
        return connection.execute(sa.select(IDENTITIES).where(IDENTITIES.c.object_id == object_id)).first()


def sessions_of(engine: Engine, object_id: str = PERSON) -> list[Any]:
    """A person's rows in the table of sessions, the first begun first."""
    query = sa.select(SESSIONS).where(SESSIONS.c.object_id == object_id).order_by(SESSIONS.c.signed_in_at)
    with engine.connect() as connection:
        return list(connection.execute(query))


def log_lines(engine: Engine) -> list[tuple[str, str | None]]:
    """(event, owner) of the lines in Airflow's audit log."""
    with engine.connect() as connection:
        rows: Any = connection.execute(sa.select(Log.event, Log.owner).order_by(Log.id))
        return [(row.event, row.owner) for row in rows]


def change(engine: Engine, table: sa.Table, **values: Any) -> None:
    """What somebody who may write into the database does to all rows of a table."""
    with engine.begin() as connection:
        connection.execute(sa.update(table).values(values))
