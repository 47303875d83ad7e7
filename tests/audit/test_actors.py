from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.audit.actors import Actor, Actors
from airflow_entra.audit.deeds import deeds, started
from tests.audit.stack import ADA, DAN, URL, action, person, records, run, task

PEOPLE = (person(ADA, "Admin"), person(DAN))
OLD = person(DAN, "Op", userName="old", identity=None, userId=3)


def behind(*lines: dict[str, Any], of: str = "r") -> Actor:
    found = records(*PEOPLE, OLD, *lines)
    (one,) = [each for each in found.runs if each.run_id == of]
    return Actors(found).of_run(one)


def test_3x_keeps_who_triggered_a_run() -> None:
    found = behind(run("r", "manual", triggeringUser=ADA.id))
    assert (found.kind, found.name, found.object_id) == ("person", "Ada Okafor", ADA.id)


@pytest.mark.parametrize("event", ["entra_dag_run", "trigger", "api.post_dag_run"])
def test_of_211_the_audit_log_knows_it(event: str) -> None:
    start = action(29, event, ADA.id, dagId="sales", about={"runId": "r"})
    assert behind(start, run("r", "manual")).object_id == ADA.id


def test_what_was_written_with_the_run_counts_before_what_was_asked_for() -> None:
    asked = action(20, "api.post_dag_run", DAN.id, dagId="sales", about={"runId": "r"})
    written = action(29, "entra_dag_run", ADA.id, dagId="sales", runId="r")
    assert behind(asked, written, run("r", "manual")).object_id == ADA.id


def test_nobody_is_invented() -> None:
    assert behind(run("r", "manual")).kind == "unknown"
    assert behind(run("r", "manual", triggeredBy="CLI")).kind == "machine"
    assert behind(run("r", "manual", triggeringUser="old")) == Actor(
        "account", "old", None, "an account of Airflow's own: no directory identity"
    )
    gone = behind(run("r", "manual", triggeringUser="who-was-deleted"))
    assert (gone.kind, gone.object_id) == ("unknown", None)


def test_a_scheduled_run_is_nobodys_and_says_who_let_it_run() -> None:
    def paused(minutes: float, paused: bool, who: str) -> dict[str, Any]:
        return action(minutes, "patch_dag", who, dagId="sales", about={"paused": paused})

    found = behind(paused(1, False, ADA.id), paused(50, False, DAN.id), run("r", "scheduled"))
    assert (found.kind, found.object_id) == ("schedule", None)
    assert found.why == "version 3 of the DAG; unpaused by Ada Okafor at 2026-11-24 10:01Z"
    nobody = behind(paused(1, False, ADA.id), paused(2, True, DAN.id), run("r", "scheduled", dagVersion=None))
    assert nobody.why == "a version that Airflow didn't keep; nobody on record unpaused it"


def test_a_tasks_log_leads_to_who_started_the_run_or_cleared_it() -> None:
    cleared = action(40, "post_clear_task_instances", DAN.id, dagId="sales", about={"runId": "r"})
    tries = task("r", 1, 31), task("r", 2, 35), task("r", 3, 41), task("gone", 1, 5)
    found = records(*PEOPLE, cleared, run("r", "manual", triggeringUser=ADA.id), *tries)
    actors = Actors(found)
    assert [actors.of_attempt(one).object_id for one in found.attempts] == [ADA.id, ADA.id, DAN.id, None]
    assert actors.of_attempt(found.attempts[2]).why == "cleared the run at 2026-11-24 10:40Z"


def test_what_airflow_does_itself_is_no_deed() -> None:
    lines = (
        action(1, "cli_scheduler", "root"),
        action(2, "running", "airflow", dagId="sales", taskId="load"),
        action(3, "cli_dag_unpause", "root", dagId="sales", about={"paused": False}),
        action(4, "post_connection", ADA.id, about={"names": ["warehouse"]}),
    )
    said = [(one.actor.kind, one.actor.name, one.what) for one in deeds({URL: records(*PEOPLE, *lines)})]
    assert said == [
        ("machine", "root", "cli_dag_unpause sales unpaused"),
        ("person", "Ada Okafor", "post_connection warehouse"),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["manual", "scheduled", "backfill", "asset_triggered", "dataset_triggered"]),
            st.sampled_from([ADA.id, DAN.id, "old", "nobody", None]),
        )
    )
)
def test_a_person_is_said_only_where_airflow_has_their_identity(runs: list[tuple[str, str | None]]) -> None:
    lines = [run(f"r{number}", type_, triggeringUser=who) for number, (type_, who) in enumerate(runs)]
    found = list(started({URL: records(*PEOPLE, OLD, *lines)}))
    assert len(found) == len(runs)
    for one, (type_, who) in zip(found, runs, strict=True):
        theirs = who in (ADA.id, DAN.id) and type_ in ("manual", "backfill")
        assert one.actor.object_id == (who if theirs else None)
        assert one.actor.why
