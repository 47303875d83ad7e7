"""The identities that a local tenant knows: those that deploy, one that audits; their secrets, made once a world."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from airflow_entra.files import write_private
from airflow_entra.local.world import World

_NAMESPACE = uuid.UUID("5b0f2f5e-6f0c-4a39-9c55-0d8f6b9f0a11")

FULL = "full"
OWNED_BY = "owned-by"
AUDITOR = "auditor"
"""Reads alone, as whoever audits a real tenant does."""


@dataclass(frozen=True)
class Identity:
    """A deploying identity: an application of the tenant with permissions and Azure roles, and its client secret."""

    name: str
    permissions: tuple[str, ...]
    azure_roles: tuple[str, ...]
    secret: str = field(default="", repr=False)

    @property
    def object_id(self) -> str:
        """The service principal's object id: what owns and is owned, and what a stack file names."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.name} service principal"))

    @property
    def client_id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"{self.name} client"))

    def as_seed(self, subscriptions: list[str]) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid5(_NAMESPACE, f"{self.name} application")),
            "appId": self.client_id,
            "servicePrincipalId": self.object_id,
            "displayName": f"airflow-entra deploy ({self.name})",
            "secret": self.secret,
            "permissions": list(self.permissions),
            "azureRoles": [
                {"scope": f"/subscriptions/{subscription}", "role": role}
                for subscription in subscriptions
                for role in self.azure_roles
            ],
        }


KNOWN = (
    Identity(
        FULL,
        permissions=(
            "Application.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
            "DelegatedPermissionGrant.ReadWrite.All",
            "Directory.Read.All",
            "Group.ReadWrite.All",
            "Policy.Read.All",
            "Policy.ReadWrite.ApplicationConfiguration",
            "Policy.ReadWrite.ConditionalAccess",
            "User.Read.All",
        ),
        azure_roles=("Owner", "Key Vault Administrator"),
    ),
    Identity(OWNED_BY, permissions=("Application.ReadWrite.OwnedBy",), azure_roles=()),
    Identity(
        AUDITOR, permissions=("AuditLog.Read.All", "Directory.Read.All", "Policy.Read.All"), azure_roles=("Reader",)
    ),
)


def identities(world: World) -> dict[str, Identity]:
    """The world's deploying identities by name, each with the secret that was made when the world was."""
    file = world.tenant / "identities.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    missing = {identity.name: secrets.token_urlsafe(32) for identity in KNOWN if identity.name not in known}
    if missing:
        known |= missing
        write_private(file, json.dumps(known))
    return {
        identity.name: Identity(identity.name, identity.permissions, identity.azure_roles, known[identity.name])
        for identity in KNOWN
    }
