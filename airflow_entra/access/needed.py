"""What the parts of a stack take of Microsoft Graph: of whoever does them by hand, and of the identity that deploys.

The one table: the hand-over, `airflow-entra bootstrap`, docs/permissions.md and what is compared before a deployment
come from it. Sources: the page of each call below https://learn.microsoft.com/graph/api, and the paragraph "API
permissions" of each resource of https://registry.terraform.io/providers/hashicorp/azuread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from airflow_entra.access.permissions import watch_permissions
from airflow_entra.settings.model import CreatedGroup, StackSettings

Part = Literal[
    "application",
    "groups",
    "named_groups",
    "assignments",
    "consent",
    "token_lifetime",
    "conditional_access",
    "vault",
    "vault_roles",
    "graph_permissions",
    "azure_roles",
]
"""What may be asked of others: the privileged parts of a stack, as `tenant.manage` names them, and what the pipelines'
identities need. `application`, `named_groups` and `vault` are always the stack's own."""


@dataclass(frozen=True, slots=True)
class Where:
    """More that a part takes, where `holds` says that the stack has it; `said` completes "where ..."."""

    said: str
    holds: Callable[[StackSettings], bool]
    graph: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Needed:
    """What doing a part takes: `graph` for everybody, `stranger` besides for who doesn't own the application.

    `where` holds what the deploying identity takes besides; `role` is the role of a person that does as well.
    """

    graph: tuple[str, ...]
    stranger: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    role: str = ""

    def __str__(self) -> str:
        """For whoever does it by hand."""
        permissions = " and ".join((*self.graph, *self.stranger))
        return f"{permissions}, or the role {self.role}" if self.role else permissions


_ASSIGNING = ("AppRoleAssignment.ReadWrite.All", "Application.Read.All")

NEEDED: Mapping[Part, Needed] = {
    "groups": Needed(
        ("Group.ReadWrite.All",),
        # The provider looks up what kind of object each owner is: GET /directoryObjects/{owner}.
        where=(Where("`owners.groups` names somebody", lambda one: bool(one.owners.groups), ("User.Read.All",)),),
        role="Groups Administrator",
    ),
    "assignments": Needed(_ASSIGNING, role="Cloud Application Administrator"),
    "consent": Needed(
        ("DelegatedPermissionGrant.ReadWrite.All",),
        # The watcher's permissions are assignments too.
        where=(Where("`signIn.revocation` is `watch`", lambda one: bool(watch_permissions(one.sign_in)), _ASSIGNING),),
        role="Cloud Application Administrator",
    ),
    "token_lifetime": Needed(("Policy.ReadWrite.ApplicationConfiguration",), stranger=("Application.ReadWrite.All",)),
    "conditional_access": Needed(
        ("Policy.ReadWrite.ConditionalAccess", "Policy.Read.All"), role="Conditional Access Administrator"
    ),
}
"""By part of `tenant.manage`, without the vault's roles: those are Azure's own matter."""

VAULT_ROLES_NEEDED = "Microsoft.Authorization/roleAssignments/write, as in Role Based Access Control Administrator"
GRANTS_GRAPH = "AppRoleAssignment.ReadWrite.All, or the role Privileged Role Administrator"
"""Who grants an application permission of Microsoft Graph."""


def has_part(stack: StackSettings, part: Part) -> bool:
    """Whether the stack has anything of this part at all."""
    groups = [group for role in stack.roles.values() for group in role.groups]
    match part:
        case "groups":
            return any(isinstance(group, CreatedGroup) for group in groups)
        case "named_groups":
            return any(group.id for group in groups)
        case "token_lifetime":
            return stack.sign_in.token_lifetime is not None
        case "conditional_access":
            return stack.sign_in.sign_in_frequency is not None
        case "assignments":
            return bool(stack.roles)
        case _:
            return True
