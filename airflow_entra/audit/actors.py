"""Who is behind what happened in Airflow: a verified person, an account of Airflow's own, the schedule.

Nobody is invented: where Airflow kept no name, "not known" is what is said, with the reason.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from airflow_entra.audit.records import Action, Attempt, Records, Run, User

Kind = Literal["person", "account", "machine", "schedule", "asset", "airflow", "unknown"]

_STARTED_BY = "entra_dag_run"  # written with the run itself; the others with the request for it
_ASKED_FOR = frozenset({"trigger", "trigger_dag_run", "api.post_dag_run"})
_CLEARED = frozenset(
    {
        "clear",
        "dagrun_clear",
        "clear_dag_run",
        "clear_dag_runs",
        "post_clear_task_instances",
        "api.post_clear_task_instances",
        "api.clear_dag_run",
    }
)
_OF_AIRFLOW = frozenset({"running", "success", "failed", "up_for_retry", "up_for_reschedule", "skipped", "deferred"})


@dataclass(frozen=True)
class Actor:
    """Who. `object_id` is set for a person alone; `why` says how it is known, or why it isn't."""

    kind: Kind
    name: str
    object_id: str | None = None
    why: str = ""


class Actors:
    """Finds who is behind the actions, runs and task logs of one Airflow."""

    def __init__(self, records: Records) -> None:
        self._users: Mapping[str, User] = {user.user_name: user for user in records.users}
        self._runs = {(run.dag_id, run.run_id): run for run in records.runs}
        self._starts: dict[tuple[str, str], Action] = {}
        self._clears: dict[tuple[str, str], list[Action]] = defaultdict(list)
        self._pauses: dict[str, list[Action]] = defaultdict(list)
        for action in records.actions:
            self._keep(action)

    def of(self, action: Action) -> Actor:
        """Who did this."""
        if action.event in _OF_AIRFLOW:
            return Actor("airflow", "Airflow", why="the state of a task")
        if action.event.startswith("cli_"):
            return Actor("machine", action.owner or "?", why="a command on the machine that Airflow runs on")
        return self._account(action.owner)

    def of_run(self, run: Run) -> Actor:
        """Who or what started this run."""
        if run.type == "scheduled":
            return self._schedule(run)
        if run.type in ("asset_triggered", "dataset_triggered"):
            return Actor("asset", "an asset", why="started by an asset's event")
        if run.triggering_user:
            return self._account(run.triggering_user)
        start = self._starts.get((run.dag_id, run.run_id))
        if start is not None:
            return self._account(start.owner)
        if run.triggered_by in ("CLI", "cli"):
            return Actor("machine", "the command line", why="a command on the machine that Airflow runs on")
        return Actor("unknown", "not known", why=f"Airflow kept no name for this {run.type} run")

    def of_attempt(self, attempt: Attempt) -> Actor:
        """Who is behind a task's log: who started the run, or cleared it since for this try."""
        cleared = [
            action
            for action in self._clears[attempt.dag_id, attempt.run_id]
            if action.at <= attempt.started_at and attempt.try_number > 1
        ]
        if cleared:
            why = f"cleared the run at {cleared[-1].at:%Y-%m-%d %H:%M}Z"
            return replace(self._account(cleared[-1].owner), why=why)
        run = self._runs.get((attempt.dag_id, attempt.run_id))
        if run is None:
            return Actor("unknown", "not known", why="Airflow no longer has the run")
        return self.of_run(run)

    def _keep(self, action: Action) -> None:
        dag = action.dag_id
        if dag is None:
            return
        if action.run and action.event == _STARTED_BY:
            self._starts[dag, action.run] = action
        if action.run and action.event in _ASKED_FOR:
            self._starts.setdefault((dag, action.run), action)
        if action.event in _CLEARED and action.run:
            self._clears[dag, action.run].append(action)
        if isinstance(action.about.get("paused"), bool):
            self._pauses[dag].append(action)

    def _schedule(self, run: Run) -> Actor:
        version = f"version {run.dag_version} of the DAG" if run.dag_version else "a version that Airflow didn't keep"
        pauses = self._pauses[run.dag_id]
        place = bisect_left([action.at for action in pauses], run.at) if run.at else len(pauses)
        last = pauses[place - 1] if place else None
        if last is None or last.about["paused"]:
            return Actor("schedule", "scheduled", why=f"{version}; nobody on record unpaused it")
        by = self.of(last)
        return Actor("schedule", "scheduled", why=f"{version}; unpaused by {by.name} at {last.at:%Y-%m-%d %H:%M}Z")

    def _account(self, owner: str | None) -> Actor:
        user = self._users.get(owner or "")
        if user is None:
            return Actor("unknown", owner or "not known", why="no account of this Airflow")
        if user.identity is None or user.identity.object_id != user.user_name:
            return Actor("account", user.user_name, why="an account of Airflow's own: no directory identity")
        return Actor("person", user.identity.name or user.name, user.identity.object_id, "signed in with Entra")
