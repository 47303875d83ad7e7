"""Who somebody is and what they may do follows the directory: at the next sign-in, and no longer than that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.airflow.browser import Browser
from tests.airflow.company import Company
from tests.airflow.leftovers import forget
from tests.airflow.people import (
    ADMIN,
    DISABLED,
    DISMISSED,
    EDITOR,
    GUEST,
    NEWCOMER,
    NO_EMAIL,
    NOBODY,
    PEOPLE,
    PROMOTED,
    REMOVED,
    RENAMED,
    UNICODE,
    UNMATCHED,
    VIEWER,
    TestPerson,
)
from tests.airflow.site import Site
from tests.airflow.waiting import until

STACK = "pair"
CONTACT = "data-platform@contoso.com"
DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
"""The app role of who is assigned to an application without a role of its own."""
SEEN = 3
"""Seconds until every process of Airflow has heard of it."""


# --- names and addresses ---


def test_a_name_is_shown_as_it_is_written(site: Site) -> None:
    browser, page = site.sign_in(UNICODE)
    assert page.status == 200
    ((first, last),) = site.rows("SELECT first_name, last_name FROM ab_user WHERE username = ?", UNICODE.object_id)
    assert f"{first} {last}" == UNICODE.display_name
    admin, _ = site.sign_in(ADMIN)
    users = admin.get(f"{site.url}{'/auth' if site.is_3 else ''}/users/list/")
    assert users.status == 200, users.text
    assert UNICODE.display_name.partition(" ")[2] in users.text
    assert "<b>'" not in users.response.text
    if site.is_3:
        assert browser.http.get(f"{site.url}/ui/auth/me").json()["username"] == UNICODE.object_id


def test_somebody_without_an_address_signs_in(site: Site) -> None:
    browser, page = site.sign_in(NO_EMAIL)
    assert page.status == 200
    assert site.is_signed_in(browser)
    assert site.roles_of(NO_EMAIL) == {"Viewer"}
    ((email,),) = site.rows("SELECT email FROM ab_user WHERE username = ?", NO_EMAIL.object_id)
    others = {person.address for person in PEOPLE if person != NO_EMAIL}
    assert email
    assert email not in others


def test_name_and_address_are_kept_current(site: Site, company: Company) -> None:
    site.sign_in(RENAMED)
    before = _shown(site, RENAMED)
    assert before == ("Rena Old", RENAMED.address)
    with _changed(company, RENAMED, displayName="Rena Neu-Świąt", mail="rena.new@contoso.com"):
        site.sign_in(RENAMED)
        assert _shown(site, RENAMED) == ("Rena Neu-Świąt", "rena.new@contoso.com")
    with _changed(company, RENAMED, userPrincipalName="rena.new@contoso.com"):
        renamed = TestPerson("rena.new", "")
        _, page = site.sign_in(renamed)
        assert page.status == 200, page.text
        assert site.roles_of(RENAMED) == {"Viewer"}, "it is still the same person"
    site.sign_in(RENAMED)
    assert _shown(site, RENAMED) == before


def test_a_first_sign_in_in_several_windows_at_once_makes_one_person(site: Site) -> None:
    forget(site, NEWCOMER)
    browsers = [site.browser() for _ in range(4)]
    callbacks = [site.sign_in(NEWCOMER, one, until=site.callback_url)[1].hops[-1] for one in browsers]
    with ThreadPoolExecutor(len(browsers)) as windows:
        pages = list(windows.map(Browser.get, browsers, callbacks))
    assert [page.status for page in pages] == [200] * len(browsers), [page.text for page in pages]
    assert len(site.rows("SELECT id FROM ab_user WHERE username = ?", NEWCOMER.object_id)) == 1
    assert site.roles_of(NEWCOMER) == {"Viewer"}
    assert all(site.is_signed_in(one) for one in browsers)


# --- roles ---


def test_another_group_is_another_role_at_the_next_sign_in(site: Site, company: Company) -> None:
    old, _ = site.sign_in(PROMOTED)
    written = len(site.audited(PROMOTED))
    assert site.roles_of(PROMOTED) == {"Viewer"}
    assert not _may_see_connections(site, old)
    company.leave(PROMOTED, STACK, "Viewer")
    company.join(PROMOTED, STACK, "Op")
    try:
        assert site.roles_of(PROMOTED) == {"Viewer"}
        new, _ = site.sign_in(PROMOTED)
        assert site.roles_of(PROMOTED) == {"Op"}
        assert _may_see_connections(site, new)
    finally:
        company.leave(PROMOTED, STACK, "Op")
        company.join(PROMOTED, STACK, "Viewer")
    # And back: what the role gave is gone from the browser that was there, too.
    site.sign_in(PROMOTED)
    assert site.roles_of(PROMOTED) == {"Viewer"}
    until(lambda: not _may_see_connections(site, new), SEEN)
    changes = [extra for event, extra in site.audited(PROMOTED)[written:] if event == "entra_role_change"]
    assert [(one["rolesBefore"], one["roles"]) for one in changes] == [(["Viewer"], ["Op"]), (["Op"], ["Viewer"])]
    assert changes[-1]["signInName"] == PROMOTED.user_name


def test_who_left_every_group_is_refused_by_entra(site: Site, company: Company) -> None:
    site.sign_in(REMOVED)
    company.leave(REMOVED, STACK, "Op")
    try:
        browser, page = site.sign_in(REMOVED)
        assert "AADSTS50105" in page.text
        assert not site.is_signed_in(browser)
    finally:
        company.join(REMOVED, STACK, "Op")


def test_who_has_no_role_is_told_why_and_loses_what_they_had(site: Site, company: Company) -> None:
    """Assigned to the application without a role: Entra lets them through, and Airflow doesn't."""
    old, _ = site.sign_in(UNMATCHED)
    written = len(site.audited(UNMATCHED))
    assert site.is_signed_in(old)
    assert site.roles_of(UNMATCHED) == {"Op"}
    with _assigned_without_a_role(company, UNMATCHED):
        company.leave(UNMATCHED, STACK, "Op")
        try:
            new, page = site.sign_in(UNMATCHED)
        finally:
            company.join(UNMATCHED, STACK, "Op")
    assert page.status == 403
    assert UNMATCHED.user_name in page.text
    assert "nothing gives you a role" in page.text
    assert CONTACT in page.text
    assert not site.is_signed_in(new)
    until(lambda: not site.is_signed_in(old), SEEN, "the old browser is out")
    assert site.roles_of(UNMATCHED) == set()
    (refused,) = [one for event, one in site.audited(UNMATCHED)[written:] if event == "entra_sign_in_refused"]
    assert refused["rolesBefore"] == ["Op"]
    assert refused["roles"] == []
    assert refused["reason"].startswith("no_role")
    back, _ = site.sign_in(UNMATCHED)
    assert site.is_signed_in(back)
    assert site.roles_of(UNMATCHED) == {"Op"}


def test_a_guest_is_refused_where_the_stack_says_so(site: Site) -> None:
    written = len(site.audited(GUEST))
    browser, page = site.sign_in(GUEST)
    assert page.status == 403
    assert "a guest of this organisation" in page.text
    assert CONTACT in page.text
    assert not site.is_signed_in(browser)
    assert not site.rows("SELECT 1 FROM ab_user WHERE username = ?", GUEST.object_id)
    ((event, extra),) = site.audited(GUEST)[written:]
    assert event == "entra_sign_in_refused"
    assert extra["guest"] is True
    assert extra["reason"].startswith("guest")


@pytest.mark.parametrize("person", [DISABLED, DISMISSED], ids=["from the start", "afterwards"])
def test_a_disabled_account_is_refused_by_entra(site: Site, company: Company, person: TestPerson) -> None:
    if person.enabled:
        assert site.is_signed_in(site.sign_in(person)[0])
        company.disable(person)
    try:
        browser, page = site.sign_in(person)
    finally:
        if person.enabled:
            company.enable(person)
    assert "AADSTS50057" in page.text
    assert not site.is_signed_in(browser)


def test_nobody_has_a_role_that_no_group_gives(site: Site) -> None:
    """Stock FAB adds its registration role to everybody."""
    for person in (VIEWER, EDITOR, NEWCOMER):
        forget(site, person)
        site.sign_in(person)
        assert site.roles_of(person) == set(person.roles)
        given = site.rows("SELECT roles FROM airflow_entra_identity WHERE object_id = ?", person.object_id)
        assert [json.loads(roles) for (roles,) in given] == [list(person.roles)]


# --- the audit log ---


def test_a_sign_in_is_written_down_with_who_it_is(site: Site) -> None:
    site.sign_in(VIEWER)
    written = len(site.audited(VIEWER))
    site.sign_in(VIEWER)
    ((event, extra),) = site.audited(VIEWER)[written:]
    assert event == "entra_sign_in"
    assert extra["objectId"] == VIEWER.object_id
    assert extra["signInName"] == VIEWER.user_name
    assert extra["roles"] == ["Viewer"]
    assert extra["guest"] is False
    admin, _ = site.sign_in(ADMIN)
    listed = site.call(admin, "GET", "/eventLogs", params={"owner": VIEWER.object_id, "order_by": "-event_log_id"})
    assert listed.status_code == 200, listed.text
    assert "entra_sign_in" in {one["event"] for one in listed.json()["event_logs"]}


def test_no_token_and_no_secret_is_written_down(site: Site) -> None:
    site.sign_in(NOBODY)
    site.sign_in(GUEST)
    server = "api-server" if site.is_3 else "webserver"
    written = (site.running.home.logs / f"{server}.log").read_text(errors="replace")
    written += json.dumps(site.rows("SELECT event, owner, extra FROM log"))
    assert "entra_sign_in" in written
    assert not re.search(r"eyJ[\w-]+\.eyJ", written)
    assert site.environment["AZURE_CLIENT_SECRET"] not in written


def _shown(site: Site, person: TestPerson) -> tuple[str, str]:
    query = "SELECT first_name || ' ' || last_name, email FROM ab_user WHERE username = ?"
    ((name, email),) = site.rows(query, person.object_id)
    return name, email


@contextmanager
def _changed(company: Company, person: TestPerson, **properties: str) -> Iterator[None]:
    before = {"displayName": person.display_name, "mail": person.address, "userPrincipalName": person.user_name}
    company.people_team.patch(f"/users/{person.object_id}", properties)
    try:
        yield
    finally:
        company.people_team.patch(f"/users/{person.object_id}", {name: before[name] for name in properties})


@contextmanager
def _assigned_without_a_role(company: Company, person: TestPerson) -> Iterator[None]:
    principal = company.world.outputs(STACK)["servicePrincipalObjectId"]
    assignments = f"/servicePrincipals/{principal}/appRoleAssignedTo"
    ids = {"principalId": person.object_id, "resourceId": principal, "appRoleId": DEFAULT_ACCESS}
    made = company.graph.post(assignments, ids)
    try:
        yield
    finally:
        company.graph.delete(f"{assignments}/{made['id']}")


def _may_see_connections(site: Site, browser: Browser) -> bool:
    return site.call(browser, "GET", "/connections").status_code == 200
