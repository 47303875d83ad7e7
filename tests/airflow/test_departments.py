"""Nothing of another department's DAGs reaches somebody whose role is for `sales_*`, wherever they look."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from tests.airflow.browser import Browser
from tests.airflow.departments import OURS, RUN, THEIRS, have_departments, task_of
from tests.airflow.people import ADMIN, EDITOR, VIEWER, TestPerson
from tests.airflow.site import Site

QUERIES = ("", f"?dag_id={OURS}", f"?dag_id={THEIRS}", f"?dag_ids={THEIRS}")
_MONTHS = "start_date=2020-01-01T00:00:00Z&end_date=2040-01-01T00:00:00Z"
PAGES_OF_3 = (
    "/ui/dags",
    f"/ui/dags?dag_ids={THEIRS}",
    f"/ui/dashboard/historical_metrics_data?{_MONTHS}",
    "/ui/dashboard/dag_stats",
    "/ui/dependencies",
    "/ui/deadlines",
    "/ui/dags/~/deadlines",
    "/ui/dags/~/dagRuns/~/deadlines",
    "/ui/backfills",
    f"/ui/backfills?dag_id={THEIRS}",
    "/ui/partitioned_dag_runs",
    f"/ui/structure/structure_data?dag_id={THEIRS}",
    f"/ui/grid/runs/{THEIRS}",
    f"/ui/grid/structure/{THEIRS}",
    f"/ui/grid/ti_summaries/{THEIRS}?run_ids={RUN}",
    f"/ui/gantt/{THEIRS}/{RUN}",
    f"/ui/dags/{THEIRS}/latest_run",
    f"/ui/next_run_assets/{THEIRS}",
)
PAGES_OF_2 = (
    "/home",
    f"/dags/{THEIRS}/grid",
    f"/dags/{THEIRS}/code",
    f"/object/grid_data?dag_id={THEIRS}",
    f"/object/graph_data?dag_id={THEIRS}",
    f"/object/calendar_data?dag_id={THEIRS}",
    f"/object/task_instances?dag_id={THEIRS}&run_id={RUN}",
    f"/object/historical_metrics_data?{_MONTHS}",
    "/object/dataset_dependencies",
    "/object/datasets_summary",
    "/dagmodel/autocomplete?query=fin",
    "/dag-dependencies",
    "/dagrun/list/",
    "/taskinstance/list/",
    "/slamiss/list/",
    "/taskreschedule/list/",
    "/xcom/list/",
    "/log/list/",
    "/job/list/",
    "/triggerview/list/",
    "/datasets",
    "/cluster_activity",
)
LISTS_OF_2 = ("/dag_stats", "/task_stats", "/last_dagruns", "/blocked")
SEEN_BY_ADMIN = {
    True: {"/api/v2/dags", "/api/v2/dagWarnings", "/api/v2/dags/~/dagRuns", "/ui/dags", "/ui/backfills"},
    False: {"/api/v1/dags", "/home", "/dagrun/list/", "/taskinstance/list/", "/slamiss/list/", "/taskreschedule/list/"}
    | {"/xcom/list/", "/dagmodel/autocomplete?query=fin", "/task_stats", "/dag-dependencies"},
}
"""A part of where the DAG does show, so that not finding it says something."""


@pytest.fixture(scope="module")
def dags(site: Site) -> Site:
    return have_departments(site)


def where(site: Site, browser: Browser, lists: set[str]) -> set[str]:
    """The addresses whose answer names the DAG, without the echo of what was asked."""
    found = set()
    for path in sorted(lists | set(PAGES_OF_3 if site.is_3 else PAGES_OF_2)):
        answer = browser.http.get(f"{site.url}{path}", follow_redirects=False)
        if _names_it(answer):
            found.add(path)
    return found | _posted(site, browser)


def _names_it(answer: httpx.Response) -> bool:
    if not answer.is_success:
        return False
    asked = (str(answer.request.url.raw_path, "ascii"), str(answer.request.url.query, "ascii"))
    text = answer.text
    for echo in asked:
        text = text.replace(echo, "") if THEIRS in echo else text
    return THEIRS in text


def _api_lists(site: Site) -> set[str]:
    """Every address of the API that answers a GET and needs to be told nothing, or "~", which is everything."""
    document = site.browser().http.get(f"{site.url}{'' if site.is_3 else '/api/v1'}/openapi.json").json()
    prefix = "" if site.is_3 else "/api/v1"
    paths = set()
    for template, operations in document["paths"].items():
        path = re.sub(r"\{(dag_id|dag_run_id|task_id|run_id)\}", "~", template)
        if "get" in operations and "{" not in path and "auth/" not in path:
            paths |= {f"{prefix}{path}{query}" for query in QUERIES}
    return paths


def _posted(site: Site, browser: Browser) -> set[str]:
    found = set()
    if site.is_3:
        for path in ("/dags/~/dagRuns/list", "/dags/~/dagRuns/~/taskInstances/list"):
            for body in ({}, {"dag_ids": [THEIRS]}):
                if _names_it(site.call(browser, "POST", path, json=body)):
                    found.add(path)
        return found
    home = browser.get(f"{site.url}/home")
    token = home.soup.find("meta", attrs={"name": "csrf_token"})
    assert token
    headers = {"X-CSRFToken": str(token["content"])}
    for path in ("/dags/~/dagRuns/list", "/dags/~/dagRuns/~/taskInstances/list"):
        if _names_it(site.call(browser, "POST", path, json={"dag_ids": [THEIRS]})):
            found.add(path)
    for path in LISTS_OF_2:
        for data in ({}, {"dag_ids": THEIRS}):
            if _names_it(browser.http.post(f"{site.url}{path}", data=data, headers=headers)):
                found.add(path)
    return found


def test_another_departments_dag_shows_nowhere(dags: Site) -> None:
    lists = _api_lists(dags)
    admin, _ = dags.sign_in(ADMIN)
    shown = where(dags, admin, lists)
    assert shown >= SEEN_BY_ADMIN[dags.is_3], SEEN_BY_ADMIN[dags.is_3] - shown
    editor, _ = dags.sign_in(EDITOR)
    assert where(dags, editor, lists) == set()


@pytest.mark.parametrize("their_run", [RUN, "~"])
def test_their_runs_cant_be_reached_by_a_detour(dags: Site, their_run: str) -> None:
    """By the DAG that somebody may see in one place of the request and the other DAG in another."""
    editor, _ = dags.sign_in(EDITOR)
    task = task_of(dags, THEIRS)
    for path in (
        f"/dags/{THEIRS}?dag_id={OURS}",
        f"/dags/{THEIRS}/dagRuns?dag_id={OURS}",
        f"/dags/{THEIRS}/dagRuns/{their_run}/taskInstances?dag_id={OURS}",
        f"/dags/{THEIRS}/dagRuns/{their_run}/taskInstances/{task}/xcomEntries/return_value?dag_id={OURS}",
        f"/dags/{THEIRS}/dagRuns/{their_run}/taskInstances/{task}/logs/1?dag_id={OURS}",
    ):
        # 2.11's API refuses a parameter that it doesn't know with 400, before anything else.
        assert dags.call(editor, "GET", path).status_code in ({403} if dags.is_3 else {400, 403}), path
    for path in (f"/dags/{OURS}?update_mask=is_paused", f"/dags?dag_id_pattern={THEIRS}", "/dags?dag_id_pattern=~"):
        dags.call(editor, "PATCH", path, json={"dag_id": THEIRS, "is_paused": False})
        dags.call(editor, "PATCH", path, json={"is_paused": False})
    assert dags.rows("SELECT is_paused FROM dag WHERE dag_id = ?", THEIRS) == [(1,)]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("length", ["told", "not told"])
def test_a_body_says_nothing_about_what_is_asked_for(dags: Site, method: str, length: str) -> None:
    """3.x decides who may list backfills by the DAG in the body, and lists those of the DAG in the query."""
    if not dags.is_3:
        pytest.skip("2.11 has no backfills in its API")
    admin, _ = dags.sign_in(ADMIN)
    asked = f"/backfills?dag_id={THEIRS}"
    assert dags.call(admin, "GET", asked).json()["total_entries"] > 0
    editor, _ = dags.sign_in(EDITOR)
    body = json.dumps({"dag_id": OURS}).encode()
    answer = dags.call(
        editor,
        method,
        asked,
        content=body if length == "told" else iter([body[:5], body[5:]]),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in ({403} if method == "GET" else {403, 405}), answer.text
    assert dags.call(editor, "GET", f"/backfills?dag_id={OURS}", content=body).json()["total_entries"] > 0


@pytest.mark.parametrize("person", [EDITOR, VIEWER], ids=lambda person: person.name)
def test_a_page_that_somebody_may_not_see_leads_to_the_start_page(dags: Site, person: TestPerson) -> None:
    """Not round in circles: FAB sends whom it refuses to the sign-in, which has nothing to do for who is signed in."""
    browser, _ = dags.sign_in(person)
    paths = [f"{'/auth' if dags.is_3 else ''}/{name}/list/" for name in ("users", "roles")]
    for path in paths:
        page = browser.get(f"{dags.url}{path}")
        assert page.status == 200
        assert page.url in (f"{dags.url}/", f"{dags.url}/home"), page.hops
    admin, _ = dags.sign_in(ADMIN)
    assert admin.get(f"{dags.url}{paths[0]}").url == f"{dags.url}{paths[0]}"
