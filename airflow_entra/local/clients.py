"""The local tenant's Microsoft Graph and Azure Resource Manager, as one of its identities sees them."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from airflow_entra.directory.clients import Clients, connect
from airflow_entra.local.identities import FULL, identities
from airflow_entra.local.tenant import Tenant
from airflow_entra.local.world import World


@contextmanager
def clients_of(
    world: World, tenant: Tenant, tenant_id: str, subscription: str | None = None, *, identity: str = FULL
) -> Iterator[Clients]:
    """At Azure's own names, through the local proxy and with the local authority alone, whatever the environment."""
    context = ssl.create_default_context(cafile=str(tenant.ca_file))
    known = identities(world)[identity]
    proof = {"ARM_CLIENT_ID": known.client_id, "ARM_CLIENT_SECRET": known.secret}
    with httpx.Client(proxy=tenant.proxy, verify=context, trust_env=False, timeout=30.0) as client:
        yield connect(tenant_id, subscription, proof, client=client)
