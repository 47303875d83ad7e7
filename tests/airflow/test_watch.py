"""Whoever leaves is out within seconds, on real Airflows that a watcher stands beside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.airflow.browser import Browser
from tests.airflow.company import Company
from tests.airflow.people import WATCHED
from tests.airflow.site import Site
from tests.airflow.test_sessions import token
from tests.airflow.waiting import until
from tests.airflow.watcher import Watcher, watching

STACK = "pair"
OUT = 10.0
"""Seconds on a machine that runs much else; bench/watch.py measures."""


@pytest.fixture(scope="module")
def watcher(site: Site) -> Iterator[Watcher]:
    with watching(site) as watcher:
        yield watcher.wait()


def bearer(browser: Browser) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(browser)}"}


def test_who_is_disabled_is_out_and_stays_out(site: Site, company: Company, watcher: Watcher) -> None:
    browser, _ = site.sign_in(WATCHED)
    thief = site.another_with(browser, "session", "_token")
    assert site.is_signed_in(thief)
    company.disable(WATCHED)
    try:
        until(lambda: not site.is_signed_in(browser), OUT, watcher.log)
        until(lambda: not site.is_signed_in(thief), OUT)
    finally:
        company.enable(WATCHED)
    until(lambda: site.roles_of(WATCHED) == {"Viewer"}, OUT, watcher.log)
    assert not site.is_signed_in(browser)
    assert not site.is_signed_in(thief)
