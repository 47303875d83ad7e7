"""DAGs for the tests about roles, beside the samples of a local Airflow, and rows that a run leaves behind."""

from __future__ import annotations

import time
from uuid import uuid4

import httpx

from tests.airflow.people import ADMIN
from tests.airflow.site import Site

OURS, THEIRS = "sales_report", "finance_close"
"""Two of the samples: one whose pattern a custom role has, and one of another department."""
GENEROUS = "finance_open"
"""A DAG whose own access_control gives everything to Viewer and to the custom role."""
SCRATCH, PASSING = "scratch_pad", "sales_passing"
RUN = "for-reading"
COVERED_WITHIN = 30.0
"""Seconds until a DAG that is added is covered."""

_DAG = """
from datetime import datetime

try:
    from airflow.sdk import DAG
except ImportError:
    from airflow import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG({name!r}, start_date=datetime(2026, 1, 1), schedule=None, tags=["t"], access_control={access!r}):
    EmptyOperator(task_id="only")
"""
_EVERYTHING = {"DAGs": {"can_read", "can_edit", "can_delete"}, "DAG Runs": {"can_create", "can_read", "can_delete"}}


def write_dag(site: Site, name: str, *, file: str | None = None, generous: bool = False) -> None:
    """A DAG of one task in a file of its own."""
    access = {"Viewer": _EVERYTHING, "sales-editor": _EVERYTHING, "sales-runner": _EVERYTHING} if generous else None
    text = _DAG.format(name=name, access=access)
    if not site.is_3:
        text = text.replace("airflow.providers.standard.operators.empty", "airflow.operators.empty")
    (site.running.home.dags / f"{file or name}.py").write_text(text)


def read_dags(site: Site) -> None:
    """What Airflow's DAG processor does every 30 seconds."""
    done = site.command("dags", "reserialize")
    assert done.returncode == 0, done.stderr


def trigger_body(site: Site, run_id: str | None = None) -> dict[str, str | None]:
    return {"dag_run_id": run_id or f"run-{uuid4()}", **({"logical_date": None} if site.is_3 else {})}


def have_departments(site: Site, *more: str) -> Site:
    """The DAGs read, `more` among them, and a run of each sample with what runs leave behind; once for all modules."""
    known = {dag_id for (dag_id,) in site.rows("SELECT dag_id FROM dag")}
    if {OURS, THEIRS, GENEROUS, *more} - known:
        write_dag(site, GENEROUS, generous=True)
        for dag_id in more:
            write_dag(site, dag_id)
        read_dags(site)
    ran = {dag_id for (dag_id,) in site.rows("SELECT dag_id FROM dag_run WHERE run_id = ?", RUN)}
    browser, _ = site.sign_in(ADMIN)
    for dag_id in {OURS, THEIRS, GENEROUS} - ran:
        done = site.call(browser, "POST", f"/dags/{dag_id}/dagRuns", json=trigger_body(site, RUN))
        assert done.status_code == 200, done.text
        _leave_traces(site, dag_id)
    _warn_of(site, OURS, THEIRS, GENEROUS)
    return site


def task_of(site: Site, dag_id: str) -> str:
    found: str = site.rows("SELECT task_id FROM task_instance WHERE dag_id = ? AND run_id = ?", dag_id, RUN)[0][0]
    return found


def _warn_of(site: Site, *dag_ids: str) -> None:
    """Each reading of the DAGs takes warnings away."""
    now = time.strftime("%Y-%m-%d %H:%M:%S.000000")
    with site.database() as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO dag_warning VALUES (?, 'non-existent pool', ?, ?)",
            [(dag_id, f"of {dag_id}", now) for dag_id in dag_ids],
        )


def _leave_traces(site: Site, dag_id: str) -> None:
    task, now = task_of(site, dag_id), time.strftime("%Y-%m-%d %H:%M:%S.000000")
    (run,) = site.rows("SELECT id FROM dag_run WHERE dag_id = ? AND run_id = ?", dag_id, RUN)[0]
    value = f'"{dag_id} made this"'
    with site.database() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)"
            " VALUES (?, ?, -1, 'return_value', ?, ?, ?, ?)",
            (run, task, dag_id, RUN, value if site.is_3 else value.encode(), now),
        )
        if site.is_3:
            connection.execute(
                "INSERT INTO backfill (dag_id, from_date, to_date, dag_run_conf, is_paused, reprocess_behavior,"
                " max_active_runs, created_at, updated_at, completed_at) VALUES (?, ?, ?, '{}', 0, 'none', 1, ?, ?, ?)",
                (dag_id, now, now, now, now, now),
            )
        else:
            connection.execute(
                "INSERT OR IGNORE INTO sla_miss (task_id, dag_id, execution_date, timestamp) VALUES (?, ?, ?, ?)",
                (task, dag_id, now, now),
            )
            connection.execute(
                "INSERT INTO task_reschedule (task_id, dag_id, run_id, map_index, try_number, start_date, end_date,"
                " duration, reschedule_date) VALUES (?, ?, ?, -1, 1, ?, ?, 1, ?)",
                (task, dag_id, RUN, now, now, now),
            )


def is_refused(answer: httpx.Response) -> bool:
    """Whether the person may not. What isn't there or is hidden from all is no refusal."""
    assert answer.status_code in (200, 201, 204, 400, 403, 404, 409), (answer.request.url, answer.text)
    return answer.status_code == 403 and "chose not to expose" not in answer.text
