"""The people whom a difference in access concerns, by who is in the groups today."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from airflow_entra.access.compare import Compared
from airflow_entra.access.people import by_person
from airflow_entra.access.stated import Stated
from airflow_entra.directory import trouble
from airflow_entra.directory.members import LiveMembers
from airflow_entra.local.world import World
from airflow_entra.target import asking, target_at
from airflow_entra_auth.graph import Graph


def with_people(world: World, compared: Compared, port: int) -> Compared:
    """`compared` with everybody whose roles change. Each side's own directory is asked. Raises AnswerError.

    `port` is where a local tenant is started that isn't running; 0 for any.
    """
    with ExitStack() as open_:
        graphs: dict[tuple[str, str], Graph] = {}

        def connect(side: Stated) -> Graph:
            tenant_id, environment = side.tenant_id, side.values["environment"]
            if (tenant_id, environment) not in graphs:
                target = target_at(world, "", environment, tenant_id, port=port)
                graphs[tenant_id, environment] = open_.enter_context(asking(target)).graph
            return graphs[tenant_id, environment]

        with trouble.asking("the directory did not say who is in the groups"):
            return replace(compared, people=by_person(compared.changes, LiveMembers(connect)))
