"""Where a stack's file, Pulumi's state and the tenant differ; who changed the tenant is asked of its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from airflow_entra import next_step
from airflow_entra.directory.changes import last_change
from airflow_entra.finding import Finding
from airflow_entra.preview.drift import CONTROLS, Difference, drift
from airflow_entra.preview.engine import Engine
from airflow_entra.preview.run import Progress, preview_all
from airflow_entra.target import Target
from airflow_entra.variables import NEEDS
from airflow_entra_auth.graph import Graph, GraphError

_LATE = "not in the log: it lags by minutes, and keeps 30 days (7 without P1)"


def drift_of(target: Target, stack: str, graph: Graph, since: datetime) -> tuple[Difference, ...] | Finding:
    """Every difference of a deployed stack; a finding where Pulumi can't say."""
    pulumi = target.pulumi()
    pulumi.environment[NEEDS] = "no"  # whoever looks for drift deploys nothing
    (refreshed,) = preview_all([Engine(pulumi, refresh=True)], 1, Progress())
    if refreshed.outcome != "previewed" or refreshed.new:
        why = "; ".join(refreshed.errors) or f"the backend has no stack {stack}"
        return Finding(
            "drift",
            f"Pulumi can't say what drifted: {why}",
            "the stack file, Pulumi's state and the tenant can be compared",
            f"mend what Pulumi says: `{next_step.preview(stack, '--refresh')}` says all of it",
            id="drift/unknown",
            controls=CONTROLS,
        )
    return tuple(_with_actors(drift(refreshed), graph, since))


def _with_actors(found: Sequence[Difference], graph: Graph, since: datetime) -> list[Difference]:
    actors = {one.id: _actor(graph, one.id.rpartition("/")[2], since) for one in found if one.by_hand and one.id}
    return [replace(one, by=actors[one.id]) if one.id in actors and one.by_hand else one for one in found]


def _actor(graph: Graph, object_id: str, since: datetime) -> str:
    try:
        last = last_change(graph, object_id, since)
    except GraphError as error:
        if error.status not in (400, 403, 404):
            raise
        return f"not to be seen: {error.code}"
    return f"{last[1]} at {last[0]:%Y-%m-%d %H:%M:%S}Z" if last else _LATE
