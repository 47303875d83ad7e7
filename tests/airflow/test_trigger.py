"""`trigger` starts runs. It changes nothing that there is: neither runs nor whether the DAG is paused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.airflow.browser import Browser
from tests.airflow.departments import OURS, have_departments
from tests.airflow.people import EDITOR, RUNNER, TestPerson
from tests.airflow.site import Site

HELD = "sales_held"


@pytest.fixture(scope="module")
def dags(site: Site) -> Site:
    return have_departments(site, HELD)


@pytest.fixture
def site_2(dags: Site) -> Site:
    if dags.is_3:
        pytest.skip("3.x has no such page")
    return dags


@pytest.fixture
def site_3(dags: Site) -> Site:
    if not dags.is_3:
        pytest.skip("2.11 has no backfills in its API")
    return dags


@pytest.mark.parametrize("path", ["/backfills", "/backfills/dry_run", "/backfills%0A"])
@pytest.mark.parametrize("behavior", ["completed", "failed"])
def test_a_backfill_that_clears_runs_is_for_who_may_edit(site_3: Site, path: str, behavior: str) -> None:
    runner, _ = site_3.sign_in(RUNNER)
    answer = site_3.call(runner, "POST", path, json=_backfill(behavior))
    assert answer.status_code == 403, answer.text


def test_a_backfill_that_clears_none_is_a_new_run(site_3: Site) -> None:
    runner, _ = site_3.sign_in(RUNNER)
    editor, _ = site_3.sign_in(EDITOR)
    for browser, asked in (
        (runner, _backfill()),
        (runner, _backfill("none")),
        (editor, _backfill("completed")),
    ):
        assert site_3.call(browser, "POST", "/backfills/dry_run", json=asked).status_code != 403


@pytest.mark.parametrize(
    ("person", "paused", "afterwards"),
    [(RUNNER, True, (True, 0)), (RUNNER, False, (False, 1)), (EDITOR, True, (False, 1))],
    ids=["runner, paused", "runner, not paused", "editor, paused"],
)
def test_the_page_unpauses_a_dag_for_who_may_edit(
    site_2: Site, person: TestPerson, paused: bool, afterwards: tuple[bool, int]
) -> None:
    browser, _ = site_2.sign_in(person)
    with site_2.database() as connection:
        connection.execute("UPDATE dag SET is_paused = ? WHERE dag_id = ?", (paused, HELD))
    before = _runs(site_2)
    form = browser.http.get(f"{site_2.url}/dags/{HELD}/trigger")
    assert form.status_code == 200, "looking at the form changes nothing"
    _trigger(site_2, browser)
    ((now,),) = site_2.rows("SELECT is_paused FROM dag WHERE dag_id = ?", HELD)
    assert (bool(now), _runs(site_2) - before) == afterwards


def _backfill(behavior: str | None = None) -> dict[str, Any]:
    days = {"from_date": "2020-01-01T00:00:00Z", "to_date": "2020-01-02T00:00:00Z"}
    return {"dag_id": OURS, **days, **({"reprocess_behavior": behavior} if behavior else {})}


def _trigger(site: Site, browser: Browser) -> httpx.Response:
    token = browser.get(f"{site.url}/home").soup.find("meta", attrs={"name": "csrf_token"})
    assert token
    data = {"csrf_token": str(token["content"]), "conf": "{}"}
    return browser.http.post(f"{site.url}/dags/{HELD}/trigger", data=data)


def _runs(site: Site) -> int:
    ((count,),) = site.rows("SELECT count(*) FROM dag_run WHERE dag_id = ?", HELD)
    return int(count)
