"""Graph and sign-in are away for half an hour of the tenant's clock: an alarm, and nobody's outage but Entra's."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from airflow_entra.local import clock
from airflow_entra.local.airflow import process
from airflow_entra.local.fault import Faults
from tests.airflow.company import Company
from tests.airflow.conftest import VERSIONS
from tests.airflow.credentials import disabled_behind_graphs_back
from tests.airflow.departments import read_dags
from tests.airflow.people import OP, WATCHED, WATCHED_TWICE
from tests.airflow.site import Site
from tests.airflow.test_watch import SOON, Holder
from tests.airflow.waiting import until
from tests.airflow.watcher import watching
from tests.trouble import in_trouble

DAG_ID = "while_entra_is_away"
RUN = 150.0
"""Seconds until a run of one task is done, on a machine that runs much else."""
STALE = 90.0
"""Seconds: a minute, and a last round that was under way."""
LONGEST_PAUSE = 30.0
"""Seconds between two tries of a watcher that fails."""
_DAG = f"""
from datetime import datetime
from airflow import DAG
from airflow.OPERATORS import BashOperator

with DAG("{DAG_ID}", start_date=datetime(2026, 1, 1), schedule=None, is_paused_upon_creation=False):
    BashOperator(task_id="only", bash_command="sleep 3")
"""
_OPERATORS = {True: "providers.standard.operators.bash", False: "operators.bash"}
_HEALTH = {True: "/api/v2/monitor/health", False: "/health"}


@pytest.fixture(scope="module", params=VERSIONS, ids=["3.3", "2.11"])
def whole_site(request: pytest.FixtureRequest, company: Company) -> Iterator[Site]:
    """All of an Airflow, at Azure's own names."""
    parts = process.PARTS[3 if request.param == "3.3" else 2]
    site = company.site("pair", request.param, kind="whole", parts=parts)
    (site.running.home.dags / f"{DAG_ID}.py").write_text(
        _DAG.replace("airflow.OPERATORS", f"airflow.{_OPERATORS[site.is_3]}")
    )
    read_dags(site)
    yield site
    for browser in site.browsers:
        browser.http.close()
    process.stop(site.running.home.folder)


@contextmanager
def asked_all_the_time(url: str) -> Iterator[Counter[int]]:
    """How often it answered with which status; 0 for no answer."""
    found, over = Counter[int](), threading.Event()

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=30) as client:
            while not over.wait(0.5):
                try:
                    found[client.get(url).status_code] += 1
                except httpx.TransportError:
                    found[0] += 1

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield found
    finally:
        over.set()
        asking.join(60)


def run(site: Site, holder: Holder) -> str:
    """A new run's id."""
    name = f"run-{time.monotonic_ns()}"
    body = {"dag_run_id": name, **({"logical_date": None} if site.is_3 else {})}
    answer = site.call(holder.browser, "POST", f"/dags/{DAG_ID}/dagRuns", json=body)
    assert answer.status_code == 200, answer.text
    return name


def state_of(site: Site, run_id: str) -> str:
    return str(site.rows("SELECT state FROM dag_run WHERE run_id = ?", run_id)[0][0])


def test_an_outage_of_entra_is_nobody_elses(whole_site: Site, company: Company) -> None:
    site = whole_site
    works, leaves, looks = (Holder(site, person) for person in (OP, WATCHED, WATCHED_TWICE))
    health = f"{site.running.local_url}{_HEALTH[site.is_3]}"
    with watching(site) as watcher:
        watcher.wait()
        until(lambda: watcher.fresh().status_code == 200, SOON, watcher.log)
        try:
            with (
                asked_all_the_time(health) as served,
                asked_all_the_time(f"{watcher.url}/healthz") as lived,
                in_trouble(company.world, Faults(away=True, hosts=("graph", "login"))),
            ):
                clock.forward(company.world, timedelta(minutes=30))
                started = run(site, works)
                until(lambda: watcher.fresh().status_code == 503, STALE, watcher.log)
                disabled_behind_graphs_back(company, WATCHED.object_id)
                until(lambda: state_of(site, started) == "success", RUN, "a run that began in the outage is done")
                assert [holder.ways_in() for holder in (works, leaves, looks)] == [[True, True, site.is_3]] * 3
                assert watcher.metric("up_to_date_seconds") > 60
                with pytest.raises(httpx.TransportError):  # a browser finds nobody to sign in with either
                    site.sign_in(OP)
            until(leaves.is_out, LONGEST_PAUSE + SOON, watcher.log)
            assert [holder.ways_in() for holder in (works, looks)] == [[True, True, site.is_3]] * 2
            until(lambda: watcher.fresh().status_code == 200, SOON, watcher.log)
        finally:
            clock.reset(company.world)
            company.enable(WATCHED)
        assert (set(served), set(lived)) == ({200}, {200}), (served, lived)
        assert served[200] > 50
        assert "Traceback" not in watcher.log
        assert watcher.log.count("can't be applied") == 1
