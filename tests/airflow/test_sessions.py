"""A session of Airflow ends when its person signs out, wherever they do, and for good."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt
import pytest

from tests.airflow import stacks
from tests.airflow.aged import end_sooner
from tests.airflow.browser import Browser
from tests.airflow.people import ADMIN, CAPPED, DEACTIVATED, OP, TWO_BROWSERS, VIEWER, TestPerson
from tests.airflow.site import COOKIES, HANDLE, LOGIN_HOST, Site
from tests.airflow.waiting import until

SEEN = 2.0
"""Seconds until every process of Airflow sees what the database says: one that it is believed, one for the request."""
ISSUER = f"https://{LOGIN_HOST}/{stacks.TENANT}/v2.0"
OWN_TABLES = ("airflow_entra_session", "airflow_entra_identity")


@dataclass(frozen=True)
class Row:
    """The row of a session that has just begun."""

    id: str
    sid: str
    signed_in_at: int
    ends_at: int


def newest(site: Site, person: TestPerson) -> Row:
    query = "SELECT id, sid, signed_in_at, ends_at FROM airflow_entra_session WHERE object_id = ? ORDER BY rowid DESC"
    return Row(*site.rows(query, person.object_id)[0])


def token(browser: Browser) -> str:
    """Airflow 3's token of a signed-in browser."""
    return next(str(cookie.value) for cookie in browser.cookies.jar if cookie.name == "_token")


def front_channel(site: Site, **parameters: str) -> int:
    """Entra's request, from the person's browser, in a frame of another site: without cookies."""
    return site.browser().http.get(site.logout_url, params=parameters).status_code


def is_out(site: Site, browser: Browser) -> bool:
    return not site.is_signed_in(browser)


# --- signing out ---


@pytest.mark.parametrize("stolen", [COOKIES, (HANDLE,), ("_token",)], ids=["all", "handle", "token"])
def test_cookies_copied_before_the_sign_out_are_worth_nothing_after_it(site: Site, stolen: tuple[str, ...]) -> None:
    if stolen == ("_token",) and not site.is_3:
        pytest.skip("2.11 has no token")
    browser, _ = site.sign_in(ADMIN)
    thief = site.another_with(browser, *stolen)
    # A 3.x page makes its token of the session when it is without one.
    thief.get(site.login_url, until="/authorize")
    assert site.is_signed_in(thief)
    site.sign_out(browser)
    assert is_out(site, browser)
    assert is_out(site, thief)
    assert "/authorize" in thief.get(site.login_url, until="/authorize").hops[-1], "signed in again by a dead cookie"
    assert is_out(site, thief)


def test_a_token_copied_before_the_sign_out_is_refused_as_a_bearer(site: Site) -> None:
    if not site.is_3:
        pytest.skip("2.11 has no tokens")
    browser, _ = site.sign_in(ADMIN)
    bearer = {"Authorization": f"Bearer {token(browser)}"}
    assert site.call(site.browser(), "GET", "/variables", headers=bearer).status_code == 200
    site.sign_out(browser)
    assert site.call(site.browser(), "GET", "/variables", headers=bearer).status_code in (401, 403)


def test_signing_out_of_airflow_signs_out_of_entra(site: Site) -> None:
    browser, _ = site.sign_in(VIEWER)
    for cookie in list(browser.cookies.jar):
        if cookie.name in COOKIES:
            browser.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    silent = site.start_sign_in(browser)
    assert urlsplit(silent.url).netloc == urlsplit(site.url).netloc, "Entra's own session signs in without a word"
    page = site.sign_out(browser)
    assert any("/oauth2/v2.0/logout" in hop for hop in page.hops)
    again = site.start_sign_in(browser)
    assert urlsplit(again.url).netloc != urlsplit(site.url).netloc
    again.form("authorize")
    assert is_out(site, browser)


def test_a_session_that_ended_is_written_down_with_whose_it_was(site: Site) -> None:
    browser, _ = site.sign_in(OP)
    row = newest(site, OP)
    site.sign_out(browser)
    assert site.rows("SELECT why_ended FROM airflow_entra_session WHERE id = ?", row.id) == [("signed out",)]
    event, extra = site.audited(OP)[-1]
    assert (event, extra["reason"]) == ("entra_sign_out", "signed out")


def test_one_of_two_browsers_signs_out(site: Site) -> None:
    first, _ = site.sign_in(TWO_BROWSERS)
    second, _ = site.sign_in(TWO_BROWSERS)
    site.sign_out(first)
    assert is_out(site, first)
    assert site.is_signed_in(second)


# --- Entra's front channel ---


def test_entras_front_channel_ends_the_session_of_its_sid_alone(site: Site) -> None:
    first, _ = site.sign_in(TWO_BROWSERS)
    sid = newest(site, TWO_BROWSERS).sid
    second, _ = site.sign_in(TWO_BROWSERS)
    assert newest(site, TWO_BROWSERS).sid != sid
    assert front_channel(site, sid=sid, iss=ISSUER) == 200
    until(lambda: is_out(site, first), SEEN, "the session of this sid ends")
    thief = site.another_with(first, *COOKIES)
    thief.get(site.login_url, until="/authorize")
    assert is_out(site, thief)
    assert site.is_signed_in(second)
    ended = [extra["reason"] for event, extra in site.audited(TWO_BROWSERS) if event == "entra_sign_out"]
    assert ended[-1] == "signed out in Entra"


@pytest.mark.parametrize(
    ("sid", "issuer"),
    [
        ("theirs", f"https://{LOGIN_HOST}/c0ffee00-1111-4222-8333-444455556666/v2.0"),
        ("theirs", f"https://login.example.com/{stacks.TENANT}/v2.0"),
        ("theirs", ""),
        ("unknown", ISSUER),
        ("", ISSUER),
        ("%", ISSUER),
    ],
    ids=["another tenant", "another host", "empty issuer", "unknown sid", "empty sid", "wildcard sid"],
)
def test_a_front_channel_request_that_names_nobody_here_ends_nothing(site: Site, sid: str, issuer: str) -> None:
    browser, _ = site.sign_in(TWO_BROWSERS)
    row = newest(site, TWO_BROWSERS)
    count = "SELECT count(*) FROM airflow_entra_session WHERE ended_at IS NOT NULL"
    before = site.rows(count)
    assert front_channel(site, sid=row.sid if sid == "theirs" else sid, iss=issuer) == 200
    assert site.rows(count) == before
    assert site.is_signed_in(browser)


# --- lifetimes ---


def test_a_session_and_its_token_last_as_long_as_declared(site: Site) -> None:
    browser, _ = site.sign_in(CAPPED)
    now, row = time.time(), newest(site, CAPPED)
    assert row.ends_at - row.signed_in_at == stacks.SESSION
    assert row.signed_in_at == pytest.approx(now, abs=60)
    kept = [cookie for cookie in browser.cookies.jar if cookie.name in COOKIES]
    assert kept
    for cookie in kept:
        assert cookie.expires is None or cookie.expires <= now + stacks.SESSION + 1, cookie.name
        assert cookie.has_nonstandard_attr("HttpOnly"), cookie.name
    if site.is_3:
        assert jwt.decode(token(browser), options={"verify_signature": False})["exp"] <= row.ends_at


def test_a_session_ends_when_its_time_is_over_however_busy(site: Site) -> None:
    browser, _ = site.sign_in(CAPPED)
    row = newest(site, CAPPED)
    thief = site.another_with(browser, *COOKIES)
    assert site.is_signed_in(thief)
    end_sooner(site, CAPPED, row.ends_at - int(time.time()) + 1)
    until(lambda: is_out(site, browser), SEEN, "a session past its end")
    assert "/authorize" in thief.get(site.login_url, until="/authorize").hops[-1]
    assert is_out(site, thief)


# --- the account in Airflow ---


def test_a_deactivated_account_is_out_at_once_and_its_sessions_dont_come_back(site: Site) -> None:
    browser, _ = site.sign_in(DEACTIVATED)
    change = "UPDATE ab_user SET active = ? WHERE username = ?"
    try:
        with site.database() as connection:
            connection.execute(change, (0, DEACTIVATED.object_id))
        until(lambda: is_out(site, browser), SEEN, "a deactivated account")
        _, refusal = site.sign_in(DEACTIVATED)
        assert refusal.status == 403
        assert "deactivated" in refusal.text
        assert "data-platform@contoso.com" in refusal.text
    finally:
        with site.database() as connection:
            connection.execute(change, (1, DEACTIVATED.object_id))
    deadline = time.monotonic() + SEEN
    while time.monotonic() < deadline:
        assert is_out(site, browser)
    again, _ = site.sign_in(DEACTIVATED)
    assert site.is_signed_in(again)
    assert site.roles_of(DEACTIVATED) == set(DEACTIVATED.roles)


# --- what a cookie is ---


def test_no_cookie_from_before_the_sign_in_is_worth_anything_after_it(site: Site) -> None:
    browser = site.browser()
    page = site.start_sign_in(browser)
    before = {cookie.name for cookie in browser.cookies.jar if cookie.domain.startswith("localhost")}
    assert before
    assert not before & {HANDLE, "_token"}
    attacker = site.another_with(browser, *before)
    browser.submit(page, "authorize", username=VIEWER.user_name)
    assert site.is_signed_in(browser)
    attacker.get(site.login_url, until="/authorize")
    assert is_out(site, attacker)


@pytest.mark.parametrize("name", [HANDLE, "session"])
def test_a_cookie_that_somebody_made_up_isnt_kept(site: Site, name: str) -> None:
    made_up = "m" * 43  # as long as a handle
    browser = site.browser()
    host = urlsplit(site.url).hostname or ""
    browser.cookies.set(name, made_up, domain=f"{host}.local" if host == "localhost" else host)
    site.sign_in(VIEWER, browser)
    assert site.is_signed_in(browser)
    assert any(cookie.value != made_up for cookie in browser.cookies.jar if cookie.name == HANDLE)
    attacker = site.browser()
    attacker.http.headers["Cookie"] = f"{name}={made_up}"
    assert is_out(site, attacker)


def test_what_airflows_database_keeps_opens_nothing(site: Site) -> None:
    browser, _ = site.sign_in(VIEWER)
    held = {cookie.name: str(cookie.value) for cookie in browser.cookies.jar if cookie.name in COOKIES}
    assert HANDLE in held
    if site.is_3:
        claims = jwt.decode(held["_token"], options={"verify_signature": False})
        assert claims["entra_session"] == held[HANDLE]
    with site.database() as connection:
        everything = "\n".join(connection.iterdump())
    assert VIEWER.object_id in everything
    assert not [name for name, value in held.items() if value in everything]
    assert not re.search(r"eyJ[\w-]+\.eyJ", everything), "a token is in the database"
    for name in COOKIES:
        guess = site.browser()
        guess.http.headers["Cookie"] = f"{name}={newest(site, VIEWER).id}"
        assert is_out(site, guess)


# --- rows that somebody puts back ---


def rows_of(site: Site, person: TestPerson) -> dict[str, list[tuple[object, ...]]]:
    return {table: site.rows(f"SELECT * FROM {table} WHERE object_id = ?", person.object_id) for table in OWN_TABLES}  # noqa: S608


def put_back(site: Site, rows: dict[str, list[tuple[object, ...]]]) -> None:
    with site.database() as connection:
        for table, kept in rows.items():
            for row in kept:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)  # noqa: S608


def test_a_session_that_ended_is_not_alive_again_for_a_row_that_is_put_back(site: Site) -> None:
    browser, _ = site.sign_in(CAPPED)
    thief, before = site.another_with(browser, *COOKIES), rows_of(site, CAPPED)
    assert site.is_signed_in(thief)
    site.sign_out(browser)
    put_back(site, before)
    written = len(site.log())
    deadline = time.monotonic() + SEEN
    while time.monotonic() < deadline:
        thief.get(site.login_url, until="/authorize")  # by our cookie, where 3.x's own token is revoked
        assert is_out(site, thief)
    assert "its row in airflow_entra_session was put back" in site.log()[written:]


def test_a_row_that_has_only_lost_its_end_is_worth_nothing(site: Site) -> None:
    """Whoever has no copy of it from before."""
    browser, _ = site.sign_in(CAPPED)
    thief = site.another_with(browser, *COOKIES)
    row = newest(site, CAPPED)
    site.sign_out(browser)
    with site.database() as connection:
        alive = "UPDATE airflow_entra_session SET ended_at = NULL, why_ended = NULL WHERE id = ?"
        connection.execute(alive, (row.id,))
    deadline = time.monotonic() + SEEN
    while time.monotonic() < deadline:
        assert is_out(site, thief)


def test_roles_of_before_the_sign_in_dont_come_back_with_their_row(site: Site) -> None:
    """Even where no process remembers: a person's row is never older than a session of theirs."""
    site.sign_in(CAPPED)
    older = {"airflow_entra_identity": rows_of(site, CAPPED)["airflow_entra_identity"]}
    ((*_, updated_at, _own, _mac),) = older["airflow_entra_identity"]
    until(lambda: time.time() > int(str(updated_at)) + 1, SEEN * 2, "another second")
    browser, _ = site.sign_in(CAPPED)
    assert site.is_signed_in(browser)
    put_back(site, older)
    until(lambda: is_out(site, browser), SEEN, "an older row of the person gives nothing")
    assert "is older than one that was there: it was put back" in site.log()
    again, _ = site.sign_in(CAPPED)
    assert site.is_signed_in(again)
