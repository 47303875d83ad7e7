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
