"""What a stack file takes for granted and the local tenant has to have: people, groups, vaults, identities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_entra.local.identities import Identity
from airflow_entra.settings.model import CreatedVault, ExistingGroup, ExistingVault, StackSettings, VaultSecret

DOMAIN = "contoso.com"


def seed_for(settings: StackSettings, deployers: Iterable[Identity]) -> dict[str, Any]:
    """The seed (see `python -m entra_local seed`) in which `settings` can be deployed by any of `deployers`."""
    deployers = list(deployers)
    own = {identity.object_id for identity in deployers}
    owners = {*settings.owners.application, *settings.owners.groups} - own
    subscriptions = [settings.subscription_id] if settings.subscription_id else []
    return {
        "tenants": [{"id": settings.tenant_id, "displayName": "Contoso", "domain": DOMAIN}],
        "subscriptions": [
            {"id": subscription, "tenantId": settings.tenant_id, "resourceGroups": _resource_groups(settings)}
            for subscription in subscriptions
        ],
        "users": [_person(owner) for owner in sorted(owners)],
        "groups": [
            {"id": group.id, "displayName": group.name, "mailNickname": f"existing-{group.id[:8]}"}
            for role in settings.roles.values()
            for group in role.groups
            if isinstance(group, ExistingGroup)
        ],
        "servicePrincipals": [_workload(reader) for reader in sorted(set(_readers(settings)) - owners - own)],
        "applications": [identity.as_seed(subscriptions) for identity in deployers],
        "vaults": _vaults(settings),
    }


def _person(object_id: str) -> dict[str, Any]:
    name = f"owner-{object_id[:8]}"
    return {
        "id": object_id,
        "displayName": f"Owner {object_id[:8]}",
        "userPrincipalName": f"{name}@{DOMAIN}",
        "mail": f"{name}@{DOMAIN}",
        "accountEnabled": True,
    }


def _workload(object_id: str) -> dict[str, Any]:
    return {"id": object_id, "appId": object_id, "displayName": f"Workload {object_id[:8]}"}


def _readers(settings: StackSettings) -> list[str]:
    return list(settings.credential.vault.readers) if isinstance(settings.credential, VaultSecret) else []


def _resource_groups(settings: StackSettings) -> list[dict[str, str]]:
    if not isinstance(settings.credential, VaultSecret):
        return []
    match settings.credential.vault:
        case CreatedVault(resource_group=name):
            return [{"name": name, "location": settings.location or "westeurope"}]
        case ExistingVault(existing=resource_id):
            return [{"name": resource_id.split("/")[4], "location": settings.location or "westeurope"}]


def _vaults(settings: StackSettings) -> list[dict[str, str]]:
    match settings.credential:
        case VaultSecret(vault=ExistingVault(existing=resource_id)):
            location = settings.location or "westeurope"
            return [{"id": resource_id, "location": location, "tenantId": settings.tenant_id}]
        case _:
            return []
