"""Who a local Airflow's server and watcher are in Azure: workloads that the stack file names."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from airflow_entra.access import DeclaredStack
from airflow_entra.errors import UserError
from airflow_entra.files import write_private
from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from airflow_entra.settings.model import StackSettings, VaultSecret

_NAMESPACE = uuid.UUID("0f6a6c5e-8f0b-4c57-8d0f-2f4f5f6f7a10")


def environment_of_workload(world: World, stack: DeclaredStack) -> dict[str, str]:
    """The variables by which Azure's libraries in Airflow's server are the first of `credential.vault.readers`.

    The tenant learns that this workload has a secret, which only exists on this machine. Raises `UserError` where the
    stack file names no such workload.
    """
    credential = stack.settings.credential
    if not isinstance(credential, VaultSecret):
        raise UserError(
            f"stack {stack.name} has credential.mode {credential.mode}: only the platform or the person who holds its "
            "key can run its Airflow; take a stack with mode vaultSecret"
        )
    if not credential.vault.readers:
        raise UserError(
            f"stack {stack.name} lets nobody read its vault, so Airflow can't have the client secret; name the "
            "identity that Airflow runs as under credential.vault.readers, and deploy again"
        )
    reader = credential.vault.readers[0]
    return _variables(world, stack.settings.tenant_id, reader, reader)


def environment_of_watcher(world: World, settings: StackSettings) -> dict[str, str]:
    """The variables by which the watcher is the identity that the stack file says exists; none where it has its own
    registration, and reads that one's secret as the server reads the sign-on's."""
    existing = settings.watcher.existing
    if not settings.watched or existing is None:
        return {}
    return _variables(world, settings.tenant_id, existing.object_id, existing.client_id)


def _variables(world: World, tenant_id: str, object_id: str, client_id: str) -> dict[str, str]:
    secret = _secret(world, client_id)
    tenants.seed(world, _seed(tenant_id, object_id, client_id, secret))
    return {"AZURE_TENANT_ID": tenant_id, "AZURE_CLIENT_ID": client_id, "AZURE_CLIENT_SECRET": secret}


def _seed(tenant_id: str, object_id: str, client_id: str, secret: str) -> dict[str, Any]:
    """The service principal that the stack's own seed makes, as an application with a secret; the same ids."""
    application = {
        "id": str(uuid.uuid5(_NAMESPACE, client_id)),
        "appId": client_id,
        "servicePrincipalId": object_id,
        "tenantId": tenant_id,
        "displayName": f"Workload {client_id[:8]}",
        "secret": secret,
    }
    return {"applications": [application]}


def _secret(world: World, workload: str) -> str:
    """Made once per world and workload."""
    file = world.tenant / "workloads.json"
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if workload not in known:
        known[workload] = secrets.token_urlsafe(32)
        write_private(file, json.dumps(known))
    return known[workload]
