"""The stacks that the tests deploy, each with both Airflows, as while migrating from 2.11 to 3.3.

`pair` runs at localhost and takes roles from app roles. `apart` is a company's: https names with a path, roles from
security groups, guests allowed; it runs at Azure's own names, with the production configuration as rendered. `quiet`
is of a company whose tenant lets no application read who is in it; only its own tests deploy it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TENANT = "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11"
_SUBSCRIPTION = "1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21"
_OWNER = "0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"
_READER = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
SESSION = 8 * 3600
"""Seconds: `airflowSession` of both stacks."""

URLS: Mapping[str, Mapping[str, str]] = {
    "pair": {"3.3": "http://localhost:8080", "2.11": "http://localhost:8081"},
    "apart": {"3.3": "https://airflow.contoso.com/af", "2.11": "https://airflow-2.contoso.com"},
    "quiet": {"3.3": "http://localhost:8080", "2.11": "http://localhost:8081"},
}
DEPLOYED = ("pair", "apart")
"""For every test; see `Company.deploy` for another."""


def write(folder: Path) -> None:
    """The stack files, into a folder of stack files."""
    folder.mkdir(parents=True, exist_ok=True)
    for stack, config in {
        "pair": _config("pair", "development", {"rolesFrom": "appRoles", "guests": "refuse"}),
        "quiet": _config("quiet", "development", {"rolesFrom": "appRoles", "revocation": "refresh"}),
        "apart": _config(
            "apart", "staging", {"rolesFrom": "securityGroups", "assignmentRequired": False, "guests": "allow"}
        ),
    }.items():
        (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}, sort_keys=False))


def group(stack: str, role: str) -> str:
    """The display name of the group behind a role."""
    return f"airflow-{stack}-{role.lower()}"


def _config(stack: str, environment: str, sign_in: dict[str, Any]) -> dict[str, Any]:
    def role(name: str, **more: Any) -> dict[str, Any]:
        return {"groups": [{"create": group(stack, name)}], **more}

    return {
        "azuread:tenantId": TENANT,
        "azure-native:subscriptionId": _SUBSCRIPTION,
        "azure-native:location": "westeurope",
        "airflow-entra:environment": environment,
        "airflow-entra:tenant": {"licence": "P1"},
        "airflow-entra:airflow": [{"version": version, "url": url} for version, url in URLS[stack].items()],
        "airflow-entra:signIn": {
            "tokenLifetime": "8h",
            "airflowSession": f"{SESSION // 3600}h",
            "contact": "data-platform@contoso.com",
            "revocation": "watch",
            **sign_in,
        },
        "airflow-entra:owners": {"application": [_OWNER], "groups": [_OWNER]},
        "airflow-entra:credential": {
            "mode": "vaultSecret",
            "vault": {"create": f"kv-airflow-{stack}", "resourceGroup": f"rg-airflow-{stack}", "readers": [_READER]},
        },
        "airflow-entra:roles": {
            "Admin": role("Admin"),
            "Op": role("Op"),
            "Viewer": role("Viewer"),
            "sales-editor": role("sales-editor", dags={"sales_*": ["read", "trigger", "edit"]}),
            "sales-runner": role("sales-runner", dags={"sales_*": ["read", "trigger"], "scratch_*": ["delete"]}),
        },
    }
