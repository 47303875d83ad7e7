"""What assignments, the application itself and revoked sign-ins do to open sessions, on real Airflows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.airflow.company import Company
from tests.airflow.people import REVOKED, SHUT_OUT, UNASSIGNED, UNASSIGNED_IN_PART, UNASSIGNED_UNDER_WAY
from tests.airflow.site import Site
from tests.airflow.test_watch import SOON, STACK, Holder, events
from tests.airflow.waiting import until
from tests.airflow.watcher import Watcher, watching


@pytest.fixture(scope="module")
def watcher(site: Site) -> Iterator[Watcher]:
    with watching(site, "watch-assignments") as watcher:
        yield watcher.wait()


@contextmanager
def unassigned(company: Company, role: str) -> Iterator[dict[str, Any]]:
    """The role's group without its assignment."""
    assignment = company.unassign(STACK, role)
    try:
        yield assignment
    finally:
        company.assign(assignment)


def looked_at_twice(watcher: Watcher, asked: float) -> None:
    """Until whatever changed since so many people had been asked about was applied, and asked about again."""
    until(lambda: watcher.metric("people_checked_total") >= asked + 2, 2 * SOON, watcher.log)


def test_a_member_of_a_group_without_its_assignment_stays_what_the_token_said(
    site: Site, company: Company, watcher: Watcher
) -> None:
    asked = watcher.metric("people_checked_total")
    with unassigned(company, "Admin"):
        company.join(UNASSIGNED, STACK, "Admin")
        try:
            had = Holder(site, UNASSIGNED)
            assert site.roles_of(UNASSIGNED) == {"Viewer"}
            looked_at_twice(watcher, asked)
            assert site.roles_of(UNASSIGNED) == {"Viewer"}
            assert not any("Admin" in extra.get("roles", ()) for _, extra in site.audited(UNASSIGNED)), "never"
            assert any(had.ways_in())
        finally:
            company.leave(UNASSIGNED, STACK, "Admin")


def test_an_assignment_that_is_deleted_takes_the_role_out_of_open_sessions_and_a_new_one_gives_it(
    site: Site, company: Company, watcher: Watcher
) -> None:
    loses_all, keeps_one = Holder(site, UNASSIGNED_UNDER_WAY), Holder(site, UNASSIGNED_IN_PART)
    with unassigned(company, "sales-runner"):
        until(loses_all.is_out, SOON, watcher.log)
        until(lambda: site.roles_of(UNASSIGNED_IN_PART) == {"Viewer"}, SOON, watcher.log)
        assert any(keeps_one.ways_in())
        assert events(site, UNASSIGNED_UNDER_WAY)[-2:] == ["entra_role_change", "entra_sign_out"]
    until(lambda: site.roles_of(UNASSIGNED_IN_PART) == {"Viewer", "sales-runner"}, SOON, watcher.log)
    until(lambda: site.roles_of(UNASSIGNED_UNDER_WAY) == {"sales-runner"}, SOON, watcher.log)
    assert loses_all.is_out(), "no session comes back"
    (reason,) = [extra["reason"] for _, extra in site.audited(UNASSIGNED_IN_PART)[-1:]]
    assert "which is assigned the app role sales-runner" in reason


def test_a_disabled_application_ends_every_session(site: Site, company: Company, watcher: Watcher) -> None:
    had, other = Holder(site, SHUT_OUT), Holder(site, REVOKED)
    company.switch_application(STACK, False)
    try:
        until(had.is_out, SOON, watcher.log)
        until(other.is_out, SOON, watcher.log)
        assert site.audited(SHUT_OUT)[-1][1]["reason"] == "directory: application disabled in the directory"
    finally:
        company.switch_application(STACK, True)
    until(lambda: site.roles_of(SHUT_OUT) == {"Viewer"}, SOON, watcher.log)
    assert had.is_out()


def test_revoked_sign_ins_end_the_sessions_from_before(site: Site, company: Company, watcher: Watcher) -> None:
    had = Holder(site, REVOKED)
    company.sign_out_everywhere(REVOKED)
    until(had.is_out, SOON, watcher.log)
    assert site.audited(REVOKED)[-1][1]["reason"] == "directory: revoked in the directory"
    assert site.roles_of(REVOKED) == {"Viewer"}, "the person may sign in again"
    asked = watcher.metric("people_checked_total")
    again = Holder(site, REVOKED)
    looked_at_twice(watcher, asked)
    assert any(again.ways_in())
