"""What was done in an Airflow in a period, each with who is behind it: actions, runs, and the tasks that followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_entra.audit.actors import Actor, Actors
from airflow_entra.audit.records import Action, Records

_SIGN_INS = {
    "entra_sign_in": "signed in",
    "entra_sign_in_refused": "was refused",
    "entra_sign_out": "signed out",
    "entra_role_change": "got other roles",
    "entra_set_aside": "had an account set aside",
}


@dataclass(frozen=True)
class Deed:
    """One thing that was done. `event` is Airflow's own name for it; `what` says it in words."""

    at: datetime
    airflow: str
    actor: Actor
    event: str
    what: str


@dataclass(frozen=True)
class Started:
    """A run, or one try of one of its tasks (`task` is None for the run), and who is behind it."""

    at: datetime | None
    airflow: str
    actor: Actor
    dag: str
    run: str
    task: str | None
    try_number: int | None
    state: str | None


def deeds(airflows: Mapping[str, Records]) -> Iterator[Deed]:
    """The actions of people, accounts and command lines, Airflow by Airflow in the order of time."""
    for url, records in airflows.items():
        actors = Actors(records)
        for action in records.actions:
            actor = actors.of(action)
            if action.at >= records.since and actor.kind != "airflow" and not _is_a_start_of_airflow(action):
                yield Deed(action.at, url, actor, action.event, _what(action))


def started(airflows: Mapping[str, Records]) -> Iterator[Started]:
    """Every run and every try of a task."""
    for url, records in airflows.items():
        actors = Actors(records)
        for run in records.runs:
            yield Started(run.at, url, actors.of_run(run), run.dag_id, run.run_id, None, None, run.state)
        for one in records.attempts:
            task = one.task_id if one.map_index < 0 else f"{one.task_id}[{one.map_index}]"
            actor = actors.of_attempt(one)
            yield Started(one.started_at, url, actor, one.dag_id, one.run_id, task, one.try_number, one.state)


_STARTS = frozenset(
    {
        "cli_api_server",
        "cli_webserver",
        "cli_scheduler",
        "cli_dag_processor",
        "cli_triggerer",
        "cli_task_run",
        "cli_celery_worker",
        "cli_worker",
        "cli_migratedb",
    }
)


def _is_a_start_of_airflow(action: Action) -> bool:
    return action.event in _STARTS


def _what(action: Action) -> str:
    said = action.about
    if action.event in _SIGN_INS:
        roles, before = said.get("roles"), said.get("rolesBefore")
        moved = f": {', '.join(before) or 'none'} → {', '.join(roles or ()) or 'none'}" if before is not None else ""
        reason = f" ({said['reason']})" if said.get("reason") else ""
        return f"{_SIGN_INS[action.event]}{moved}{reason}"
    about = ", ".join(said.get("names") or ())
    place = " ".join(filter(None, (action.dag_id, action.run, action.task_id)))
    paused = {True: "paused", False: "unpaused", None: ""}[said.get("paused")]
    return " ".join(filter(None, (action.event, about, place, paused)))
