"""Sign-ins that have begun, as a browser keeps them: few, small, for an hour, and for nobody else to read."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth import keyring as keys
from airflow_entra_auth.fab.begun import LIFETIME, LONGEST_NEXT, MOST, TABS, Beginnings, Begun
from airflow_entra_auth.variables import SESSION_KEY

START = "https://airflow.contoso.com/"
ROOM = 8 * 1024
"""Bytes of cookies that gunicorn and nginx take in one request, and what Airflow's other cookies need of them."""
OTHERS = 1200


@pytest.fixture(autouse=True, scope="module")
def key() -> Iterator[None]:
    with mock.patch.dict("os.environ", {SESSION_KEY: secrets.token_urlsafe(32)}):
        keys.keyring.cache_clear()
        yield
    keys.keyring.cache_clear()


def begun(next_url: str = START, at: float | None = None) -> Begun:
    return Begun(
        secrets.token_urlsafe(22), secrets.token_urlsafe(15), secrets.token_urlsafe(36), next_url, at or time.time()
    )


def kept(cookies: dict[str, str], one: Begun) -> Begun | None:
    found = Beginnings(cookies).of(one.state)
    return found[1] if found else None


def begin(cookies: dict[str, str], one: Begun) -> None:
    name, value = Beginnings(cookies).room_for(one, start_page=START)
    cookies[name] = value


def test_what_was_kept_is_known_again_and_nothing_of_it_can_be_read() -> None:
    cookies: dict[str, str] = {}
    one = begun(f"{START}dags/sales_report?tab=grid")
    begin(cookies, one)
    assert kept(cookies, one) == one
    for secret in (one.state, one.nonce, one.verifier, "sales_report"):
        assert secret not in str(cookies)
    assert one.verifier not in repr(one)


@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=5_000), min_size=1, max_size=12))
def test_whatever_people_want_to_go_on_to_the_cookies_stay_small(wanted: list[str]) -> None:
    cookies: dict[str, str] = {}
    for path in wanted:
        one = begun(START + path)
        begin(cookies, one)
        found = kept(cookies, one)
        assert found is not None
        assert found.next_url in (START + path, START)
        if len(path) < 400:
            assert found.next_url == START + path
        if len(START + path) > LONGEST_NEXT:
            assert found.next_url == START
    assert len(cookies) <= TABS
    assert all(len(value) <= MOST for value in cookies.values())


def test_all_of_them_leave_room_for_airflows_other_cookies() -> None:
    cookies: dict[str, str] = {}
    for _ in range(TABS):
        begin(cookies, begun(START + secrets.token_urlsafe(620)))
    largest = sum(len(name) + MOST + len("; =") for name in cookies)
    assert len(cookies) == TABS
    assert largest + OTHERS <= ROOM
    assert max(map(len, cookies.values())) > MOST * 0.85


def test_of_fifty_tabs_the_newest_are_known() -> None:
    cookies: dict[str, str] = {}
    tabs = [begun(at=time.time() + number) for number in range(50)]
    for tab in tabs:
        begin(cookies, tab)
    assert [kept(cookies, tab) is not None for tab in tabs] == [False] * (50 - TABS) + [True] * TABS


@pytest.mark.parametrize("broken", ["", "x", "x" * MOST, "x" * 60_000, "gAAAAAB" * 40, "ü", "\0"])
def test_cookies_that_somebody_made_up_are_room(broken: str) -> None:
    cookies = {f"airflow_entra_begun_{number}": broken for number in range(TABS)}
    one = begun()
    assert kept(cookies, one) is None
    begin(cookies, one)
    assert kept(cookies, one) == one


def test_after_an_hour_it_is_over() -> None:
    cookies: dict[str, str] = {}
    one = begun()
    begin(cookies, one)
    now = time.time()
    with mock.patch("time.time", return_value=now + LIFETIME - 10):
        assert kept(cookies, one) == one
    with mock.patch("time.time", return_value=now + LIFETIME + 2):
        assert kept(cookies, one) is None


@pytest.mark.parametrize("state", [None, "", "another", "ü"])
def test_another_state_is_of_no_sign_in(state: str | None) -> None:
    cookies: dict[str, str] = {}
    begin(cookies, begun())
    assert Beginnings(cookies).of(state) is None
