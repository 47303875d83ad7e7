"""Airflow's users from before, made the people that a reviewed file says they are.

`python -m airflow_entra_auth.link FILE` in Airflow's own environment says what it would do; with `--apply` it does all
of it, or nothing. FILE is what `airflow-entra import --users REVIEWED --apply` printed: a person has decided each line.

A row that is linked keeps its number, and with it what hangs on it (notes on runs). It keeps no right: roles and the
password go, and the next sign-in gives the roles of the person's groups. So a wrong line costs a past, never access.
Without a link nothing is lost either: at the first sign-in the old row is set aside, and stays readable.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from airflow_entra_auth.ending import StopError, ended
from airflow_entra_auth.tables import IDENTITIES

_SCHEMA = 1
_MOST_BYTES = 64 * 1024 * 1024


class LinksError(StopError):
    """The file can't be used; the message says why. Nothing was written."""


@dataclass(frozen=True)
class Link:
    user_name: str
    email: str
    user_id: int | None
    object_id: str


@dataclass(frozen=True)
class Outcome:
    """`done` and `problems` are lines for people; nothing is written where there is a problem."""

    done: tuple[str, ...]
    problems: tuple[str, ...]


def read_links(text: str, tenant_id: str) -> list[Link]:
    """The file's links. Raises LinksError."""
    try:
        content = json.loads(text)
        if content["schema"] != _SCHEMA:
            raise LinksError(f"it has schema {content['schema']}, and this release reads {_SCHEMA}")
        links = [_link(one) for one in content["links"]]
        tenant = content["tenantId"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise LinksError("it is not what `airflow-entra import --users REVIEWED --apply` prints") from None
    if tenant != tenant_id:
        raise LinksError("it is about another tenant than the one that this Airflow signs people in with")
    if len({link.object_id for link in links}) != len(links):
        raise LinksError("one person is in it twice; each has one user")
    return links


def _link(one: Mapping[str, Any]) -> Link:
    number = one.get("userId")
    link = Link(str(one["userName"]), str(one.get("email") or ""), number, str(one["objectId"]).lower())
    if not (number is None or isinstance(number, int)) or len(link.object_id) != 36 or not link.user_name:
        raise ValueError("no link")
    return link


def link_users(connection: Connection, tenant_id: str, links: Sequence[Link], *, apply: bool) -> Outcome:
    """In the connection's transaction, which the caller commits where there are no problems. Raises SQLAlchemyError."""
    tables = _Tables(connection)
    done: list[str] = []
    problems: list[str] = []
    rows: dict[int, Link] = {}
    for link in links:
        found = tables.row(link)
        person = tables.identity(tenant_id, link.object_id)
        if found is None and person is not None and person.user_id == link.user_id:
            done.append(f"{link.user_name}: linked already")
        elif found is None:
            problems.append(f"{link.user_name}: Airflow has no such user now; take it out of the file")
        elif person is not None or tables.is_taken(link.object_id):
            problems.append(f"{link.user_name}: {link.object_id} has signed in and has a user already; write leave")
        elif tables.is_somebodys(found.id):
            problems.append(f"{link.user_name}: it is a person's already; write leave")
        elif found.id in rows:
            problems.append(f"{link.user_name}: it is in the file twice")
        else:
            rows[found.id] = link
            done.append(f"{link.user_name}: user {found.id} {'is' if apply else 'would become'} {link.object_id}")
    if apply and not problems:
        for user_id, link in rows.items():
            tables.link(user_id, tenant_id, link.object_id)
    return Outcome(tuple(done), tuple(problems))


class _Tables:
    """Airflow's tables of users with the columns that this release has."""

    def __init__(self, connection: Connection) -> None:
        self._connection, metadata = connection, sa.MetaData()
        there = sa.inspect(connection).get_table_names()
        self._users = sa.Table("ab_user", metadata, autoload_with=connection)
        self._given = [
            sa.Table(name, metadata, autoload_with=connection)
            for name in ("ab_user_role", "ab_user_group")
            if name in there
        ]

    def row(self, link: Link) -> Any:
        """The row that the file was written about: its name, its address and, where the file has it, its number."""
        columns = self._users.c
        which = (columns.username == link.user_name) & (sa.func.lower(columns.email) == link.email.lower())
        if link.user_id is not None:
            which &= columns.id == link.user_id
        found = self._connection.execute(sa.select(columns.id, columns.username).where(which)).all()
        return found[0] if len(found) == 1 else None

    def identity(self, tenant_id: str, object_id: str) -> Any:
        columns = IDENTITIES.c
        which = (columns.tenant_id == tenant_id) & (columns.object_id == object_id)
        return self._connection.execute(sa.select(columns.user_id).where(which)).first()

    def is_somebodys(self, user_id: int) -> bool:
        which = IDENTITIES.c.user_id == user_id
        return self._connection.execute(sa.select(IDENTITIES.c.user_id).where(which)).first() is not None

    def is_taken(self, object_id: str) -> bool:
        which = sa.func.lower(self._users.c.username) == object_id
        return self._connection.execute(sa.select(self._users.c.id).where(which)).first() is not None

    def link(self, user_id: int, tenant_id: str, object_id: str) -> None:
        users = self._users
        self._connection.execute(
            sa.update(users).where(users.c.id == user_id).values(username=object_id, password=None)
        )
        for given in self._given:
            self._connection.execute(sa.delete(given).where(given.c.user_id == user_id))
        # Without a MAC, for which the key would be needed: the row gives nothing before its person signs in.
        values = {"display_name": "", "roles": "[]", "updated_at": int(time.time())}
        self._connection.execute(
            sa.insert(IDENTITIES).values(user_id=user_id, tenant_id=tenant_id, object_id=object_id, **values)
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 where a line can't be done, and then none is; 2 where the file, the sign-on file or the database can't be
    read."""
    parser = argparse.ArgumentParser(prog="python -m airflow_entra_auth.link", description=__doc__, allow_abbrev=False)
    parser.add_argument("file", type=Path, help="what `airflow-entra import --users REVIEWED --apply` printed")
    parser.add_argument("--apply", action="store_true", help="do it; else it is only said what would be done")
    options = parser.parse_args(arguments)
    from airflow import settings

    from airflow_entra_auth.sign_on import sign_on
    from airflow_entra_auth.tables import create_tables

    rules = sign_on()
    try:
        links = read_links(_text(options.file), rules.tenant_id)
    except LinksError as error:
        raise LinksError(f"{options.file}: {error}") from error
    create_tables(settings.engine)
    with settings.engine.connect() as connection, connection.begin() as transaction:
        outcome = link_users(connection, rules.tenant_id, links, apply=options.apply)
        if outcome.problems or not options.apply:
            transaction.rollback()
    lines = outcome.problems or outcome.done
    sys.stdout.write("".join(f"{ascii(line)[1:-1]}\n" for line in lines))
    return 1 if outcome.problems else 0


def _text(file: Path) -> str:
    try:
        with file.open("rb") as source:
            content = source.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise LinksError("it is larger than 64 MiB")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise LinksError(f"it can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LinksError("it is not UTF-8 text") from None


if __name__ == "__main__":
    sys.exit(ended("airflow_entra_auth.link", main))
