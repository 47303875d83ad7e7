"""The watcher's store on a real database whose audit log can't be written. Run by Airflow's own Python, which brings
SQLAlchemy: `store_scenarios.py URL`. Prints one line of JSON: what a person had before and has afterwards.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base, relationship

from airflow_entra_auth import identities, sessions
from airflow_entra_auth.claims import Admitted, Person
from airflow_entra_auth.fab import audit
from airflow_entra_auth.identities import Identities
from airflow_entra_auth.tables import create_tables
from airflow_entra_auth.watch.lease import DatabaseLease
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.store import AirflowStore

TENANT, WHO = "7a1f0000-1111-4222-8333-444455556666", "c0ffee00-1111-4222-8333-444455556666"
Base: Any = declarative_base()


def _pairs(name: str, left: str, right: str) -> sa.Table:
    columns = (sa.Column(side, sa.ForeignKey(f"{side}.id"), primary_key=True) for side in (left, right))
    return sa.Table(name, Base.metadata, *columns)


class Permission(Base):  # type: ignore[misc]
    __tablename__ = "permission"
    id = sa.Column(sa.Integer, primary_key=True)


class Role(Base):  # type: ignore[misc]
    __tablename__ = "role"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(64))
    permissions = relationship(Permission, secondary=_pairs("role_permission", "role", "permission"))


class User(Base):  # type: ignore[misc]
    """What of FAB's model the package uses."""

    __tablename__ = "person"
    id = sa.Column(sa.Integer, primary_key=True)
    username, email, password = sa.Column(sa.String(512)), sa.Column(sa.String(512)), sa.Column(sa.String(256))
    first_name, last_name = sa.Column(sa.String(256)), sa.Column(sa.String(256))
    active, last_login = sa.Column(sa.Boolean), sa.Column(sa.DateTime)
    login_count, fail_login_count = sa.Column(sa.Integer), sa.Column(sa.Integer)
    roles = relationship(Role, secondary=_pairs("person_role", "person", "role"))


def main() -> None:
    os.environ["AIRFLOW_ENTRA_SESSION_KEY"] = "0" * 43
    engine = sa.create_engine(sys.argv[1])
    create_tables(engine)
    Base.metadata.create_all(engine)
    person = Person(TENANT, WHO, "Ada", None, WHO, guest=False)
    with Session(engine) as session, session.begin():
        session.add_all([Role(name=name) for name in ("Admin", "Op", "Viewer")])
        entry = Identities(session, User, Role).admit(Admitted(person, ("Admin", "Op"), {}))
        for at in (1_800_000_000, 1_800_000_100):
            sessions.start(session, person, entry.user.id, sid=None, lifetime=10**9, at=at)
    lease = DatabaseLease(engine, "watcher/1")
    store = AirflowStore(engine, User, Role, TENANT, lease)
    told: dict[str, Any] = {"held": lease.hold()}
    audit._write = _refused  # type: ignore[assignment]
    try:
        store.apply([Verdict(WHO, ("Op", "Viewer"), "another group", None, revoked_until=1_800_000_050)], {})
    except audit.AuditError:
        told["refused"] = True
    with Session(engine) as session:
        told["roles"] = identities.people(session, TENANT)[WHO].roles
        told["rows"] = sorted(role.name for role in session.query(User).one().roles)
        told["sessions"] = len(sessions.begun_since(session, TENANT, 0))
    print(json.dumps(told))  # noqa: T201 -- what the test reads


def _refused(*_: Any) -> None:
    raise RuntimeError("the table of the audit log is gone")


if __name__ == "__main__":
    main()
