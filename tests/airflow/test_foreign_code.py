"""A DAG's code has Airflow's database, its secrets and every variable of its process, and becomes nobody with them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.local.airflow import process
from airflow_entra_auth.variables import SESSION_KEY
from tests.airflow.browser import Browser
from tests.airflow.company import KEY, Company
from tests.airflow.conftest import VERSIONS
from tests.airflow.departments import OURS, RUN, have_departments, task_of
from tests.airflow.people import ADMIN, VIEWER
from tests.airflow.site import Site
from tests.airflow.waiting import until

PATIENCE = 240.0
"""Seconds until Airflow has read the file and its code has tried everything."""
_DAG = """
else:
    from datetime import datetime

    from airflow import DAG

    DAG("thief", start_date=datetime(2026, 1, 1), schedule=None)
    steal()
"""
_READ_OFTEN = {
    "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3",
}
_THIEF = Path(__file__).with_name("thief.py")
_WAYS = (
    "a_session_that_is_in_the_table",
    "a_session_that_they_write",
    "their_own_session_with_other_roles",
    "their_own_session_as_somebody_else",
    "their_own_user_as_somebody_else",
    "a_role_of_airflows_with_more_permissions",
    "a_password",
    "a_remember_me_cookie",
)


@pytest.fixture(scope="module", params=VERSIONS, ids=["3.3", "2.11"])
def shared(request: pytest.FixtureRequest, company: Company) -> Iterator[Site]:
    """An Airflow with all its processes, where a Viewer and an Admin are signed in."""
    parts = process.PARTS[3 if request.param == "3.3" else 2]
    site = company.site(
        "pair", request.param, authority=company.tenant.url, kind="shared", parts=parts, changed=_READ_OFTEN
    )
    yield site
    for browser in site.browsers:
        browser.http.close()
    process.stop(site.running.home.folder)


@pytest.fixture(scope="module")
def in_it(shared: Site) -> Browser:
    """The Admin's browser; the Viewer's cookies lie where their code finds them."""
    admin, _ = shared.sign_in(ADMIN)
    viewer, _ = shared.sign_in(VIEWER)
    held = {cookie.name: str(cookie.value) for cookie in viewer.cookies.jar}
    (shared.running.home.folder / "theirs.json").write_text(json.dumps(held))
    assert shared.call(admin, "GET", "/connections").status_code == 200
    assert shared.call(viewer, "GET", "/connections").status_code == 403
    return admin


def test_the_code_of_a_dag_becomes_nobody_with_all_that_its_process_has(shared: Site, in_it: Browser) -> None:
    """In the process of Airflow that reads DAGs, at once after it found the file."""
    home = shared.running.home
    (home.dags / "thief.py").write_text(_THIEF.read_text() + _DAG)
    loot = home.folder / "loot.json"
    until(loot.exists, PATIENCE, "the code of the DAG has tried everything")
    found = json.loads(loot.read_text())
    assert {"AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"} <= set(found["variables"])
    assert SESSION_KEY not in found["variables"]
    assert found["ways"] == dict.fromkeys(_WAYS, False)
    assert shared.call(in_it, "GET", "/connections").status_code == 200, "who is signed in isn't any more"


def test_who_has_the_key_is_somebody(shared: Site, in_it: Browser) -> None:
    """The ways above fail for want of the key alone: a session that is written with it opens what its person may."""
    environment = shared.running.home.environment(0) | dict(shared.environment)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import thief, sqlite3; from contextlib import closing\n"
        "from sqlalchemy import create_engine; from airflow_entra_auth import sessions\n"
        "from airflow_entra_auth.claims import Person\n"
        "with thief.database() as connection:\n"
        "    admin = thief.sessions_of(connection, 'Admin')[0]\n"
        "    with create_engine(thief.ENVIRONMENT['AIRFLOW__DATABASE__SQL_ALCHEMY_CONN']).begin() as engine:\n"
        "        person = Person(admin['tenant_id'], admin['object_id'], '', None, '', guest=False)\n"
        "        begun = sessions.start(\n"
        "            engine, person, admin['user_id'], sid=None, lifetime=900, at=admin['signed_in_at']\n"
        "        )\n"
        "    ways = thief.everywhere(connection, admin['user_id'], begun.handle)\n"
        "    print([thief.is_somebody(way) for way in ways])\n"
    )
    server = {"AIRFLOW__API__BASE_URL" if shared.is_3 else "AIRFLOW__WEBSERVER__BASE_URL": shared.url}
    done = subprocess.run(
        [shared.running.home.python, "-c", program, str(_THIEF.parent)],
        env=environment | server,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = [False, False, True, True, True, True] if shared.is_3 else [False, False, True, True, False, True]
    assert json.loads(done.stdout.lower()) == expected


def test_a_task_log_named_by_the_database_is_no_file_of_the_server(site: Site) -> None:
    """Its own variables, for example, which have the key."""
    have_departments(site)
    browser, _ = site.sign_in(VIEWER)
    (number, before) = site.rows("SELECT id, filename FROM log_template ORDER BY id DESC LIMIT 1")[0]
    path = f"/dags/{OURS}/dagRuns/{RUN}/taskInstances/{task_of(site, OURS)}/logs/1"
    with site.database() as connection:
        up = "../" * len(site.running.home.folder.parts) * 2
        connection.execute("UPDATE log_template SET filename = ? WHERE id = ?", (f"{up}proc/self/environ", number))
        ran = "UPDATE task_instance SET try_number = 1, state = 'success' WHERE dag_id = ? AND run_id = ?"
        connection.execute(ran, (OURS, RUN))
    try:
        shown = site.call(browser, "GET", path)
        assert shown.status_code == 200
        assert SESSION_KEY not in shown.text
        assert KEY not in shown.text
        # 2.11 asks its database for no template, unless [logging] use_historical_filename_templates says so.
        assert ("does more than name a log" in site.log()) == site.is_3
    finally:
        with site.database() as connection:
            connection.execute("UPDATE log_template SET filename = ? WHERE id = ?", (before, number))


def test_no_log_shows_the_key(shared: Site) -> None:
    for file in shared.running.home.logs.rglob("*.log"):
        assert KEY not in file.read_text(errors="replace"), file
    assert os.environ.get(SESSION_KEY) is None
