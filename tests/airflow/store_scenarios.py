"""The watcher's side of a real database that is in a bad state. Run by Airflow's own Python, which brings SQLAlchemy:
`store_scenarios.py URL`. Prints one line of JSON: from a scenario's name to what came of it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base, relationship

from airflow_entra_auth import audit, identities, sessions
from airflow_entra_auth.claims import Admitted, Person
from airflow_entra_auth.identities import Identities
from airflow_entra_auth.keyring import OtherKeyError, keyring
from airflow_entra_auth.tables import WATCH_FEEDS, create_tables
from airflow_entra_auth.variables import SESSION_KEY
from airflow_entra_auth.watch.applied import AppliedRounds
from airflow_entra_auth.watch.lease import DatabaseLease
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.store import AirflowStore

TENANT, WHO = "7a1f0000-1111-4222-8333-444455556666", "c0ffee00-1111-4222-8333-444455556666"
Base: Any = declarative_base()


def _pairs(name: str, left: str, right: str) -> sa.Table:
    columns: list[sa.Column[int]] = [
        sa.Column(side, sa.ForeignKey(f"{side}.id"), primary_key=True) for side in (left, right)
    ]
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


def without_an_audit_log(engine: Any) -> dict[str, Any]:
    """A person is to go from Admin to Viewer, and sign-ins before a moment were revoked."""
    person = Person(TENANT, WHO, "Ada", None, WHO, guest=False)
    with Session(engine) as session, session.begin():
        session.add_all([Role(name=name) for name in ("Admin", "Op", "Viewer")])
        entry = Identities(session, User, Role).admit(Admitted(person, ("Admin", "Op"), {}))
        for at in (1_800_000_000, 1_800_000_100):
            sessions.start(session, person, entry.user.id, sid=None, lifetime=10**9, at=at)
    lease = DatabaseLease(engine, "watcher/1")
    store = AirflowStore(engine, User, Role, TENANT, lease)
    told: dict[str, Any] = {"held": lease.hold()}
    try:
        store.apply([Verdict(WHO, ("Op", "Viewer"), "another group", None, revoked_until=1_800_000_050)], {})
    except audit.AuditError:
        told["refused"] = True
    with Session(engine) as session:
        told["roles"] = identities.people(session, TENANT)[WHO].roles
        told["rows"] = sorted(role.name for role in session.query(User).one().roles)
        told["sessions"] = len(sessions.begun_since(session, TENANT, 0))
    return told


def with_another_key(engine: Any) -> dict[str, Any]:
    """A watcher that has another key than the API server is told that everybody lost everything."""
    lease = DatabaseLease(engine, "watcher/1")
    lease.hold()
    store = AirflowStore(engine, User, Role, TENANT, lease)
    os.environ[SESSION_KEY] = "1" * 43
    keyring.cache_clear()
    try:
        store.apply([Verdict(WHO, (), "nothing", "no role left")], {})
        error = ""
    except OtherKeyError as other:
        error = str(other)
    os.environ[SESSION_KEY] = "0" * 43
    keyring.cache_clear()
    with Session(engine) as session:
        known = identities.people(session, TENANT)[WHO]
        return {"error": error, "genuine": known.genuine, "roles": known.roles}


def no_number(engine: Any, written: str, *, remembered: int | None) -> list[Any]:
    """Somebody wrote `written` in place of the last round's number: what is read, how many people's sessions end, and
    what is read after the next round."""
    lease = DatabaseLease(engine, "watcher/1")
    book = AppliedRounds(engine, TENANT, lease)
    with engine.begin() as connection:
        connection.execute(sa.delete(WATCH_FEEDS))
        connection.execute(sa.insert(WATCH_FEEDS).values(feed="applied", link=written, updated_at=0))
    lease.hold()
    found = book.read()
    ended = book.end_restored(remembered, found) if remembered is not None else []
    last = book.read()
    book.record(last.number if last else None)
    last = book.read()
    return [found and found.number, len(ended or ()), last and last.number]


def main() -> None:
    os.environ[SESSION_KEY] = "0" * 43
    engine = sa.create_engine(sys.argv[1])
    create_tables(engine)
    Base.metadata.create_all(engine)
    audit._write = _refused  # type: ignore[assignment]
    told = {
        "without an audit log": without_an_audit_log(engine),
        "another key": with_another_key(engine),
        "no number": no_number(engine, "x", remembered=None),
        "no number, remembered": no_number(engine, "9" * 5000, remembered=7),
    }
    print(json.dumps(told))  # noqa: T201 -- what the test reads


def _refused(*_: Any) -> None:
    raise RuntimeError("the table of the audit log is gone")


if __name__ == "__main__":
    main()
