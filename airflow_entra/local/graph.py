"""Microsoft Graph of the local tenant, as its deploying identity or its auditor sees it, for commands that ask."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from airflow_entra.directory.credentials import GRAPH, token_source
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
