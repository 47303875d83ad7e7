"""Whoever leaves is out within seconds, on real Airflows that a watcher stands beside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from airflow_entra.local.fault import Faults
from tests.airflow.browser import Browser
from tests.airflow.company import INNER_GROUP, Company
from tests.airflow.forger import Forger
from tests.airflow.people import (
    WATCHED,
    WATCHED_GONE,
    WATCHED_INSIDE,
    WATCHED_RACING,
    WATCHED_TWICE,
    TestPerson,
)
from tests.airflow.site import COOKIES, Site
from tests.airflow.test_sessions import token
from tests.airflow.waiting import until
from tests.airflow.watcher import Watcher, watching
from tests.trouble import in_trouble

STACK = "pair"
SOON = 15.0
"""Seconds on a machine that runs much else; bench/watch.py measures how long it is."""


@pytest.fixture(scope="module")
def open_() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def watcher(site: Site) -> Iterator[Watcher]:
    with watching(site) as watcher:
        yield watcher.wait()


class Holder:
    """What somebody has who was signed in: the browser, a copy of its cookies, and 3.x's token as a bearer."""

    def __init__(self, site: Site, person: TestPerson) -> None:
        self.site = site
        self.browser, page = site.sign_in(person)
        assert site.is_signed_in(self.browser), page.text
        self.thief = site.another_with(self.browser, *COOKIES)
        self.bearer = {"Authorization": f"Bearer {token(self.browser)}"} if site.is_3 else {}

    def ways_in(self) -> list[bool]:
        return [self.site.is_signed_in(self.browser), self.site.is_signed_in(self.thief), self._token_works()]

    def is_out(self) -> bool:
        return not any(self.ways_in())

    def _token_works(self) -> bool:
        if not self.bearer:
            return False
        return self.site.call(_fresh(self.site), "GET", "/dags", headers=self.bearer).status_code == 200


def _fresh(site: Site) -> Browser:
    return site.browser()


def events(site: Site, person: TestPerson) -> list[str]:
    return [event for event, _ in site.audited(person)]


@pytest.mark.parametrize(
    ("person", "leave", "back"),
    [
        (WATCHED, Company.disable, Company.enable),
        (WATCHED_GONE, Company.delete, Company.restore),
    ],
    ids=["disabled", "deleted"],
)
def test_who_leaves_is_out_and_coming_back_revives_nothing(
    site: Site,
    company: Company,
    watcher: Watcher,
    person: TestPerson,
    leave: Callable[[Company, TestPerson], None],
    back: Callable[[Company, TestPerson], None],
) -> None:
    had = Holder(site, person)
    assert had.ways_in() == [True, True, site.is_3]
    leave(company, person)
    try:
        until(had.is_out, SOON, watcher.log)
        assert site.roles_of(person) == set()
    finally:
        back(company, person)
    until(lambda: site.roles_of(person) == {"Viewer"}, SOON, watcher.log)
    assert had.is_out()
    assert events(site, person)[-3:] == ["entra_role_change", "entra_sign_out", "entra_role_change"]
    again = Holder(site, person)
    assert any(again.ways_in())
    assert had.is_out()


def test_roles_follow_groups_and_the_last_one_takes_the_session(site: Site, company: Company, watcher: Watcher) -> None:
    had = Holder(site, WATCHED_TWICE)
    company.leave(WATCHED_TWICE, STACK, "Op")
    try:
        until(lambda: site.roles_of(WATCHED_TWICE) == {"Viewer"}, SOON, watcher.log)
        assert had.ways_in() == [True, True, site.is_3]
        company.leave(WATCHED_TWICE, STACK, "Viewer")
        until(had.is_out, SOON, watcher.log)
    finally:
        company.join(WATCHED_TWICE, STACK, "Viewer")
        company.join(WATCHED_TWICE, STACK, "Op")
    until(lambda: site.roles_of(WATCHED_TWICE) == {"Viewer", "Op"}, SOON, watcher.log)
    assert had.is_out()
    changes = [extra for event, extra in site.audited(WATCHED_TWICE) if event == "entra_role_change"]
    assert ("Op" in changes[-1]["roles"], changes[-1]["reason"].startswith("directory: ")) == (True, True)


def test_a_token_from_before_a_change_brings_no_role_back(site: Site, watcher: Watcher, forger: Forger) -> None:
    """As if it had been made before the role was taken away, and redeemed after every feed had told it."""
    with forger.forging(lambda honest: honest.signed(roles=["Viewer", "Op"])):
        browser, _ = site.sign_in(WATCHED_RACING)
    assert [extra["roles"] for event, extra in site.audited(WATCHED_RACING) if event == "entra_sign_in"][-1:] == [
        ["Op", "Viewer"]
    ]
    until(lambda: site.roles_of(WATCHED_RACING) == {"Viewer"}, SOON, watcher.log)
    assert site.is_signed_in(browser)


@pytest.mark.parametrize("site", ["3.3"], indirect=True)
def test_a_directory_in_trouble_is_followed_and_one_that_is_away_changes_nothing(
    site: Site, company: Company, watcher: Watcher
) -> None:
    had, keeps = Holder(site, WATCHED), Holder(site, WATCHED_TWICE)
    with in_trouble(company.world):
        company.disable(WATCHED)
        until(had.is_out, 2 * SOON, watcher.log)
        company.enable(WATCHED)
        until(lambda: site.roles_of(WATCHED) == {"Viewer"}, 2 * SOON, watcher.log)
    with in_trouble(company.world, Faults(away=True, hosts=("graph",))):
        failures = watcher.metric("failures_total")
        until(lambda: watcher.metric("failures_total") > failures, 2 * SOON, watcher.log)
        assert any(keeps.ways_in()), "nobody is put out"
        assert had.is_out()
    rounds = watcher.metric("rounds_total")
    until(lambda: watcher.metric("rounds_total") > rounds, 2 * SOON, watcher.log)
    assert "Traceback" not in watcher.log


def test_of_two_watchers_the_second_goes_on_where_the_first_was_killed(
    site: Site, company: Company, watcher: Watcher, open_: ExitStack
) -> None:
    had, keeps = Holder(site, WATCHED), Holder(site, WATCHED_TWICE)
    second = open_.enter_context(watching(site, "watch-2"))
    assert second.lives().status_code == 200
    until(lambda: second.fresh().text == "another watcher follows the directory\n", SOON, second.log)
    assert watcher.fresh().text == "following the directory\n"
    watcher.kill()
    company.disable(WATCHED)
    company.leave(WATCHED_TWICE, STACK, "Op")
    try:
        until(had.is_out, 2 * SOON, second.log)
        until(lambda: site.roles_of(WATCHED_TWICE) == {"Viewer"}, SOON, second.log)
        assert any(keeps.ways_in())
        assert second.leads()
        assert second.metric("links_lost_total") == 0
    finally:
        company.enable(WATCHED)
        company.join(WATCHED_TWICE, STACK, "Op")
    until(lambda: site.roles_of(WATCHED_TWICE) == {"Viewer", "Op"}, SOON, second.log)
    assert second.terminate() == 0
    assert "Traceback" not in second.log
    if site.is_3:
        once = site.python("-m", "airflow_entra_auth.watch", "--once")
        assert once.returncode == 0, once.stderr
        assert re.fullmatch(r"\d+ people compared, 0 changed\n", once.stdout)


@pytest.mark.parametrize("company_site", ["3.3"], indirect=True)
def test_a_member_of_a_nested_group_is_out_when_the_nested_group_is(company_site: Site, company: Company) -> None:
    """Roles from security groups: nobody was taken out of the group that gives the role."""
    inner = f"/groups/{INNER_GROUP}/members"
    with watching(company_site) as watcher:
        had = Holder(company_site, WATCHED_INSIDE)
        watcher.wait()
        company.graph.delete(f"{inner}/{WATCHED_INSIDE.object_id}/$ref")
        try:
            until(had.is_out, SOON, watcher.log)
        finally:
            company.add(INNER_GROUP, WATCHED_INSIDE.object_id)
        until(lambda: company_site.roles_of(WATCHED_INSIDE) == {"Viewer"}, SOON, watcher.log)
        had = Holder(company_site, WATCHED_INSIDE)
        viewers = company.group("apart", "Viewer")
        company.graph.delete(f"/groups/{viewers}/members/{INNER_GROUP}/$ref")
        try:
            until(had.is_out, SOON, watcher.log)
        finally:
            company.add(viewers, INNER_GROUP)
        until(lambda: company_site.roles_of(WATCHED_INSIDE) == {"Viewer"}, SOON, watcher.log)
