"""Airflow 2.11 doesn't keep who started a run: a line of the audit log does, written in the run's own transaction."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from flask import has_request_context
from flask_login import current_user

from airflow_entra_auth.fab.standing import Standing

EVENT = "entra_dag_run"


def name_who_starts_runs() -> None:
    """From now on, in this process. A run that the scheduler or a command line starts has nobody, and no line."""
    if not sa.event.contains(DagRun, "after_insert", _started):
        sa.event.listen(DagRun, "after_insert", _started)


def _started(_mapper: Any, connection: Any, run: Any) -> None:
    found = getattr(current_user, "_entra", None) if has_request_context() else None
    if not isinstance(found, Standing):
        return
    connection.execute(
        sa.insert(Log.__table__).values(
            dttm=datetime.now(timezone.utc),
            dag_id=run.dag_id,
            run_id=run.run_id,
            event=EVENT,
            owner=found.object_id,
            owner_display_name=f"{current_user.first_name} {current_user.last_name}".strip(),
            extra="{}",
        )
    )
