"""Who has which Airflow role on the local tenant, as it stands now."""

from __future__ import annotations

import httpx

from airflow_entra.directory.credentials import CredentialError
from airflow_entra.directory.membership import NotDeployedError
from airflow_entra.directory.who import Standing, UnknownPersonError, read, select, who
from airflow_entra.local import tenant as tenants
from airflow_entra.local.errors import LocalError
from airflow_entra.local.graph import deployers_graph
from airflow_entra.local.world import World
from airflow_entra_auth.graph import GraphError


def standings(world: World, stack: str, person: str | None, *, http_port: int) -> list[Standing]:
    """Everybody's standing, or that of who is called `person`; starts the tenant where it isn't running.

    Raises `SettingsError` for a wrong stack file and `LocalError` for all else.
    """
    declared = world.declared(stack)
    tenant = tenants.start(world, http_port)
    try:
        with deployers_graph(world, tenant, declared.settings.tenant_id) as graph:
            directory, rules = read(graph, declared)
        return who(directory, rules, select(directory.people, person) if person is not None else directory.people)
    except NotDeployedError as missing:
        raise LocalError(f"{missing}: `airflow-entra local deploy --stack {stack}` makes it") from missing
    except UnknownPersonError as unknown:
        raise LocalError(str(unknown)) from unknown
    except CredentialError as unknown:
        raise LocalError(
            f"the local tenant does not know stack {stack}'s deployer yet: "
            f"`airflow-entra local deploy --stack {stack}` makes it ({unknown})"
        ) from unknown
    except (GraphError, httpx.TransportError) as problem:
        raise LocalError(f"the local tenant at {tenant.url} did not answer: {problem}") from problem
