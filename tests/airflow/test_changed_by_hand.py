"""The stack file and the directory say who may do what: what somebody changes in Airflow is refused or put back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.airflow.browser import Browser
from tests.airflow.people import (
    ADMIN,
    CHANGED_BY_API,
    CHANGED_BY_CLI,
    CHANGED_BY_HAND,
    CHANGED_ROLE,
    EDITOR,
    TestPerson,
)
from tests.airflow.site import Site
from tests.airflow.waiting import until

SEEN = 2.0
"""Seconds until every process of Airflow sees what the database says: one that it is believed, one for the request."""
_GIVE = (
    "INSERT INTO ab_user_role (id, user_id, role_id) SELECT (SELECT coalesce(max(id), 0) + 1 FROM ab_user_role),"
    " ab_user.id, ab_role.id FROM ab_user, ab_role WHERE username = ? AND ab_role.name = ?"
)
_TAKE = (
    "DELETE FROM ab_user_role WHERE user_id = (SELECT id FROM ab_user WHERE username = ?)"
    " AND role_id = (SELECT id FROM ab_role WHERE name = ?)"
)
_ROLE = "SELECT id FROM ab_role WHERE name = ?"
_PAIRS_OF = (
    "SELECT ab_permission.name, ab_view_menu.name FROM ab_permission_view_role"
    " JOIN ab_permission_view ON ab_permission_view.id = permission_view_id"
    " JOIN ab_permission ON ab_permission.id = permission_id JOIN ab_view_menu ON ab_view_menu.id = view_menu_id"
    " JOIN ab_role ON ab_role.id = role_id WHERE ab_role.name = ?"
)


def may_read_connections(site: Site, browser: Browser) -> bool:
    """What Admin may and none of the others."""
    status = site.call(browser, "GET", "/connections").status_code
    assert status in (200, 403)
    return status == 200


def role_changes(site: Site, person: TestPerson) -> list[Mapping[str, Any]]:
    return [extra for event, extra in site.audited(person) if event == "entra_role_change"]


def test_a_role_that_somebody_writes_into_the_database_gives_nothing_and_is_taken_away(site: Site) -> None:
    browser, _ = site.sign_in(CHANGED_BY_HAND)
    before = len(role_changes(site, CHANGED_BY_HAND))
    with site.database() as connection:
        connection.execute(_GIVE, (CHANGED_BY_HAND.object_id, "Admin"))
    assert site.roles_of(CHANGED_BY_HAND) == {"Admin", "Viewer"}

    def put_back() -> bool:
        assert not may_read_connections(site, browser)
        return site.roles_of(CHANGED_BY_HAND) == {"Viewer"}

    until(put_back, SEEN, "the directory's roles are back")
    assert not may_read_connections(site, browser)
    change = role_changes(site, CHANGED_BY_HAND)[before:]
    assert [(one["rolesBefore"], one["roles"]) for one in change] == [(["Admin", "Viewer"], ["Viewer"])]
    assert "by hand" in change[0]["reason"]


def test_a_role_that_somebody_takes_away_in_the_database_is_given_again(site: Site) -> None:
    browser, _ = site.sign_in(CHANGED_BY_HAND)
    with site.database() as connection:
        connection.execute(_TAKE, (CHANGED_BY_HAND.object_id, "Viewer"))
    assert site.roles_of(CHANGED_BY_HAND) == set()
    until(lambda: site.is_signed_in(browser) and site.roles_of(CHANGED_BY_HAND) == {"Viewer"}, SEEN)
    assert site.call(browser, "GET", "/dags").status_code == 200


def test_a_role_that_somebody_deletes_is_made_again_at_once(site: Site) -> None:
    """And once: not at every request of whoever had it."""
    browser, _ = site.sign_in(CHANGED_ROLE)
    before = len(role_changes(site, CHANGED_ROLE))
    with site.database() as connection:
        for table in ("ab_permission_view_role", "ab_user_role"):
            connection.execute(f"DELETE FROM {table} WHERE role_id = ({_ROLE})", ("sales-runner",))  # noqa: S608
        connection.execute("DELETE FROM ab_role WHERE name = ?", ("sales-runner",))
    until(lambda: site.is_signed_in(browser) and site.roles_of(CHANGED_ROLE) == set(CHANGED_ROLE.roles), SEEN)
    assert site.rows(_PAIRS_OF, "sales-runner")
    deadline = time.monotonic() + SEEN
    while time.monotonic() < deadline:
        assert site.is_signed_in(browser)
    change = role_changes(site, CHANGED_ROLE)[before:]
    assert [one["rolesBefore"] for one in change] == [["sales-editor"]]


def test_roles_that_changed_while_nobody_was_signed_in_are_the_directorys_at_the_next_sign_in(site: Site) -> None:
    browser, _ = site.sign_in(CHANGED_BY_HAND)
    site.sign_out(browser)
    with site.database() as connection:
        connection.execute(_GIVE, (CHANGED_BY_HAND.object_id, "Op"))
    browser, _ = site.sign_in(CHANGED_BY_HAND)
    assert site.roles_of(CHANGED_BY_HAND) == {"Viewer"}
    assert not may_read_connections(site, browser)


@pytest.mark.parametrize(
    "command",
    [
        ("users", "add-role", "-u", CHANGED_BY_CLI.object_id, "-r", "Admin"),
        (
            *("users", "create", "-u", "intruder", "-e", "intruder@contoso.com", "-f", "In", "-l", "Truder"),
            *("-r", "Admin", "-p", "not-a-secret"),
        ),
    ],
    ids=["add-role", "create"],
)
def test_airflows_command_line_changes_nobody(site: Site, command: tuple[str, ...]) -> None:
    site.sign_in(CHANGED_BY_CLI)
    done = site.command(*command)
    assert done.returncode != 0
    assert "come from Microsoft Entra" in done.stdout + done.stderr
    assert site.roles_of(CHANGED_BY_CLI) == {"Viewer"}
    assert site.rows("SELECT id FROM ab_user WHERE username = 'intruder'") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"users/{CHANGED_BY_API.object_id}?update_mask=roles"),
        ("POST", "users"),
        ("DELETE", f"users/{CHANGED_BY_API.object_id}"),
        ("PATCH", "roles/sales-editor"),
        ("POST", "roles"),
        ("DELETE", "roles/sales-editor"),
    ],
)
def test_an_admin_cant_change_people_and_roles_by_the_api(site: Site, method: str, path: str) -> None:
    site.sign_in(CHANGED_BY_API)
    admin, _ = site.sign_in(ADMIN)
    before = site.rows("SELECT username FROM ab_user ORDER BY id"), site.rows(_PAIRS_OF, "sales-editor")
    user = {"username": "intruder", "email": "intruder@contoso.com", "first_name": "In", "last_name": "Truder"}
    bodies = {
        "users": {**user, "password": "not-a-secret", "roles": [{"name": "Admin"}]},
        "roles": {"name": "a-role", "actions": [{"action": {"name": "can_read"}, "resource": {"name": "Connections"}}]},
    }
    body = {"roles": [{"name": "Admin"}]} if path.startswith("users/") else bodies[path.split("/")[0].split("?")[0]]
    prefixes = ("/auth/fab/v1",) if site.is_3 else ("/auth/fab/v1", "/api/v1")
    for prefix in prefixes:
        options = {} if method == "DELETE" else {"json": body}
        answer = admin.http.request(method, f"{site.url}{prefix}/{path}", **options)  # type: ignore[arg-type]
        assert answer.status_code in (403, 405), answer.text
    assert (site.rows("SELECT username FROM ab_user ORDER BY id"), site.rows(_PAIRS_OF, "sales-editor")) == before
    assert site.roles_of(CHANGED_BY_API) == {"Viewer"}


@pytest.mark.parametrize("page", ["users/edit/1", "users/add", "users/delete/1", "roles/edit/1", "roles/add"])
def test_there_is_no_page_to_change_people_and_roles_with(site: Site, page: str) -> None:
    admin, _ = site.sign_in(ADMIN)
    prefix = f"{site.url}/auth" if site.is_3 else site.url
    assert admin.get(f"{prefix}/{page}").status == 404
    assert admin.post(f"{prefix}/{page}", {"roles": "1"}).status in (400, 404, 405)
    assert admin.get(f"{prefix}/users/list/").status == 200


@contextmanager
def more_for(site: Site, role: str, pairs: list[tuple[str, str]]) -> Iterator[None]:
    """The role's permissions in the database, changed by somebody."""
    find = (
        "SELECT ab_permission_view.id FROM ab_permission_view JOIN ab_permission ON ab_permission.id = permission_id"
        " JOIN ab_view_menu ON ab_view_menu.id = view_menu_id WHERE ab_permission.name = ? AND ab_view_menu.name = ?"
    )
    with site.database() as connection:
        for pair in pairs:
            (found,) = connection.execute(find, pair).fetchone()
            connection.execute(
                "INSERT INTO ab_permission_view_role (id, permission_view_id, role_id) SELECT"
                " (SELECT max(id) + 1 FROM ab_permission_view_role), ?, id FROM ab_role WHERE name = ?",
                (found, role),
            )
        # And one that it should have is gone.
        gone = (*connection.execute(find, ("can_read", "Website")).fetchone(), role)
        connection.execute(
            "DELETE FROM ab_permission_view_role WHERE permission_view_id = ?"
            " AND role_id = (SELECT id FROM ab_role WHERE name = ?)",
            gone,
        )
    yield
    package = "airflow.providers.fab.www" if site.is_3 else "airflow.www"
    started = site.python("-c", f"from {package}.app import create_app; create_app({'False' if site.is_3 else ''})")
    assert started.returncode == 0, started.stderr


def test_a_custom_roles_permissions_in_the_database_give_nothing_and_are_put_back_at_the_next_start(site: Site) -> None:
    declared = set(site.rows(_PAIRS_OF, "sales-editor"))
    added = [("can_read", "Connections"), ("can_read", "DAGs"), ("can_edit", "DAGs"), ("can_create", "Variables")]
    with more_for(site, "sales-editor", added):
        assert set(site.rows(_PAIRS_OF, "sales-editor")) == declared - {("can_read", "Website")} | set(added)
        for person in (CHANGED_ROLE, EDITOR):
            browser, page = site.sign_in(person)
            assert page.status == 200
            assert not may_read_connections(site, browser)
            answer = site.call(browser, "POST", "/variables", json={"key": "by-sales", "value": "x"})
            assert answer.status_code == 403
            assert site.call(browser, "GET", "/dags/finance_close").status_code == 403
    assert set(site.rows(_PAIRS_OF, "sales-editor")) == declared


@pytest.mark.parametrize("role", ["Viewer", "User", "Op", "Public"])
def test_airflows_own_roles_are_in_the_tables_as_they_are_decided(site: Site, role: str) -> None:
    """What the FAB provider ships decides, and Airflow writes the same into its tables."""
    program = (
        "import json, sys; from airflow_entra_auth.fab.roles import own_pairs; "
        "print(json.dumps(list(own_pairs(sys.argv[1:]))))"
    )
    done = site.python("-c", program, role)
    assert done.returncode == 0, done.stderr
    assert {tuple(pair) for pair in json.loads(done.stdout.splitlines()[-1])} == set(site.rows(_PAIRS_OF, role))
