"""What the privileged parts of a stack take: of whoever does them by hand, and of the identity that deploys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal[
    "groups",
    "assignments",
    "consent",
    "token_lifetime",
    "conditional_access",
    "vault_roles",
    "graph_permissions",
    "azure_roles",
]
"""What may be asked of others: the privileged parts of a stack, as `tenant.manage` names them, and what the pipelines'
identities need."""

# https://learn.microsoft.com/graph/permissions-reference
APPLICATION_IDS = {
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Policy.ReadWrite.ApplicationConfiguration": "be74164b-cff1-491c-8741-e671cb536e13",
    "Policy.ReadWrite.ConditionalAccess": "01c0a623-fc9b-48e9-b794-0756f8e8f067",
}
"""Application permissions: they work without anybody signed in, in the whole tenant."""


@dataclass(frozen=True, slots=True)
class Needed:
    """What doing a part takes: `graph` for everybody, `stranger` besides for who doesn't own the application.

    `deploying` is what an identity that owns it reads on the way; `role` is the role of a person that does as well.
    """

    graph: tuple[str, ...]
    stranger: tuple[str, ...] = ()
    deploying: tuple[str, ...] = ()
    role: str = ""

    def __str__(self) -> str:
        """For whoever does it by hand."""
        permissions = " and ".join((*self.graph, *self.stranger))
        return f"{permissions}, or the role {self.role}" if self.role else permissions


NEEDED: Mapping[Part, Needed] = {
    "groups": Needed(("Group.ReadWrite.All",), role="Groups Administrator"),
    "assignments": Needed(("AppRoleAssignment.ReadWrite.All",), role="Cloud Application Administrator"),
    "consent": Needed(("DelegatedPermissionGrant.ReadWrite.All",), role="Cloud Application Administrator"),
    "token_lifetime": Needed(
        ("Policy.ReadWrite.ApplicationConfiguration",),
        stranger=("Application.ReadWrite.All",),
        deploying=("Application.Read.All",),  # where a policy applies, after a create that was interrupted
    ),
    "conditional_access": Needed(
        ("Policy.ReadWrite.ConditionalAccess", "Policy.Read.All"),
        deploying=("Application.Read.All",),
        role="Conditional Access Administrator",
    ),
}
"""By part, without the vault's roles: those are Azure's own matter."""

VAULT_ROLES_NEEDED = "Microsoft.Authorization/roleAssignments/write, as in Role Based Access Control Administrator"
