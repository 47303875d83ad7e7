"""What Airflow wrote down leads each run and each task's log to who is behind it, on both versions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from airflow_entra.audit.actors import Actors
from airflow_entra.audit.records import Records, parse
from tests.airflow.departments import OURS, RUN, have_departments, trigger_body
from tests.airflow.people import ADMIN, EDITOR
from tests.airflow.site import Site

SECRET, VALUE = "hunter2-of-the-warehouse", "fourty-two-thousand"


@pytest.fixture(scope="module")
def asked(site: Site) -> tuple[Site, str]:
    """Somebody let a DAG run, triggered it, cleared a run of somebody else, and made a connection and a variable."""
    have_departments(site)
    editor, _ = site.sign_in(EDITOR)
    admin, _ = site.sign_in(ADMIN)
    body = trigger_body(site)
    for browser, method, path, asked in (
        (editor, "PATCH", f"/dags/{OURS}", {"is_paused": False}),
        (editor, "POST", f"/dags/{OURS}/dagRuns", body),
        (
            admin,
            "POST",
            "/connections",
            {"connection_id": f"c{datetime.now(UTC):%H%M%S%f}", "conn_type": "http", "password": SECRET},
        ),
        (admin, "POST", "/variables", {"key": f"v{datetime.now(UTC):%H%M%S%f}", "value": VALUE}),
        (admin, "PATCH", f"/dags/{OURS}", {"is_paused": True}),
    ):
        done = site.call(browser, method, path, json=asked)
        assert done.is_success, done.text
    return site, str(body["dag_run_id"])


@pytest.fixture(scope="module")
def text(asked: tuple[Site, str]) -> str:
    site, _ = asked
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    said = site.python("-m", "airflow_entra_auth.records", "--since", since)
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.fixture(scope="module")
def records(text: str) -> Records:
    return parse(text.splitlines(), "records")


def test_they_say_whose_they_are(asked: tuple[Site, str], records: Records) -> None:
    site, _ = asked
    assert (records.url, records.stack) == (site.url, site.stack)
    assert records.version == site.running.home.version


def test_a_run_leads_to_who_triggered_it(asked: tuple[Site, str], records: Records) -> None:
    _, run_id = asked
    actors = Actors(records)
    (run,) = [one for one in records.runs if one.run_id == run_id]
    found = actors.of_run(run)
    assert (found.kind, found.object_id, found.name) == ("person", EDITOR.object_id, EDITOR.display_name)
    (others,) = [one for one in records.runs if (one.dag_id, one.run_id) == (OURS, RUN)]
    assert actors.of_run(others).object_id == ADMIN.object_id


def test_who_paused_and_unpaused_is_known(records: Records) -> None:
    moved = [
        (one.owner, one.about["paused"]) for one in records.actions if one.dag_id == OURS and "paused" in one.about
    ]
    assert moved[-2:] == [(EDITOR.object_id, False), (ADMIN.object_id, True)]


def test_people_have_an_identity_and_no_password(records: Records) -> None:
    by_name = {user.user_name: user for user in records.users}
    editor = by_name[EDITOR.object_id]
    assert editor.identity is not None
    assert (editor.identity.object_id, editor.identity.roles) == (EDITOR.object_id, EDITOR.roles)
    assert (editor.roles, editor.has_password, editor.active) == (EDITOR.roles, False, True)
    assert any(one.object_id == EDITOR.object_id for one in records.sessions)


def test_no_value_is_in_them(asked: tuple[Site, str], text: str) -> None:
    """2.11 keeps a variable's value in its own log."""
    site, _ = asked
    (kept,) = site.rows("SELECT count(*) FROM log WHERE extra LIKE ?", f"%{VALUE}%")
    assert SECRET not in text
    assert VALUE not in text
    assert any('"post_variable"' in line or '"api.variable.create"' in line for line in text.splitlines())
    assert bool(kept[0]) is not site.is_3


def test_an_account_that_nobody_signed_in_with_is_no_person(asked: tuple[Site, str]) -> None:
    site, _ = asked
    with site.database() as connection:
        connection.execute(
            "INSERT INTO ab_user (first_name, last_name, username, email, active, password)"
            " VALUES ('Old', 'Account', 'old', 'old@contoso.com', 1, 'scrypt:...')"
        )
    try:
        said = site.python("-m", "airflow_entra_auth.records", "--since", "2026-01-01")
    finally:
        with site.database() as connection:
            connection.execute("DELETE FROM ab_user WHERE username = 'old'")
    (old,) = [one for one in map(json.loads, said.stdout.splitlines()) if one.get("userName") == "old"]
    assert (old["identity"], old["hasPassword"]) == (None, True)


def test_a_missing_sign_on_file_is_said(asked: tuple[Site, str]) -> None:
    site, _ = asked
    said = site.python(
        "-c",
        "import os; os.environ['AIRFLOW_ENTRA_SIGN_ON'] = '/nowhere.json'\n"
        "from airflow_entra_auth.ending import ended\n"
        "from airflow_entra_auth.records import main\n"
        "raise SystemExit(ended('records', lambda: main(['--since', '2026-01-01'])))",
    )
    assert said.returncode == 2
    assert "/nowhere.json" in said.stderr
    assert "Traceback" not in said.stderr
