"""Microsoft Graph of the local tenant, as its deploying identity or its auditor sees it, for commands that ask."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from airflow_entra.directory.credentials import GRAPH, token_source
from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import FULL, identities
from airflow_entra.local.tenant import Tenant
from airflow_entra.local.world import World
from airflow_entra_auth.graph import Graph


@contextmanager
def deployers_graph(world: World, tenant: Tenant, tenant_id: str, identity: str = FULL) -> Iterator[Graph]:
    """Graph at its own name, through the local proxy and with the local authority alone, whatever the environment."""
    context = ssl.create_default_context(cafile=str(tenant.ca_file))
    deployer = identities(world)[identity]
    proof = {"ARM_CLIENT_ID": deployer.client_id, "ARM_CLIENT_SECRET": deployer.secret}
    with httpx.Client(proxy=tenant.proxy, verify=context, trust_env=False, timeout=30.0) as client:
        yield Graph(token_source(GRAPH, tenant_id, proof, client=client), client=client)


@contextmanager
def graph_of(world: World, tenant_id: str, *, local: bool, http_port: int, identity: str = FULL) -> Iterator[Graph]:
    """Microsoft Graph of a `local` stack's tenant, started where it isn't running; else the real one, as the identity
    in the ARM_* variables sees it."""
    if local:
        with deployers_graph(world, tenants.start(world, http_port), tenant_id, identity) as graph:
            yield graph
    else:
        yield Graph(token_source(GRAPH, tenant_id))
