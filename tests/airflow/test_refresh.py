"""With `revocation: refresh` whoever leaves is out when their sessions are tried next, and Graph is never asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_entra.local.airflow import process
from tests.airflow.company import Company
from tests.airflow.conftest import VERSIONS
from tests.airflow.credentials import expired_secrets
from tests.airflow.forger import Forger
from tests.airflow.gate import Gate
from tests.airflow.people import WATCHED, WATCHED_GONE, WATCHED_TWICE, TestPerson
from tests.airflow.site import Site
from tests.airflow.test_watch import SOON, Holder, events
from tests.airflow.waiting import until
from tests.airflow.watcher import watching

STACK = "quiet"
EVERY = ("--refresh-every", "2")


@pytest.fixture(scope="module")
def quiet(company: Company) -> Company:
    company.deploy(STACK, (WATCHED, WATCHED_TWICE, WATCHED_GONE))
    return company


@pytest.fixture(scope="module")
def asked_of_graph(gate: Gate) -> Iterator[list[str]]:
    asked: list[str] = []
    with gate.before("graph.microsoft.com", lambda: asked.append("graph")):
        yield asked


@pytest.fixture(scope="module", params=VERSIONS, ids=["3.3", "2.11"])
def quiet_site(
    request: pytest.FixtureRequest, quiet: Company, gate: Gate, forger: Forger, asked_of_graph: list[str]
) -> Iterator[Site]:
    site = quiet.site(STACK, request.param, authority=forger.url, proxy=gate.url)
    yield site
    for browser in site.browsers:
        browser.http.close()
    process.stop(site.running.home.folder)


def tokens_of(site: Site, person: TestPerson) -> list[str]:
    found = site.rows(
        "SELECT token FROM airflow_entra_refresh JOIN airflow_entra_session ON id = session_id WHERE object_id = ?",
        person.object_id,
    )
    return [token for (token,) in found]


def test_what_entra_says_takes_effect_at_the_next_try(
    quiet_site: Site, quiet: Company, asked_of_graph: list[str]
) -> None:
    site = quiet_site
    leaves, changes, goes = (Holder(site, person) for person in (WATCHED, WATCHED_TWICE, WATCHED_GONE))
    (first,) = tokens_of(site, WATCHED_TWICE)
    assert first.startswith("gAAAA")  # as every Fernet token
    with watching(site, "watch", *EVERY) as watcher:
        until(lambda: tokens_of(site, WATCHED_TWICE) != [first], 2 * SOON, "a first try")
        quiet.leave(WATCHED_TWICE, STACK, "Op")
        quiet.disable(WATCHED)
        quiet.sign_out_everywhere(WATCHED_GONE)
        try:
            until(lambda: site.roles_of(WATCHED_TWICE) == {"Viewer"}, SOON, watcher.log)
            until(leaves.is_out, SOON, watcher.log)
            until(goes.is_out, SOON, watcher.log)
            assert changes.ways_in() == [True, True, site.is_3]
            assert site.roles_of(WATCHED) == set()
            assert site.roles_of(WATCHED_GONE) == {"Viewer"}
            assert tokens_of(site, WATCHED) == tokens_of(site, WATCHED_GONE) == []
            assert events(site, WATCHED)[-2:] == ["entra_role_change", "entra_sign_out"]
            assert "AADSTS50057" in site.audited(WATCHED)[-1][1]["reason"]
            assert "AADSTS50173" in site.audited(WATCHED_GONE)[-1][1]["reason"]
            quiet.leave(WATCHED_TWICE, STACK, "Viewer")
            until(changes.is_out, SOON, watcher.log)
            assert "AADSTS50105" in site.audited(WATCHED_TWICE)[-1][1]["reason"]
        finally:
            quiet.enable(WATCHED)
            for role in WATCHED_TWICE.roles:
                quiet.join(WATCHED_TWICE, STACK, role)
        again = Holder(site, WATCHED)
        assert any(again.ways_in())
        assert leaves.is_out()
        assert watcher.fresh().text == "following the directory\n"
        assert watcher.metric("graph_requests_total") == 0
    assert asked_of_graph == []
    site.sign_out(again.browser)
    assert tokens_of(site, WATCHED) == []


@pytest.mark.parametrize("quiet_site", ["3.3"], indirect=True)
def test_airflows_own_key_opens_no_refresh_token(quiet_site: Site) -> None:
    """The code of every DAG may have that key."""
    browser, _ = quiet_site.sign_in(WATCHED)
    (sealed, *_) = tokens_of(quiet_site, WATCHED)
    opens = "from airflow.models.crypto import get_fernet; import sys; get_fernet().decrypt(sys.argv[1].encode())"
    done = quiet_site.python("-c", opens, sealed)
    assert done.returncode != 0
    assert "InvalidToken" in done.stderr
    quiet_site.sign_out(browser)


@pytest.mark.parametrize("quiet_site", ["3.3"], indirect=True)
@pytest.mark.parametrize(
    ("number", "title"), [(53003, "can't be followed"), (50076, "can't be followed"), (0, "let you in")]
)
def test_whom_the_watcher_could_not_follow_is_told_at_the_sign_in(
    quiet_site: Site, forger: Forger, number: int, title: str
) -> None:
    site = quiet_site
    before = len(site.log())
    with forger.turning_down(number):
        browser, page = site.sign_in(WATCHED)
    assert (page.status, site.is_signed_in(browser)) == (403, False)
    assert title in page.text
    assert f"AADSTS{number}" in site.log()[before:]
    assert ("named location" in site.log()[before:]) == (number != 0)
    assert tokens_of(site, WATCHED) == []
    assert events(site, WATCHED)[-1:] != ["entra_sign_in"]
    with forger.down("no such path"):
        browser, _ = site.sign_in(WATCHED)
    assert site.is_signed_in(browser)
    site.sign_out(browser)


def test_an_answer_that_does_not_come_keeps_nobody_out(quiet_site: Site, forger: Forger) -> None:
    before = len(quiet_site.log())
    with forger.turning_down(50196):
        browser, _ = quiet_site.sign_in(WATCHED)
    assert quiet_site.is_signed_in(browser)
    assert "could not be tried" in quiet_site.log()[before:]
    quiet_site.sign_out(browser)


def test_what_is_not_about_people_puts_nobody_out(quiet_site: Site, quiet: Company, forger: Forger) -> None:
    site = quiet_site
    holders = [Holder(site, person) for person in (WATCHED, WATCHED_TWICE, WATCHED_GONE)]
    with watching(site, "watch", *EVERY) as watcher:
        watcher.wait()
        with forger.turning_down(53003):
            until(lambda: watcher.metric("refused_by_policy_total") >= len(holders), 2 * SOON, watcher.log)
            until(lambda: "it isn't about them" in watcher.log, 2 * SOON, watcher.log)
            assert all(any(holder.ways_in()) for holder in holders)
        with expired_secrets(quiet, STACK):
            until(lambda: "AADSTS7000222" in watcher.log, 4 * SOON, watcher.log)
            assert all(any(holder.ways_in()) for holder in holders)
        until(lambda: "is followed again" in watcher.log, 4 * SOON, watcher.log)
        assert watcher.metric("sessions_ended_total") == 0
        assert watcher.lives().status_code == 200
        quiet.enable_application(STACK, False)
        try:
            until(lambda: all(holder.is_out() for holder in holders), 4 * SOON, watcher.log)
        finally:
            quiet.enable_application(STACK, True)
        assert "AADSTS7000112" in watcher.log
        assert "AADSTS7000112" in site.audited(WATCHED)[-1][1]["reason"]
        assert "Traceback" not in watcher.log
