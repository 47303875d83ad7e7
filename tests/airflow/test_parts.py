"""Parts that need Airflow's libraries and no Airflow that runs: by its own interpreter, on both versions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.local.airflow.environment import environment_for
from airflow_entra_auth.variables import SESSION_KEY
from tests.airflow.company import KEY
from tests.airflow.conftest import VERSIONS
from tests.airflow.postgres import postgres

_TOO_LATE = """
import sys, time
from unittest import mock

from flask import Flask

from airflow_entra_auth.fab.begun import Beginnings, Begun
from airflow_entra_auth.fab.entra import EntraClient, SignInError

now = time.time()
with mock.patch("time.time", lambda: now - int(sys.argv[1])):
    name, value = Beginnings({}).room_for(Begun("s", "n", "v", "/", time.time()), start_page="/")
found = Beginnings({name: value}).of("s")
with Flask("test").test_request_context("/?state=s&error=access_denied"):
    try:
        EntraClient(None, None).arrive(found and found[1])
    except SignInError as error:
        print(error.title)
"""

_FASTER = """
import sqlalchemy as sa

from airflow_entra_auth.tables import create_tables, metadata

engine, other = (sa.create_engine("sqlite:///tables.db") for _ in range(2))


@sa.event.listens_for(engine, "before_cursor_execute")
def another_process(connection, cursor, statement, *_):
    for table in metadata.sorted_tables:
        if f"CREATE TABLE {table.name} (" in statement:
            table.create(other)


create_tables(engine)
print(*sorted(sa.inspect(engine).get_table_names()))
"""

_DUE = """
import time
from unittest import mock

import sqlalchemy as sa

from airflow_entra_auth import refresh_tokens
from airflow_entra_auth.claims import Person
from airflow_entra_auth.keyring import OtherKeyError, parse
from airflow_entra_auth.sessions import start
from airflow_entra_auth.tables import REFRESH_TOKENS, create_tables
from airflow_entra_auth.watch.refresh_store import RefreshStore

engine, now = sa.create_engine("sqlite:///due.db"), int(time.time())
create_tables(engine)
names = {}
with engine.begin() as connection:
    for name, at in (("old", now - 400), ("new", now - 10), ("of-a-wrong-clock", now + 3600), ("nearly", now + 30),
                     ("touched", now - 400), ("another's", now - 400)):
        person = Person("t", name, name, None, name, guest=False)
        begun = start(connection, person, 1, sid=None, lifetime=9000, at=now - 400)
        names[name] = begun.id
        with mock.patch("time.time", lambda: at):
            refresh_tokens.keep(connection, begun.id, f"token of {name}")
    tokens = REFRESH_TOKENS
    connection.execute(sa.update(tokens).where(tokens.c.session_id == names["touched"]).values(tried_at=now))
    newest = sa.select(tokens.c.token).where(tokens.c.session_id == names["new"]).scalar_subquery()
    connection.execute(sa.update(tokens).where(tokens.c.session_id == names["another's"]).values(token=newest))
store = RefreshStore(engine, "t", None, None)
for held in sorted(store.due(now - 300), key=lambda held: held.object_id):
    print(held.object_id, store.unseal(held), sep=": ")
with mock.patch("airflow_entra_auth.sessions.keyring", lambda: parse("b" * 43)):
    try:
        RefreshStore(engine, "t", None, None).due(now - 300)
    except OtherKeyError as error:
        print(error)
"""


_EMPTY = """
import sys
import sqlalchemy as sa

with sa.create_engine(sys.argv[1]).begin() as connection:
    connection.execute(sa.text("DROP SCHEMA public CASCADE"))
    connection.execute(sa.text("CREATE SCHEMA public"))
"""
_OF_0_1_0 = """
import sys
import sqlalchemy as sa

from airflow_entra_auth import identities, sessions
from airflow_entra_auth.tables import IDENTITIES, SESSIONS, create_tables, metadata

engine, other = (sa.create_engine(sys.argv[1]) for _ in range(2))
newer = {"mac", "signed_in_roles"}
old = sa.MetaData()
for table in metadata.sorted_tables:
    if "lease" not in table.name:
        sa.Table(table.name, old, *(column._copy() for column in table.columns if column.name not in newer))
old.create_all(engine)
row = {"id": "a" * 32, "user_id": 1, "tenant_id": "t", "object_id": "o", "sid": None, "signed_in_at": 1}
with engine.begin() as connection:
    for number, ends_at in enumerate((2, 4_000_000_000)):
        connection.execute(sa.insert(old.tables[SESSIONS.name]).values(row | {"id": f"{number}", "ends_at": ends_at}))
    person = {key: row[key] for key in ("user_id", "tenant_id", "object_id")}
    person |= {"roles": '["Admin"]', "display_name": "", "updated_at": 9}
    connection.execute(sa.insert(old.tables[IDENTITIES.name]).values(person))


@sa.event.listens_for(engine, "before_cursor_execute")
def another_process(connection, cursor, statement, *_):
    if statement.startswith("ALTER TABLE") and sys.argv[2:]:
        with other.begin() as another:
            another.execute(sa.text(statement))


create_tables(engine)
create_tables(engine)
with engine.begin() as connection:
    print(sessions.end_of_older_releases(connection, "t"), sessions.end_of_older_releases(connection, "t"))
    print([tuple(row) for row in connection.execute(sa.select(SESSIONS.c.id, SESSIONS.c.why_ended).order_by("id"))])
    print(identities.people(connection, "t")["o"])
"""


@pytest.fixture(params=VERSIONS, ids=["3.3", "2.11"])
def python(request: pytest.FixtureRequest) -> Path:
    return environment_for(request.param)


@pytest.mark.parametrize(
    ("seconds", "title"), [(3590, "The directory did not let you in"), (3602, "This sign-in can't be finished")]
)
def test_a_sign_in_may_take_an_hour(python: Path, tmp_path: Path, seconds: int, title: str) -> None:
    assert _said(python, tmp_path, _TOO_LATE, str(seconds)) == title


def test_another_process_may_be_faster_with_every_table(python: Path, tmp_path: Path) -> None:
    tables = ("identity", "refresh", "session", "watch", "watch_lease")
    assert _said(python, tmp_path, _FASTER).split() == [f"airflow_entra_{table}" for table in tables]


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.mark.parametrize("at_once", [(), ("at-once",)], ids=["alone", "at once"])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_tables_of_0_1_0_are_taken_over_and_its_sessions_end(
    python: Path, tmp_path: Path, request: pytest.FixtureRequest, database: str, at_once: tuple[str, ...]
) -> None:
    url = f"sqlite:///{tmp_path / 'tables.db'}"
    if database == "postgresql":
        url = f"{request.getfixturevalue('postgres_url')}"
        _said(python, tmp_path, _EMPTY, url)
    ended, rows, person = _said(python, tmp_path, _OF_0_1_0, url, *at_once).splitlines()
    assert ended == "['o'] []"
    assert rows == "[('0', None), ('1', 'begun by an older release')]"
    assert person == "Known(roles=('Admin',), signed_in_roles=None, genuine=False)"


def _said(python: Path, folder: Path, script: str, *arguments: str) -> str:
    command = [str(python), "-c", script, *arguments]
    environment = {"AIRFLOW_HOME": str(folder), "PATH": str(python.parent), SESSION_KEY: KEY}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_neither_a_wrong_clock_nor_a_hand_in_the_database_keeps_a_session_from_being_tried(
    python: Path, tmp_path: Path
) -> None:
    """`tried_at` was written anew by hand in one row, and a token of another session's row into one. A process with
    another key tries, and ends, nothing."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", _DUE],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, SESSION_KEY: KEY},
    )
    *due, other_key = done.stdout.splitlines() or [done.stderr]
    assert due == [
        "another's: None",
        "of-a-wrong-clock: token of of-a-wrong-clock",
        "old: token of old",
        "touched: token of touched",
    ]
    assert other_key.startswith(f"none of Airflow's 6 live sessions was made with the key in {SESSION_KEY}: give this ")
