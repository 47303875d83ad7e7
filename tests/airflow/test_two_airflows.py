"""Airflows side by side: both of one stack, as while migrating, and those of two stacks. Each keeps its sessions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import jwt
import psutil
import pytest

from airflow_entra.local.airflow import process
from tests.airflow import stacks
from tests.airflow.aged import end_sooner
from tests.airflow.browser import Browser
from tests.airflow.company import Company
from tests.airflow.forger import Forger
from tests.airflow.gate import Gate
from tests.airflow.people import ADMIN, OP, VIEWER
from tests.airflow.site import COOKIES, LOGIN_HOST, Site
from tests.airflow.waiting import until

SEEN = 2.0
"""Seconds until every process of Airflow sees what the database says: one that it is believed, one for the request."""
OTHER = {"3.3": "2.11", "2.11": "3.3"}
_AT_ONCE = 8
_MONTH = 30 * 24 * 3600
TWO_WORKERS_AND_AIRFLOWS_DEFAULTS = {
    "3.3": {
        "AIRFLOW__API__WORKERS": "2",
        "AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME": str(_MONTH),
        "AIRFLOW__FAB__SESSION_LIFETIME_MINUTES": str(_MONTH // 60),
        "AIRFLOW__FAB__SESSION_MAX_LIFETIME_MINUTES": "0",
        "AIRFLOW__FAB__CACHE_TTL": "30",
    },
    "2.11": {
        "AIRFLOW__WEBSERVER__WORKERS": "2",
        "AIRFLOW__WEBSERVER__SESSION_LIFETIME_MINUTES": str(_MONTH // 60),
        "AIRFLOW__FAB__SESSION_LIFETIME_MINUTES": str(_MONTH // 60),
    },
}
_OUR_APP = pytest.mark.parametrize(
    ("site", "company_site"), [("3.3", "3.3"), ("2.11", "2.11")], indirect=True, ids=["3.3", "2.11"]
)


@pytest.fixture(scope="module")
def neighbour(company_site: Site, company: Company, gate: Gate) -> Iterator[Site]:
    """The other Airflow of the stack, with two workers and the lifetimes that Airflow has when nobody sets them."""
    version = OTHER[company_site.version]
    changed = TWO_WORKERS_AND_AIRFLOWS_DEFAULTS[version]
    site = company.site(company_site.stack, version, proxy=gate.url, kind="two-workers", changed=changed)
    yield site
    for browser in site.browsers:
        browser.http.close()
    process.stop(site.running.home.folder)


def in_both(site: Site, neighbour: Site) -> Browser:
    """Signed in to the first, and then by Entra's word alone to the second."""
    browser, page = site.sign_in(VIEWER, site.browser(neighbour))
    assert page.url.startswith(site.url)
    silent = neighbour.start_sign_in(browser)
    assert silent.url.startswith(neighbour.url), "Entra asked again"
    assert site.is_signed_in(browser)
    assert neighbour.is_signed_in(browser)
    return browser


def answers(site: Site, browser: Browser) -> list[bool]:
    """Whether the browser is signed in, over connections at once, so that every worker is asked."""
    copies = [site.another_with(browser, *COOKIES) for _ in range(_AT_ONCE)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(site.is_signed_in, copies))
    for copy in copies:
        copy.http.close()
    return found


# --- both Airflows of one stack ---


def test_signed_in_to_one_the_other_of_the_stack_signs_in_without_a_word(company_site: Site, neighbour: Site) -> None:
    browser = in_both(company_site, neighbour)
    for site in (company_site, neighbour):
        assert site.roles_of(VIEWER) == {"Viewer"}
        assert site.call(browser, "GET", "/dags").status_code == 200
        assert site.call(browser, "GET", "/connections").status_code == 403


def test_each_airflow_ends_its_own_session_alone(company_site: Site, neighbour: Site) -> None:
    browser = in_both(company_site, neighbour)
    company_site.sign_out(browser)
    assert not company_site.is_signed_in(browser)
    assert neighbour.is_signed_in(browser)


def test_signing_out_in_entra_ends_what_the_application_declares_and_the_other_by_the_same_sid(
    company_site: Site, neighbour: Site
) -> None:
    """An application has one front-channel URL: the newest Airflow's. The older one is asked by whoever forwards it."""
    browser = in_both(company_site, neighbour)
    newest, oldest = (company_site, neighbour) if company_site.is_3 else (neighbour, company_site)
    page = browser.get(f"https://{LOGIN_HOST}/{stacks.TENANT}/oauth2/v2.0/logout")
    frames = [str(frame["src"]) for frame in page.soup.find_all("iframe")]
    assert [frame.split("?")[0] for frame in frames] == [newest.logout_url]
    stranger = company_site.browser(neighbour)
    assert stranger.http.get(frames[0]).status_code == 200
    until(lambda: not any(answers(newest, browser)), SEEN * 4, "Entra's sign-out has ended the session")
    assert stranger.http.get(frames[0].replace(newest.logout_url, oldest.logout_url)).status_code == 200
    until(lambda: not any(answers(oldest, browser)), SEEN * 4, "the same of the other Airflow")


# --- two workers ---


def test_all_workers_see_within_a_second_that_a_session_ended(company_site: Site, neighbour: Site) -> None:
    server = psutil.Process(next(iter(neighbour.running.pids.values())))
    assert len(server.children(recursive=True)) >= 2
    browser, _ = neighbour.sign_in(OP)
    assert all(answers(neighbour, browser))
    query = "SELECT sid FROM airflow_entra_session WHERE object_id = ? ORDER BY rowid DESC LIMIT 1"
    parameters = {"sid": neighbour.rows(query, OP.object_id)[0][0]}  # Entra's request: cookies stay as they are
    assert neighbour.browser().http.get(neighbour.logout_url, params=parameters).status_code == 200
    until(lambda: not any(answers(neighbour, browser)), SEEN, "no worker believes the session any longer")
    assert not any(answers(neighbour, browser))


def test_airflows_own_lifetimes_lengthen_nothing(company_site: Site, neighbour: Site) -> None:
    browser, _ = neighbour.sign_in(OP)
    query = "SELECT ends_at FROM airflow_entra_session WHERE object_id = ? ORDER BY rowid DESC LIMIT 1"
    ((ends_at,),) = neighbour.rows(query, OP.object_id)
    assert ends_at <= time.time() + stacks.SESSION
    if neighbour.is_3:
        token = next(str(cookie.value) for cookie in browser.cookies.jar if cookie.name == "_token")
        assert jwt.decode(token, options={"verify_signature": False})["exp"] <= ends_at
    end_sooner(neighbour, OP, int(ends_at - time.time()))
    until(lambda: not any(answers(neighbour, browser)), SEEN * 4, "the declared end of the session")


# --- two stacks ---


@_OUR_APP
def test_a_session_of_one_stack_is_worth_nothing_at_the_others_airflow(site: Site, company_site: Site) -> None:
    for mine, theirs in ((site, company_site), (company_site, site)):
        browser, _ = mine.sign_in(ADMIN)
        theirs.sign_in(ADMIN)  # their Airflow knows the same person, by the same number of a row
        cookies = {str(c.name): str(c.value) for c in browser.cookies.jar if c.name in COOKIES}
        assert cookies
        for header in (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())},
            *({"Cookie": f"{name}={value}"} for name, value in cookies.items()),
            *({"Authorization": f"Bearer {value}"} for value in cookies.values()),
        ):
            stranger = theirs.browser()
            stranger.http.headers.update(header)
            assert not theirs.is_signed_in(stranger)
            assert theirs.call(stranger, "GET", "/dags").status_code in (401, 403)
        assert mine.is_signed_in(browser)


@_OUR_APP
def test_a_token_for_the_other_stacks_application_is_refused(
    site: Site, company_site: Site, company: Company, forger: Forger
) -> None:
    other = company.application(company_site.stack)["appId"]
    with forger.forging(lambda honest: honest.signed(aud=other)):
        browser, page = site.sign_in(VIEWER)
    assert page.status == 403
    assert not site.is_signed_in(browser)


@_OUR_APP
def test_a_code_for_the_other_stacks_application_is_refused(site: Site, company_site: Site) -> None:
    _, theirs = company_site.sign_in(VIEWER, until="code=")
    code = theirs.hops[-1].split("code=")[1].split("&")[0]
    browser = site.browser()
    page = site.start_sign_in(browser)
    back = browser.submit(page, "authorize", until="code=", username=VIEWER.user_name).hops[-1]
    own = back.split("code=")[1].split("&")[0]
    refusal = browser.get(back.replace(own, code))
    assert refusal.status == 502, "Entra didn't exchange it"
    assert refusal.url.startswith(site.url)
    assert not site.is_signed_in(browser)
