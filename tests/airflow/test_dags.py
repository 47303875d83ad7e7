"""What each role may do with DAGs, and with everything else, by Airflow's API and on its pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
import pytest

from tests.airflow.browser import Browser
from tests.airflow.departments import (
    COVERED_WITHIN,
    GENEROUS,
    OURS,
    PASSING,
    RUN,
    SCRATCH,
    THEIRS,
    have_departments,
    is_refused,
    read_dags,
    task_of,
    trigger_body,
    write_dag,
)
from tests.airflow.people import ADMIN, BOTH, EDITOR, OP, RUNNER, VIEWER, TestPerson
from tests.airflow.site import Site
from tests.airflow.tables import Table
from tests.airflow.waiting import until


@pytest.fixture(scope="module")
def dags(site: Site) -> Site:
    return have_departments(site, SCRATCH, PASSING)


@dataclass(frozen=True)
class Visit:
    """Somebody signed in, asking about one DAG."""

    site: Site
    browser: Browser
    dag: str

    def call(self, method: str, path: str, **options: object) -> httpx.Response:
        return self.site.call(self.browser, method, path, **options)

    def of_dag(self, method: str, path: str = "", **options: object) -> httpx.Response:
        return self.call(method, f"/dags/{self.dag}{path}", **options)

    def code(self) -> httpx.Response:
        if self.site.is_3:
            return self.call("GET", f"/dagSources/{self.dag}")
        admin, _ = self.site.sign_in(ADMIN)
        return self.call("GET", f"/dagSources/{self.site.call(admin, 'GET', f'/dags/{self.dag}').json()['file_token']}")

    def delete_a_run(self) -> httpx.Response:
        admin, _ = self.site.sign_in(ADMIN)
        body = trigger_body(self.site)
        self.site.call(admin, "POST", f"/dags/{self.dag}/dagRuns", json=body)
        return self.of_dag("DELETE", f"/dagRuns/{body['dag_run_id']}")

    def users(self) -> httpx.Response:
        return self.browser.http.get(f"{self.site.url}/auth/fab/v1/users")


WITH_A_DAG: Mapping[str, Callable[[Visit], httpx.Response]] = {
    "see a DAG": lambda visit: visit.of_dag("GET"),
    "its code": lambda visit: visit.code(),
    "its runs": lambda visit: visit.of_dag("GET", "/dagRuns"),
    "its tasks' logs": lambda visit: visit.of_dag(
        "GET", f"/dagRuns/{RUN}/taskInstances/{task_of(visit.site, visit.dag)}/logs/1"
    ),
    "its tasks' results (XCom)": lambda visit: visit.of_dag(
        "GET", f"/dagRuns/{RUN}/taskInstances/{task_of(visit.site, visit.dag)}/xcomEntries"
    ),
    "trigger a run": lambda visit: visit.of_dag("POST", "/dagRuns", json=trigger_body(visit.site)),
    "pause it": lambda visit: visit.of_dag("PATCH", json={"is_paused": True}),
    "clear its tasks": lambda visit: visit.of_dag(
        "POST", "/clearTaskInstances", json={"dry_run": False, "only_failed": False, "dag_run_id": RUN}
    ),
    "delete a run": lambda visit: visit.delete_a_run(),
}
OTHERWISE: Mapping[str, Callable[[Visit], httpx.Response]] = {
    "pools": lambda visit: visit.call("GET", "/pools"),
    "connections": lambda visit: visit.call("GET", "/connections"),
    "variables": lambda visit: visit.call("GET", "/variables"),
    "change a variable": lambda visit: visit.call(
        "PATCH", "/variables/not-there", json={"key": "not-there", "value": "x"}
    ),
    "the configuration": lambda visit: visit.call("GET", "/config"),
    "users and roles": lambda visit: visit.users(),
    "the audit log": lambda visit: visit.call("GET", "/eventLogs"),
}
PEOPLE: Mapping[str, TestPerson] = {
    "Admin": ADMIN,
    "Op": OP,
    "Viewer": VIEWER,
    "sales-editor": EDITOR,
    "Viewer and sales-editor": BOTH,
    "sales-runner": RUNNER,
}
ALL, SALES, NO, YES = "all DAGs", "`sales_*`", "no", "yes"
_READ = (ALL, ALL, ALL, SALES, ALL, SALES)
_EDIT = (ALL, ALL, NO, SALES, SALES, NO)
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "see a DAG": _READ,
    "its code": _READ,
    "its runs": _READ,
    "its tasks' logs": _READ,
    "its tasks' results (XCom)": _READ,
    "trigger a run": (ALL, ALL, NO, SALES, SALES, SALES),
    "pause it": _EDIT,
    "clear its tasks": _EDIT,
    "delete a run": _EDIT,
    "pools": (YES, YES, YES, NO, YES, NO),
    "connections": (YES, YES, NO, NO, NO, NO),
    "variables": (YES, YES, NO, NO, NO, NO),
    "change a variable": (YES, YES, NO, NO, NO, NO),
    "the configuration": (YES, YES, NO, NO, NO, NO),
    "users and roles": (YES, NO, NO, NO, NO, NO),
    "the audit log": (YES, NO, NO, NO, NO, NO),
}
TABLE = Table(
    "airflow-rights.md",
    "Who may do what in Airflow",
    "The same on Airflow 3.3 and 2.11. `sales-editor` has `sales_*: [read, trigger, edit]` in the stack file, and\n"
    "`sales-runner` has `sales_*: [read, trigger]`. Airflow shows its configuration to nobody unless told to.",
    "",
    tuple(EXPECTED),
    tuple(PEOPLE),
)


def scope(refused: Mapping[str, bool]) -> str:
    """In words, from whether each DAG's request was refused."""
    known = {(False, False): ALL, (False, True): SALES, (True, True): NO}
    return known.get((refused[OURS], refused[THEIRS]), "another department's DAGs alone")


@pytest.mark.parametrize("role", PEOPLE)
def test_each_role_may_do_what_it_says_and_nothing_else(dags: Site, role: str) -> None:
    browser, _ = dags.sign_in(PEOPLE[role])
    seen = {
        name: scope({dag: is_refused(ask(Visit(dags, browser, dag))) for dag in (OURS, THEIRS)})
        for name, ask in WITH_A_DAG.items()
    }
    seen |= {name: NO if is_refused(ask(Visit(dags, browser, OURS))) else YES for name, ask in OTHERWISE.items()}
    for name, text in seen.items():
        TABLE.put(name, role, text)
    assert seen == {name: texts[list(PEOPLE).index(role)] for name, texts in EXPECTED.items()}


@pytest.mark.parametrize("person", [ADMIN, VIEWER, EDITOR, RUNNER], ids=lambda person: person.name)
def test_lists_have_the_dags_that_somebody_may_see(dags: Site, person: TestPerson) -> None:
    browser, _ = dags.sign_in(person)
    listed = {one["dag_id"] for one in dags.call(browser, "GET", "/dags").json()["dags"]}
    assert OURS in listed
    assert (THEIRS in listed) == (person in (ADMIN, VIEWER))
    if person in (EDITOR, RUNNER):
        prefixes = ("sales_", "scratch_") if person is RUNNER else ("sales_",)
        assert all(name.startswith(prefixes) for name in listed)
    if dags.is_3:
        shown = {one["dag_id"] for one in browser.http.get(f"{dags.url}/ui/dags").json()["dags"]}
    else:
        links = browser.get(f"{dags.url}/home").soup.select("a[href*='/dags/'][href*='/grid']")
        shown = {str(link["href"]).split("/dags/")[1].split("/")[0] for link in links}
    assert shown == listed


def test_a_role_that_may_delete_alone_deletes_and_does_nothing_else(dags: Site) -> None:
    browser, _ = dags.sign_in(RUNNER)
    visit = Visit(dags, browser, SCRATCH)
    assert is_refused(visit.of_dag("POST", "/dagRuns", json=trigger_body(dags)))
    assert is_refused(visit.of_dag("PATCH", json={"is_paused": True}))
    for other in (OURS, THEIRS):
        assert is_refused(Visit(dags, browser, other).of_dag("DELETE"))
    assert visit.of_dag("DELETE").status_code in (200, 204)
    assert not dags.rows("SELECT dag_id FROM dag WHERE dag_id = ?", SCRATCH)


def test_an_editor_deletes_no_dag(dags: Site) -> None:
    for person in (EDITOR, BOTH, VIEWER):
        browser, _ = dags.sign_in(person)
        for dag in (OURS, THEIRS):
            assert is_refused(Visit(dags, browser, dag).of_dag("DELETE"))
    assert len(dags.rows("SELECT dag_id FROM dag WHERE dag_id IN (?, ?)", OURS, THEIRS)) == 2


def test_the_trigger_page_of_2_11_is_for_who_may_trigger(dags: Site) -> None:
    """2.11's lists enable the button only for who may edit as well (`can_trigger = can_edit and ...`)."""
    if dags.is_3:
        pytest.skip("3.x has no such page")
    browser, _ = dags.sign_in(RUNNER)
    count = "SELECT count(*) FROM dag_run WHERE dag_id = ?"
    before = dags.rows(count, OURS)[0][0]
    page = browser.get(f"{dags.url}/dags/{OURS}/trigger")
    assert page.url.endswith(f"/dags/{OURS}/trigger")
    token = page.soup.find("input", attrs={"name": "csrf_token"})
    assert token
    paused = "UPDATE dag SET is_paused = ? WHERE dag_id = ?"
    try:
        with dags.database() as connection:
            connection.execute(paused, (0, OURS))  # else the page unpauses it, which is to edit: test_trigger
        browser.post(page.url, {"csrf_token": str(token["value"]), "conf": "{}", "origin": "/home"})
        assert dags.rows(count, OURS)[0][0] == before + 1
    finally:
        with dags.database() as connection:
            connection.execute(paused, (1, OURS))
    assert browser.get(f"{dags.url}/dags/{THEIRS}/trigger").url == f"{dags.url}/home"


@pytest.mark.parametrize("person", [VIEWER, EDITOR, RUNNER], ids=lambda person: person.name)
def test_a_dags_own_access_control_gives_nothing(dags: Site, person: TestPerson) -> None:
    resource = f"DAG:{GENEROUS}"
    given = dags.rows("SELECT name FROM ab_view_menu WHERE name = ?", resource)
    assert given == [(resource,)], "Airflow has read the DAG's access_control"
    browser, _ = dags.sign_in(person)
    visit = Visit(dags, browser, GENEROUS)
    assert is_refused(visit.of_dag("GET")) == (person is not VIEWER)
    assert is_refused(visit.of_dag("POST", "/dagRuns", json=trigger_body(dags)))
    assert is_refused(visit.of_dag("PATCH", json={"is_paused": False}))
    assert is_refused(visit.of_dag("DELETE"))


def test_a_dag_is_covered_when_it_is_added_and_not_when_it_is_renamed(dags: Site) -> None:
    browser, _ = dags.sign_in(EDITOR)
    added, renamed = "sales_added", "was_sales_passing"
    assert not is_refused(Visit(dags, browser, PASSING).of_dag("PATCH", json={"is_paused": False}))
    write_dag(dags, added)
    write_dag(dags, renamed, file=PASSING)
    read_dags(dags)

    def listed() -> set[str]:
        return {one["dag_id"] for one in dags.call(browser, "GET", "/dags").json()["dags"]}

    until(lambda: added in listed(), COVERED_WITHIN, "a DAG that was added is listed")
    assert Visit(dags, browser, added).of_dag("PATCH", json={"is_paused": False}).status_code == 200
    assert Visit(dags, browser, added).of_dag("POST", "/dagRuns", json=trigger_body(dags)).status_code == 200
    assert renamed not in listed()
    assert is_refused(Visit(dags, browser, renamed).of_dag("GET"))
    assert dags.rows("SELECT dag_id FROM dag WHERE dag_id = ?", renamed)
