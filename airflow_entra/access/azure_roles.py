"""Azure's built-in roles, by the ids that they have in every tenant, and what a role assignment is called.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from __future__ import annotations

BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
KEY_VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
KEY_VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
PRIVATE_DNS_CONTRIBUTOR = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"

ROLE_NAMES = {
    KEY_VAULT_CONTRIBUTOR: "Key Vault Contributor",
    NETWORK_CONTRIBUTOR: "Network Contributor",
    PRIVATE_DNS_CONTRIBUTOR: "Private DNS Zone Contributor",
    RBAC_ADMINISTRATOR: "Role Based Access Control Administrator",
    READER: "Reader",
    SECRETS_OFFICER: "Key Vault Secrets Officer",
}
"""Of the roles that the hand-over asks for."""


def role_definition(subscription: str, role: str) -> str:
    """The resource id of a role."""
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def role_assignments(scope: str) -> str:
    """Where the role assignments at `scope` are listed."""
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments"


def role_assignment(scope: str, name: str) -> str:
    """The resource id of a role assignment at `scope`."""
    return f"{role_assignments(scope)}/{name}"


def permissions(scope: str) -> str:
    """Where Azure says what the caller may do at `scope`."""
    return f"{scope}/providers/Microsoft.Authorization/permissions"
