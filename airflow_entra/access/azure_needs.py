"""Which roles of Azure previewing and deploying a stack's vault take, where, and what is done by them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from airflow_entra.access import DeclaredStack
from airflow_entra.access import azure_roles as roles
from airflow_entra.access.needed import Part
from airflow_entra.access.vault import VaultPlace, in_vault
from airflow_entra.settings.model import CreatedVault, VaultSecret
from airflow_entra.settings.types import ELSEWHERE


@dataclass(frozen=True, slots=True)
class AzureRole:
    """An Azure role at a scope (a resource id). `only` are the roles that it may give away, where it gives any.

    `action` is what a deployment does by it at that scope; empty where that can't be asked beforehand: what doesn't
    exist yet may have the role in a narrower place.
    """

    role: str
    scope: str
    why: str
    only: tuple[str, ...] = ()
    part: Part = "vault"
    action: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One role's actions that the caller has at a scope; `*` in them is Azure's wildcard."""

    actions: tuple[str, ...]
    excluded: tuple[str, ...]


def allows(permissions: Sequence[Allowed], action: str) -> bool:
    """Whether any of them allows an action."""
    return any(_matches(one.actions, action) and not _matches(one.excluded, action) for one in permissions)


def reading(stack: DeclaredStack, credential: VaultSecret) -> Iterator[AzureRole]:
    """What whoever previews needs for one secret."""
    place = VaultPlace.of(stack.settings, credential)
    why = f"It sees the vault of {stack.name} and when its secret ends, never the secret's value."
    yield AzureRole(roles.READER, place.group_id if isinstance(credential.vault, CreatedVault) else place.id, why)


def deploying(stack: DeclaredStack, credential: VaultSecret) -> Iterator[AzureRole]:
    """What whoever deploys needs for one secret."""
    place, created = VaultPlace.of(stack.settings, credential), credential.vault
    secret = place.secret_id(credential.secret_name)
    makes = isinstance(created, CreatedVault)
    scope = place.group_id if makes else secret
    what = "makes the vault and writes" if makes else "writes"
    yield AzureRole(
        roles.KEY_VAULT_CONTRIBUTOR,
        scope,
        f"It {what} the client secret of {stack.name}.",
        action="Microsoft.KeyVault/vaults/write" if makes else "",
    )
    if not isinstance(created, CreatedVault):
        deletes = f"It can delete that one secret again when {stack.name} is destroyed."
        yield AzureRole(roles.SECRETS_OFFICER, secret, deletes)
    elif created.private_endpoint_subnet:
        why = f"It makes the private endpoint of the vault of {stack.name}."
        network = "Microsoft.Network"
        yield AzureRole(roles.NETWORK_CONTRIBUTOR, scope, why, action=f"{network}/privateEndpoints/write")
        subnet = created.private_endpoint_subnet
        joins = f"{network}/virtualNetworks/subnets/join/action"
        yield AzureRole(roles.NETWORK_CONTRIBUTOR, subnet, why, action=joins)
        zone = created.private_dns_zone
        if zone is not None and zone != ELSEWHERE:
            why = f"It registers the private endpoint of the vault of {stack.name}."
            joins = f"{network}/privateDnsZones/join/action"
            yield AzureRole(roles.PRIVATE_DNS_CONTRIBUTOR, zone, why, action=joins)
    if stack.settings.tenant.manage.vault_roles == "managed":
        only = (roles.SECRETS_USER, roles.SECRETS_OFFICER) if makes else (roles.SECRETS_USER,)
        why = (
            f"It lets the identities that Airflow runs as read the secret of {stack.name}, and can give no other role."
        )
        action = "Microsoft.Authorization/roleAssignments/write" if makes else ""
        yield AzureRole(roles.RBAC_ADMINISTRATOR, scope, why, only, "vault_roles", action)


def deploying_all(stack: DeclaredStack) -> tuple[AzureRole, ...]:
    """Of all secrets of a stack, each role at its scope once."""
    found: dict[tuple[str, str], AzureRole] = {}
    for _, credential in in_vault(stack.settings):
        for role in deploying(stack, credential):
            found.setdefault((role.role, role.scope.lower()), role)
    return tuple(found.values())


def _matches(patterns: Sequence[str], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.IGNORECASE)
