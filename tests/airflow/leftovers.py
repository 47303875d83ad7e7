"""Rows of Airflow's users from before: made by hand, with a password, or by stock FAB's own sign-in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.airflow.people import TestPerson
from tests.airflow.site import Site

PASSWORD = "left-over-from-before"


@dataclass(frozen=True)
class Row:
    """A row of ab_user as it is now."""

    id: int
    username: str
    email: str
    active: bool
    password: str | None
    roles: frozenset[str]


def row(site: Site, user_id: int) -> Row:
    query = "SELECT id, username, email, active, password FROM ab_user WHERE id = ?"
    ((number, username, email, active, password),) = site.rows(query, user_id)
    query = "SELECT name FROM ab_role JOIN ab_user_role ON role_id = ab_role.id WHERE user_id = ?"
    roles = frozenset(name for (name,) in site.rows(query, user_id))
    return Row(number, username, email, bool(active), password, roles)


@contextmanager
def leftover(site: Site, username: str, email: str, role: str = "Admin") -> Iterator[int]:
    """An active row with a password and a role; its number. What has become of it is removed at the end."""
    salt = "0123456789abcdef"
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), 1000).hex()
    with site.database() as database:
        made = database.execute(
            "INSERT INTO ab_user (first_name, last_name, username, email, active, password, login_count,"
            " fail_login_count) VALUES ('Left', 'Over', ?, ?, 1, ?, 0, 0)",
            (username, email, f"pbkdf2:sha256:1000${salt}${digest}"),
        )
        user_id = made.lastrowid
        assert user_id is not None
        database.execute(
            "INSERT INTO ab_user_role (user_id, role_id) SELECT ?, id FROM ab_role WHERE name = ?", (user_id, role)
        )
    try:
        yield user_id
    finally:
        with site.database() as database:
            database.execute("DELETE FROM ab_user_role WHERE user_id = ?", (user_id,))
            database.execute("DELETE FROM ab_user WHERE id = ?", (user_id,))


def forget(site: Site, person: TestPerson) -> None:
    """As if the person had never signed in: each test about a first sign-in sees one."""
    with site.database() as database:
        for (user_id,) in database.execute("SELECT id FROM ab_user WHERE username = ?", (person.object_id,)).fetchall():
            database.execute("DELETE FROM ab_user_role WHERE user_id = ?", (user_id,))
            database.execute("DELETE FROM ab_user WHERE id = ?", (user_id,))
        database.execute("DELETE FROM airflow_entra_identity WHERE object_id = ?", (person.object_id,))
