"""What a stack file takes for granted and the local tenant has to have: people, groups, vaults, identities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_entra.access import DeclaredStack
from airflow_entra.access.vault import VaultPlace
from airflow_entra.local.identities import Identity
from airflow_entra.local.people import DOMAIN, NESTED, PEOPLE, group_id, members, named
from airflow_entra.settings.model import ExistingGroup, ExistingVault, StackSettings, VaultSecret

_LOCATION = "westeurope"  # of resource groups and vaults that a stack file names without saying where they are


def seed_for(settings: StackSettings, deployers: Iterable[Identity]) -> dict[str, Any]:
    """The seed (see `python -m entra_local seed`) in which `settings` can be deployed by any of `deployers`."""
    deployers = list(deployers)
    own = {identity.object_id for identity in deployers}
    owners = {*settings.owners.application, *settings.owners.groups} - own
    watcher = settings.watcher.existing
    readers = set(_readers(settings)) - owners - own - ({watcher.object_id} if watcher else set())
    place = _vault(settings)
    subscriptions = [place.subscription] if place else []
    inhabited = settings.environment == "local"
    known = named(owners)
    directory = {
        "users": [
            *(known[owner].as_seed() if owner in known else _person(owner) for owner in sorted(owners)),
            *(person.as_seed() for person in PEOPLE if inhabited and person.object_id not in owners),
        ],
        "groups": [
            *([_inhabited(group_id(name), name) for name in NESTED] if inhabited else []),
            *(
                _inhabited(group.id, group.name) if inhabited else _group(group.id, group.name)
                for role in settings.roles.values()
                for group in role.groups
                if isinstance(group, ExistingGroup)
            ),
        ],
        "servicePrincipals": [
            *(_workload(reader) for reader in sorted(readers)),
            *([_workload(watcher.object_id) | {"appId": watcher.client_id}] if watcher else []),
        ],
        "applications": [identity.as_seed(subscriptions) for identity in deployers],
    }
    tenant = {"tenantId": settings.tenant_id}
    licence = {"licence": settings.tenant.licence}
    return {
        "tenants": [{"id": settings.tenant_id, "displayName": "Contoso", "domain": DOMAIN, **licence}],
        **{kind: [item | tenant for item in items] for kind, items in directory.items()},
        **(_azure(settings, place) if place else {}),
    }


def first_members(stack: DeclaredStack, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The seed that puts the local environment's people into the groups that a deployment has just made.

    `outputs` are the deployment's. Groups that have members keep them. Empty where there is nobody to put anywhere.
    """
    if stack.settings.environment != "local":
        return {}
    ids = {
        made["group"]: made["id"] for groups in outputs.get("roles", {}).values() for made in groups if made.get("id")
    }
    groups = [
        {"id": ids[group.name], "tenantId": stack.settings.tenant_id, "members": members(group.key), "keep": True}
        for group in stack.plan.with_source("created")
        if group.name in ids and members(group.key)
    ]
    return {"groups": groups} if groups else {}


def _group(object_id: str, name: str) -> dict[str, Any]:
    return {"id": object_id, "displayName": name, "mailNickname": f"existing-{object_id[:8]}"}


def _inhabited(object_id: str, name: str) -> dict[str, Any]:
    return _group(object_id, name) | {"members": members(name), "keep": True}


def _azure(settings: StackSettings, place: VaultPlace) -> dict[str, Any]:
    location = settings.location or _LOCATION
    group = {"name": place.resource_group, "location": location}
    vault = {"id": place.id, "location": location, "tenantId": settings.tenant_id}
    exists = isinstance(settings.credential, VaultSecret) and isinstance(settings.credential.vault, ExistingVault)
    return {
        "subscriptions": [{"id": place.subscription, "tenantId": settings.tenant_id, "resourceGroups": [group]}],
        "vaults": [vault] if exists else [],
    }


def _vault(settings: StackSettings) -> VaultPlace | None:
    return VaultPlace.of(settings, settings.credential) if isinstance(settings.credential, VaultSecret) else None


def _readers(settings: StackSettings) -> list[str]:
    return list(settings.credential.vault.readers) if isinstance(settings.credential, VaultSecret) else []


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
