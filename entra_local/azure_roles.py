"""Azure's role-based access: built-in roles, who holds them at which scope, and what they allow.

Resource Manager and Key Vault both ask here, as they do in Azure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from entra_local import clock
from entra_local.store import Directory
from entra_local.wire import JsonObject

ROLE_ASSIGNMENT = "roleAssignment"


@dataclass(frozen=True)
class Role:
    """A built-in role. Actions use `*` as Azure does; `excluded` are its notActions."""

    id: str
    name: str
    actions: Sequence[str] = ()
    data_actions: Sequence[str] = ()
    excluded: Sequence[str] = ()

    def allows(self, action: str, *, data: bool) -> bool:
        if not _matches(self.data_actions if data else self.actions, action):
            return False
        return data or not _matches(self.excluded, action)


_VAULT_READ = (
    "Microsoft.Authorization/*/read",
    "Microsoft.KeyVault/*/read",
    "Microsoft.KeyVault/checkNameAvailability/read",
)
_SECRETS = "Microsoft.KeyVault/vaults/secrets"
_KEYS = "Microsoft.KeyVault/vaults/keys"
_KEY_USES = ("read", "update/action", "backup/action", "encrypt/action", "decrypt/action", "wrap/action")
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_BLOBS = f"{_CONTAINERS}/blobs"
_GRANTING = ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write")

BUILT_IN = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ["*"]),
    Role("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", ["*"], excluded=_GRANTING),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ["*/read"]),
    Role("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", ["*/read", "Microsoft.Authorization/*"]),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        ["*/read", "Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete"],
    ),
    Role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        [
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        excluded=["Microsoft.KeyVault/locations/deletedVaults/purge/action"],
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator", _VAULT_READ, ["Microsoft.KeyVault/vaults/*"]
    ),
    Role("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "Key Vault Secrets Officer", _VAULT_READ, [f"{_SECRETS}/*"]),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        data_actions=[f"{_SECRETS}/getSecret/action", f"{_SECRETS}/readMetadata/action"],
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        _VAULT_READ,
        ["Microsoft.KeyVault/vaults/*/read", f"{_SECRETS}/readMetadata/action"],
    ),
    Role("14b46e9e-c2b7-41b4-b07b-48a6ebf60603", "Key Vault Crypto Officer", _VAULT_READ, [f"{_KEYS}/*"]),
    Role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        data_actions=[f"{_KEYS}/{use}" for use in (*_KEY_USES, "unwrap/action", "sign/action", "verify/action")],
    ),
    Role(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        ["Microsoft.Network/*", "Microsoft.Resources/subscriptions/resourceGroups/read"],
    ),
    Role(
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        "Private DNS Zone Contributor",
        ["Microsoft.Network/privateDnsZones/*", "Microsoft.Network/virtualNetworks/join/action"],
    ),
    Role(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        [f"{_CONTAINERS}/read"],
        [f"{_BLOBS}/read"],
    ),
    Role(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        [f"{_CONTAINERS}/read", f"{_CONTAINERS}/write", f"{_CONTAINERS}/delete"],
        [f"{_BLOBS}/{use}" for use in ("read", "write", "delete", "add/action", "move/action")],
    ),
)
ROLES = {role.id: role for role in BUILT_IN}


def role_named(name: str) -> Role:
    """The built-in role of this name or id. Raises ValueError."""
    for role in BUILT_IN:
        if name.lower() in (role.name.lower(), role.id):
            return role
    raise ValueError(f"'{name}' is no built-in role known here; known are {', '.join(role.name for role in BUILT_IN)}")


def allowed(everywhere: Directory, principals: Sequence[str], scope: str, action: str, *, data: bool = False) -> bool:
    """Whether any of the principals (the caller and its groups) may do something at a scope."""
    for assignment in held(everywhere, principals):
        role = ROLES.get(str(assignment["roleDefinitionId"]).rpartition("/")[2].lower())
        if role is not None and covers(assignment["scope"], scope) and role.allows(action, data=data):
            return True
    return False


def may_give(everywhere: Directory, principals: Sequence[str], scope: str, action: str, given: str) -> bool:
    """Whether they may give or take (`action`) the role `given` at a scope: a condition may leave them a few roles."""
    return any(
        role is not None
        and covers(assignment["scope"], scope)
        and role.allows(action, data=False)
        and given in (assignment.get("only") or [given])
        for assignment in held(everywhere, principals)
        for role in [ROLES.get(str(assignment["roleDefinitionId"]).rpartition("/")[2].lower())]
    )


def held(everywhere: Directory, principals: Sequence[str]) -> Iterator[JsonObject]:
    """The role assignments of principals."""
    for principal in principals:
        for found in everywhere.find(ROLE_ASSIGNMENT, "principalId", principal):
            yield found.body


def covers(assigned: str, scope: str) -> bool:
    """Whether an assignment at one scope holds at another: the same one, or one below it."""
    above, below = assigned.rstrip("/").lower(), scope.rstrip("/").lower()
    return below == above or below.startswith(f"{above}/")


def assign(
    everywhere: Directory,
    tenant: str,
    scope: str,
    role: str,
    principal: str,
    *,
    name: str | None = None,
    principal_type: str = "ServicePrincipal",
    description: str | None = None,
    condition: str | None = None,
    only: Sequence[str] = (),
) -> JsonObject:
    """Store an assignment; without a name its name follows from what it says. Raises ValueError for an unknown role.

    `only` are the roles that its holder may give and take, as `condition` says.
    """
    role_id = role_named(role).id
    scope = "/" + scope.strip("/")
    name = name or str(uuid5(NAMESPACE_URL, f"{scope.lower()} {principal} {role_id}"))
    below = scope.rstrip("/")
    subscription = re.match(r"/subscriptions/[^/]+", scope, re.IGNORECASE)
    body: JsonObject = {
        "id": f"{below}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "tenant": tenant,
        "scope": scope,
        "roleDefinitionId": f"{subscription[0] if subscription else ''}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{role_id}",
        "principalId": principal,
        "principalType": principal_type,
        "description": description,
        "condition": condition,
        "only": list(only),
        "createdOn": clock.stamp(),
        "updatedOn": clock.stamp(),
    }
    everywhere.put(ROLE_ASSIGNMENT, body["id"], body)
    return body


def remove_below(everywhere: Directory, scope: str) -> None:
    """Remove every assignment at a scope and below it: what deleting a resource does."""
    for found in list(everywhere.scan(ROLE_ASSIGNMENT)):
        if covers(scope, found.body["scope"]):
            everywhere.remove(ROLE_ASSIGNMENT, found.id)


def _matches(patterns: Sequence[str], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE)
