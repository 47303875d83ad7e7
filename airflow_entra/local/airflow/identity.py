"""Who a local Airflow is in Azure: the workload that the stack file lets read its vault."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from airflow_entra.local import tenant as tenants
from airflow_entra.local.errors import LocalError
from airflow_entra.local.world import World, write_private
from airflow_entra.settings.model import StackSettings, VaultSecret

_NAMESPACE = uuid.UUID("0f6a6c5e-8f0b-4c57-8d0f-2f4f5f6f7a10")


def environment_of_workload(world: World, settings: StackSettings, stack: str) -> dict[str, str]:
    """The variables by which Azure's libraries in Airflow are the first of `credential.vault.readers`.

    The tenant learns that this workload has a secret, which only exists on this machine. Raises `LocalError` where the
    stack file names no such workload.
    """
    credential = settings.credential
    if not isinstance(credential, VaultSecret):
        raise LocalError(
            f"stack {stack} has credential.mode {credential.mode}: only the platform or the person who holds its key "
            "can run its Airflow; take a stack with mode vaultSecret"
        )
    if not credential.vault.readers:
        raise LocalError(
            f"stack {stack} lets nobody read its vault, so Airflow can't have the client secret; name the identity "
            "that Airflow runs as under credential.vault.readers, and deploy again"
        )
    reader = credential.vault.readers[0]
    secret = _secret(world, reader)
    tenants.seed(world, _seed(settings.tenant_id, reader, secret))
    return {
        "AZURE_TENANT_ID": settings.tenant_id,
        "AZURE_CLIENT_ID": reader,
        "AZURE_CLIENT_SECRET": secret,
    }


def _seed(tenant_id: str, reader: str, secret: str) -> dict[str, Any]:
    """The service principal that the stack's own seed makes, as an application with a secret; the same ids."""
    application = {
        "id": str(uuid.uuid5(_NAMESPACE, reader)),
        "appId": reader,
        "servicePrincipalId": reader,
        "tenantId": tenant_id,
        "displayName": f"Workload {reader[:8]}",
        "secret": secret,
    }
    return {"applications": [application]}


def _secret(world: World, reader: str) -> str:
    """Made once per world and workload."""
    file = world.tenant / "workloads.json"
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if reader not in known:
        known[reader] = secrets.token_urlsafe(32)
        write_private(file, json.dumps(known))
    return known[reader]
