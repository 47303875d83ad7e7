"""Stack files of any size: one Airflow whose five own roles are given by N groups."""

from __future__ import annotations

from pathlib import Path

import yaml

TENANT = "2f0c1b6e-3d5a-4b7c-8e9f-0a1b2c3d4e5f"
SUBSCRIPTION = "6b1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e4f"
OWNERS = ["3c9e7a10-52b4-4d86-9f1e-7b2a6c8d0e11", "4d0f8b21-63c5-4e97-8a2f-8c3b7d9e1f22"]
ROLES = ("Admin", "Op", "User", "Viewer", "Public")


def name_of(groups: int) -> str:
    return f"bench-{groups}"


def write(folder: Path, groups: int) -> None:
    """Write the stack file with `groups` role groups (at least five) into a folder of stack files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"Pulumi.{name_of(groups)}.yaml").write_text(yaml.safe_dump({"config": _config(groups)}, sort_keys=False))


def _config(groups: int) -> dict[str, object]:
    prefix = f"airflow-{name_of(groups)}"
    return {
        "azuread:tenantId": TENANT,
        "azure-native:subscriptionId": SUBSCRIPTION,
        "azure-native:location": "westeurope",
        "airflow-entra:environment": "local",
        "airflow-entra:tenant": {"licence": "P1"},
        "airflow-entra:airflow": [{"version": "3.3", "url": f"https://{prefix}.contoso.com"}],
        "airflow-entra:signIn": {"tokenLifetime": "8h", "airflowSession": "8h"},
        "airflow-entra:owners": {"application": OWNERS, "groups": OWNERS[:1]},
        "airflow-entra:credential": {
            "mode": "vaultSecret",
            "vault": {"create": f"kv-{name_of(groups)}", "resourceGroup": "rg-bench"},
        },
        "airflow-entra:roles": {
            role: {"groups": [{"create": f"{prefix}-{role.lower()}-{number:04}"} for number in range(first, groups, 5)]}
            for first, role in enumerate(ROLES)
        },
    }
