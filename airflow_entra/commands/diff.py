"""Whom a difference in access means: asked in the local tenant for local stacks, in the real one for all others."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import httpx

from airflow_entra.access.compare import Compared
from airflow_entra.access.people import by_person
from airflow_entra.access.stated import Stated
from airflow_entra.directory.credentials import CredentialError
from airflow_entra.directory.members import LiveMembers
from airflow_entra.local.errors import LocalError
from airflow_entra.local.graph import graph_of
from airflow_entra.local.world import project_world
from airflow_entra_auth.graph import Graph, GraphError


def with_people(compared: Compared, port: int) -> Compared:
    """`compared` with everybody whose roles change, by who is in the groups today. Raises LocalError.

    `port` is where a local tenant is started that isn't running; 0 for any.
    """
    with ExitStack() as open_:
        graphs: dict[tuple[str, bool], Graph] = {}

        def connect(side: Stated) -> Graph:
            tenant_id, local = side.tenant_id, side.values["environment"] == "local"
            if (tenant_id, local) not in graphs:
                graph = graph_of(project_world(), tenant_id, local=local, http_port=port)
                graphs[tenant_id, local] = open_.enter_context(graph)
            return graphs[tenant_id, local]

        try:
            return replace(compared, people=by_person(compared.changes, LiveMembers(connect)))
        except (CredentialError, GraphError, httpx.TransportError) as problem:
            raise LocalError(f"the directory did not say who is in the groups: {problem}") from problem
