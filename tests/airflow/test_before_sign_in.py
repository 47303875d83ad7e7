"""Before somebody has signed in, nothing of them is kept: whatever they ask for, and however often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import httpx
import pytest

from airflow_entra_auth.fab.begun import MOST, TABS
from tests.airflow.browser import Browser, Page
from tests.airflow.people import OP, VIEWER
from tests.airflow.site import HANDLE, Site

STARTS = 200
LONG = 60_000
"""Characters of a URL to go on to: 3.x's server takes it, 2.11's refuses the request."""
HEADER = 8190
"""Bytes of cookies that 2.11's server takes, as nginx does."""


def counts(site: Site) -> dict[str, int]:
    """The rows of every table."""
    tables = [name for (name,) in site.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert {"session", "log", "airflow_entra_session"} <= set(tables)
    return {table: site.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}  # noqa: S608


@contextmanager
def nothing_grows(site: Site) -> Iterator[None]:
    before = counts(site)
    yield
    after = counts(site)
    assert {table: number for table, number in after.items() if number != before[table]} == {}


def begun(browser: Browser) -> dict[str, str]:
    return {cookie.name: str(cookie.value) for cookie in browser.cookies.jar if "_begun_" in cookie.name}


def start(site: Site, browser: Browser, next_url: str = "/home") -> httpx.Response:
    answer = browser.http.get(site.login_url, params={"next": next_url})
    assert answer.status_code == 302
    return answer


def finish(site: Site, browser: Browser, started: httpx.Response) -> Page:
    page = browser.get(started.headers["location"])
    return browser.submit(page, "authorize", username=VIEWER.user_name, until=site.callback_url)


def test_two_hundred_people_who_begin_to_sign_in_leave_no_row(site: Site) -> None:
    with nothing_grows(site):
        for number in range(STARTS):
            answer = site.browser().http.get(site.login_url, params={"next": f"/home?{number}"})
            assert answer.status_code == 302


def test_where_to_go_on_is_kept_by_the_browser_and_never_long(site: Site) -> None:
    with nothing_grows(site):
        browser = site.browser()
        answer = browser.http.get(site.login_url, params={"next": f"/home?x={'y' * LONG}"})
        assert answer.status_code == (302 if site.is_3 else 414)
        assert sum(map(len, begun(browser).values())) <= MOST
    started = start(site, browser, f"/home?x={'y' * 3_000}")
    arrived = browser.http.get(finish(site, browser, started).hops[-1])
    assert arrived.headers["location"] == f"{site.url}/"


@pytest.mark.parametrize("length", [100, 700, 1_900])
def test_where_to_go_on_is_known_after_the_sign_in(site: Site, length: int) -> None:
    browser = site.browser()
    wanted = f"/home?tags={'sales_' * (length // 6)}"
    arrived = browser.http.get(finish(site, browser, start(site, browser, wanted)).hops[-1])
    assert arrived.headers["location"] == f"{site.url}{wanted}"
    assert site.is_signed_in(browser)


def test_of_fifty_tabs_the_newest_can_be_finished_in_any_order(site: Site) -> None:
    browser = site.browser()
    with nothing_grows(site):
        started = [start(site, browser, f"/home?{number}") for number in range(50)]
        kept = begun(browser)
        assert len(kept) == TABS
        assert all(len(value) <= MOST for value in kept.values())
        assert len(begun_header(browser, site)) < HEADER
        page = finish(site, browser, started[0])
        oldest = browser.get(page.hops[-1])
        assert oldest.status == 403
        assert "can't be finished" in oldest.text
    first = browser.http.get(_silently(site, browser, started[-1]))
    assert first.headers["location"] == f"{site.url}/home?49"
    second = browser.http.get(_silently(site, browser, started[-3]))
    assert second.headers["location"] == f"{site.url}/home?47"
    assert site.is_signed_in(browser)
    assert len(begun(browser)) == TABS - 2


def test_an_answer_counts_once_for_who_kept_the_cookies_of_before_too(site: Site) -> None:
    """Nothing here remembers a state; Entra redeems a code once."""
    browser = site.browser()
    callback = finish(site, browser, start(site, browser)).hops[-1]
    copied = site.another_with(browser, *begun(browser))
    assert browser.http.get(callback).status_code == 302
    assert site.is_signed_in(browser)
    again = copied.get(callback)
    assert again.status == 502
    assert not site.is_signed_in(copied)
    assert site.is_signed_in(browser)


def _silently(site: Site, browser: Browser, started: httpx.Response) -> str:
    """Entra knows the browser by now, and sends it straight back."""
    return browser.get(started.headers["location"], until=site.callback_url).hops[-1]


def begun_header(browser: Browser, site: Site) -> str:
    return str(browser.http.build_request("GET", site.callback_url).headers.get("cookie", ""))


@pytest.mark.parametrize("value", ["x", "x" * 4_000, "gAAAAABn" + "A" * 1_200, "%00%ff", '"', "%E2%82%AC"])
def test_cookies_of_somebodys_own_making_leave_nothing(site: Site, value: str) -> None:
    header = {"Cookie": "; ".join(f"{name}={value}" for name in ("session", HANDLE, "_token", "airflow_entra_begun_0"))}
    header = {name: text[: HEADER - 100] for name, text in header.items()}
    with nothing_grows(site):
        for url in (site.login_url, site.callback_url, f"{site.url}/", f"{site.url}/home"):
            answer = site.browser().http.get(url, headers=header)
            assert answer.status_code < 500, (url, answer.text[:500])
            assert HANDLE not in {cookie.name for cookie in answer.cookies.jar if cookie.value}


OTHERWISE: dict[str, Callable[[Site], tuple[str, str, dict[str, str]]]] = {
    "the start page": lambda site: ("GET", f"{site.url}/", {}),
    "home": lambda site: ("GET", f"{site.url}/home", {}),
    "a page of FAB's": lambda site: ("GET", f"{_pages(site)}/users/list/", {}),
    "the way out": lambda site: ("GET", f"{_pages(site)}/logout/", {}),
    "the way out, by a form": lambda site: ("POST", f"{_pages(site)}/logout/", {"x": "y"}),
    "Entra's sign-out": lambda site: ("GET", f"{site.logout_url}?sid=nobodys", {}),
    "an answer of Entra's that nobody asked for": lambda site: ("GET", f"{site.callback_url}?code=c&state=s", {}),
    "an error of Entra's that nobody asked for": lambda site: ("GET", f"{site.callback_url}?error=e&state=s", {}),
    "a page that isn't there": lambda site: ("GET", f"{_pages(site)}/not-there", {}),
    "a form of FAB's": lambda site: ("POST", f"{_pages(site)}/users/list/", {"csrf_token": "x"}),
    "a password": lambda site: ("POST", f"{_pages(site)}/token", {"username": "a", "password": "b"}),
    "a file of FAB's": lambda site: ("GET", f"{_pages(site)}/static/appbuilder/css/ab.css", {}),
    "the API": lambda site: ("GET", f"{site.url}/api/{'v2' if site.is_3 else 'v1'}/dags", {}),
    "the API, to change something": lambda site: ("POST", f"{site.url}/api/{'v2' if site.is_3 else 'v1'}/pools", {}),
    "FAB's API": lambda site: ("GET", f"{site.url}/auth/fab/v1/users", {}),
    "Airflow's sign-out": lambda site: ("GET", f"{site.url}/api/v2/auth/logout", {}),
    "Airflow's way in": lambda site: ("GET", f"{site.url}/api/v2/auth/login?next=/x", {}),
    "health": lambda site: ("GET", f"{site.url}/{'api/v2/monitor/health' if site.is_3 else 'health'}", {}),
}


def _pages(site: Site) -> str:
    return f"{site.url}/auth" if site.is_3 else site.url


@pytest.mark.parametrize("what", OTHERWISE)
def test_whatever_somebody_asks_for_they_leave_no_row(site: Site, what: str) -> None:
    method, url, form = OTHERWISE[what](site)
    with nothing_grows(site):
        for _ in range(5):
            answer = site.browser().http.request(method, url, data=form or None)
            assert answer.status_code < 500, answer.text


def test_a_token_that_is_nobodys_is_not_kept_when_it_signs_out(site: Site) -> None:
    """Airflow 3 remembers each token that it revoked."""
    if not site.is_3:
        pytest.skip("2.11 has no tokens")
    import jwt

    with nothing_grows(site):
        for number in range(5):
            forged = jwt.encode({"sub": "1", "jti": f"{number}", "exp": 4_000_000_000}, "k" * 64, algorithm="HS512")
            header = {"Authorization": f"Bearer {forged}", "Cookie": f"_token={forged}"}
            assert site.browser().http.get(f"{site.url}/api/v2/auth/logout", headers=header).status_code < 500


def test_the_servers_log_has_a_short_line_for_each(site: Site) -> None:
    """Not what they sent."""
    written = len(site.log())
    browser = site.browser()
    said = {"error": "e" * 900, "error_description": "d" * 2_000, "state": "s" * 900}
    browser.http.get(f"{site.callback_url}?{urlencode(said)}")
    ours = [line for line in site.log()[written:].splitlines() if "Sign-in " in line]
    assert len(ours) == 1
    assert len(ours[0]) < 400


def test_who_signs_in_has_a_row_of_ours_and_none_of_flasks(site: Site) -> None:
    before = counts(site)
    browser, _ = site.sign_in(OP)
    assert site.is_signed_in(browser)
    browser.get(f"{_pages(site)}/users/list/")
    after = counts(site)
    assert after["airflow_entra_session"] == before["airflow_entra_session"] + 1
    assert after["session"] == before["session"]
