"""Stacks to render: settings and the outputs that a deployment of them has."""

from __future__ import annotations

from typing import Any

from airflow_entra.access import DeclaredStack
from airflow_entra.access.plan import plan
from airflow_entra.render import Facts, facts
from airflow_entra.settings.model import StackSettings, VaultSecret
from airflow_entra.settings.watching import watcher_credential

TENANT = "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11"
CLIENT = "c5ca9a71-af7d-470e-8071-e2e0fdd7e2c4"
_ID = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"

CREDENTIALS: dict[str, dict[str, Any]] = {
    "vaultSecret": {"mode": "vaultSecret", "vault": {"create": "kv-airflow", "resourceGroup": "rg-airflow"}},
    "federated": {
        "mode": "federated",
        "federated": {"issuer": "https://issuer.contoso.com", "subject": "system:serviceaccount:data:airflow-api"},
    },
    "certificate": {"mode": "certificate", "file": "airflow.pem"},
}
_DEPLOYED: dict[str, dict[str, Any]] = {
    "vaultSecret": {
        "mode": "vaultSecret",
        "vaultUri": "https://kv-airflow.vault.azure.net/",
        "secretName": "airflow-oauth-client-secret",
    },
    "federated": {"mode": "federated"},
    "certificate": {"mode": "certificate"},
}
WATCHER = "d6db0b82-bf8e-581f-9182-f3f1fee8f3d5"
EXISTING = {"objectId": "11111111-2222-4333-8444-555555555555", "clientId": WATCHER}
ROLES: dict[str, Any] = {
    "Admin": {"groups": [{"create": "admins"}]},
    "Viewer": {"groups": [{"create": "viewers"}, {"id": _ID, "name": "analysts"}]},
    "sales-editor": {"groups": [{"create": "sales"}], "dags": {"sales_*": ["read", "trigger"]}},
}


def settings(
    mode: str = "vaultSecret",
    url: str = "https://airflow.contoso.com/data",
    roles: Any = None,
    watcher: Any = None,
    **sign_in: Any,
) -> StackSettings:
    """A stack with both Airflows; the old one is at the same URL with -2 at its end."""
    return StackSettings.model_validate(
        {
            "azuread:tenantId": TENANT,
            "azure-native:subscriptionId": TENANT,
            "azure-native:location": "westeurope",
            "airflow-entra:environment": "development",
            "airflow-entra:tenant": {"licence": "P1"},
            "airflow-entra:airflow": [{"version": "2.11", "url": f"{url}-2"}, {"version": "3.3", "url": url}],
            "airflow-entra:signIn": sign_in,
            "airflow-entra:owners": {"application": [TENANT]},
            "airflow-entra:credential": CREDENTIALS[mode],
            "airflow-entra:watcher": watcher or {},
            "airflow-entra:roles": roles or ROLES,
        },
        by_alias=True,
        by_name=False,
    )


def outputs(declared: StackSettings) -> dict[str, Any]:
    """What a deployment of `declared` says; group ids follow from the names."""
    access = plan(declared)
    watcher: dict[str, Any] = {}
    if declared.watched:
        proof = watcher_credential(declared)
        deployed = dict(_DEPLOYED[proof.mode]) if proof else {"mode": "existing"}
        if isinstance(proof, VaultSecret):
            deployed["secretName"] = proof.secret_name
        watcher = {"watcher": {"clientId": WATCHER, **deployed}}
    return {
        "tenantId": declared.tenant_id,
        "clientId": CLIENT,
        "credential": _DEPLOYED[declared.credential.mode],
        **watcher,
        "roles": {
            role: [{"group": access.groups[key].name, "id": group_id(access.groups[key].name)} for key in keys]
            for role, keys in access.roles.items()
        },
    }


def group_id(name: str) -> str:
    return f"00000000-0000-4000-8000-{int.from_bytes(name.encode()[:6]):012x}"


def known(version: str = "3.3", mode: str = "vaultSecret", **more: Any) -> Facts:
    declared = settings(mode, **more)
    return facts(DeclaredStack("dev", declared), outputs(declared), version=version)
