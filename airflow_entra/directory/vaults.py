"""Key vaults that a subscription has, and whose secrets they may be: read through Azure itself, never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_entra.access import api_versions
from airflow_entra.access.azure_roles import (
    KEY_VAULT_ADMINISTRATOR,
    SECRETS_OFFICER,
    SECRETS_USER,
    role_assignments,
)
from airflow_entra.access.names import role_assignment_name
from airflow_entra_auth.azure import RESOURCE_MANAGER

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

_VAULTS = {"api-version": api_versions.KEY_VAULT}
_ROLES = {"api-version": api_versions.AUTHORIZATION}
_READS = {
    SECRETS_USER: "may read secrets",
    SECRETS_OFFICER: "may read and write secrets",
    KEY_VAULT_ADMINISTRATOR: "may do everything with secrets (Key Vault Administrator)",
}
_KINDS = {SECRETS_USER: "user", SECRETS_OFFICER: "officer"}


@dataclass(frozen=True)
class KeptSecret:
    """A secret of a vault, without its value. `expires` is UTC, None where it doesn't."""

    name: str
    expires: datetime | None = None


@dataclass(frozen=True)
class VaultRole:
    """Who may read (user) or write (officer) the secrets below `scope`; `name` is the role assignment's."""

    name: str
    scope: str
    principal: str
    kind: str


@dataclass(frozen=True)
class LiveVault:
    """A vault by its resource id; `rbac` False means access policies, which this program does not manage."""

    id: str
    location: str
    rbac: bool
    secrets: tuple[KeptSecret, ...] = ()
    roles: tuple[VaultRole, ...] = ()

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    @property
    def resource_group(self) -> str:
        return self.id.split("/")[4]

    @property
    def subscription(self) -> str:
        return self.id.split("/")[2].lower()


@dataclass(frozen=True)
class Reader:
    """An identity that can read a vault's secrets by a role at `scope`.

    `of_the_vault`: the role is at the vault or below it; else it reaches the vault from above. `declared`: the stack
    file has it, or the stack made it.
    """

    id: str
    name: str
    may: str
    scope: str
    of_the_vault: bool
    declared: bool = False


def read_vaults(arm: Graph, subscription: str) -> tuple[LiveVault, ...]:
    """The vaults of a subscription that may be seen, each with its secrets' names. Raises GraphError but for a 403."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"
    return tuple(_vault(arm, one) for one in _listed(arm, path, _VAULTS))


def read_vault(arm: Graph, resource_id: str) -> LiveVault | None:
    """The vault with this resource id, None where there is none (that may be seen). Raises GraphError."""
    found = _read(arm, resource_id, _VAULTS)
    return _vault(arm, found) if found else None


def secret_readers(arm: Graph, vault: str) -> tuple[Reader, ...] | None:
    """Who can read the secrets of the vault with this resource id, also by a role above it; None where that may not be
    seen. Raises GraphError but for a 403 and a 404."""
    if _read(arm, role_assignments(vault), _ROLES) is None:
        return None
    return tuple(
        _reader(one, vault)
        for one in _listed(arm, role_assignments(vault), _ROLES)
        if _definition(one) in _READS and _reaches(str(one["properties"]["scope"]), vault)
    )


def _reader(assignment: Mapping[str, Any], vault: str) -> Reader:
    """The stack's own assignments have names that are made of what they say."""
    scope, principal = str(assignment["properties"]["scope"]), str(assignment["properties"]["principalId"])
    role = _definition(assignment)
    ours = str(assignment["name"]).lower() == role_assignment_name(scope, principal, role)
    return Reader(principal, principal, _READS[role], scope, _inside(assignment, vault), ours)


def _reaches(scope: str, vault: str) -> bool:
    """Whether a role at the scope counts for the vault or for something in it."""
    ours, theirs = vault.lower(), scope.lower().rstrip("/")
    return f"{ours}/".startswith(f"{theirs}/") or theirs.startswith(f"{ours}/")


def exists(arm: Graph, resource_id: str, api_version: str) -> bool:
    """Whether Azure has this resource. Raises GraphError but for a 403 and a 404."""
    return _read(arm, resource_id, {"api-version": api_version}) is not None


def _vault(arm: Graph, vault: Mapping[str, Any]) -> LiveVault:
    here = vault["id"]
    roles = _listed(arm, role_assignments(here), _ROLES)
    return LiveVault(
        here,
        str(vault.get("location") or ""),
        (vault.get("properties") or {}).get("enableRbacAuthorization") is True,
        tuple(map(_secret, _listed(arm, f"{here}/secrets", _VAULTS))),
        tuple(_roles(one for one in roles if _inside(one, here))),
    )


def _inside(role: Mapping[str, Any], vault: str) -> bool:
    scope = str(role["properties"].get("scope") or "").lower()
    return scope == vault.lower() or scope.startswith(f"{vault.lower()}/")


def _definition(assignment: Mapping[str, Any]) -> str:
    return str(assignment["properties"]["roleDefinitionId"]).rpartition("/")[2].lower()


def _secret(one: Mapping[str, Any]) -> KeptSecret:
    expires = ((one.get("properties") or {}).get("attributes") or {}).get("exp")
    return KeptSecret(one["name"], datetime.fromtimestamp(expires, UTC) if expires else None)


def _roles(assignments: Iterable[Mapping[str, Any]]) -> Iterable[VaultRole]:
    for one in assignments:
        properties = one["properties"]
        kind = _KINDS.get(_definition(one))
        if kind:
            yield VaultRole(one["name"], properties["scope"], properties["principalId"], kind)


def _listed(arm: Graph, path: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
    """Azure's lists page like Graph's, with another name for the link."""
    found = _read(arm, path, params)
    items: list[dict[str, Any]] = []
    while found:
        items += found.get("value") or []
        link = found.get("nextLink")
        if not link or not str(link).startswith(f"{RESOURCE_MANAGER}/"):
            break
        found = arm.get(str(link))
    return items


def _read(arm: Graph, path: str, params: Mapping[str, str]) -> dict[str, Any] | None:
    from airflow_entra_auth.graph import GraphError

    try:
        return dict(arm.get(path, params))
    except GraphError as error:
        if error.status in (403, 404):
            return None
        raise
