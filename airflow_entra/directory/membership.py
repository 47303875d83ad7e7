"""The directory's people, the members of its groups, and the application's assignments, as Microsoft Graph has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_entra.access import AccessPlan, names
from airflow_entra.errors import UserError
from airflow_entra.escape.odata import literal
from airflow_entra_auth.issuance import Application, Assignment, is_external

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

PERSON = "id,displayName,userPrincipalName,mail,accountEnabled,userType,identities"
"""What is asked of each person: `account` reads it."""
_USER, _GROUP = "#microsoft.graph.user", "#microsoft.graph.group"
_PAGE = "999"  # the most that Graph gives at once


@dataclass(frozen=True)
class Account:
    """A person as the directory knows them; `id` is the object id. `external`: another tenant's, guest or member."""

    id: str
    name: str
    sign_in_name: str
    mail: str | None = None
    enabled: bool = True
    guest: bool = False
    external: bool = False


@dataclass(frozen=True)
class Assigned:
    """An app role assignment: of a group or person (object id). `role` is the app role's value, None without a role."""

    principal: str
    name: str
    role: str | None


@dataclass(frozen=True)
class Registration:
    """The stack's application in the tenant. `group_claims` are the parts of its groupMembershipClaims."""

    client_id: str
    assignment_required: bool
    assigned: tuple[Assigned, ...]
    group_claims: frozenset[str] = frozenset()
    enabled: bool = True

    @cached_property
    def application(self) -> Application:
        """What counts of it for a token."""
        return Application(
            self.client_id.lower(),
            frozenset(Assignment(one.principal.lower(), one.role) for one in self.assigned),
            self.group_claims,
            self.assignment_required,
            "enabled" if self.enabled else "disabled",
        )


@dataclass(frozen=True)
class Members:
    """One group: the ids of its direct members, and of the members of each group inside it, by the inner group's name.

    `accounts` are the people among both. `synced`: another directory decides about its members. `nested_ids` leads from
    the object id of every group inside, however deep, to the name under which `nested` has its members.
    """

    name: str
    direct: frozenset[str] = frozenset()
    nested: Mapping[str, frozenset[str]] = field(default_factory=dict)
    security_enabled: bool = True
    accounts: tuple[Account, ...] = ()
    synced: bool = False
    nested_ids: Mapping[str, str] = field(default_factory=dict)


class NotDeployedError(UserError):
    """The tenant has no application of this stack."""


def accounts(graph: Graph) -> list[Account]:
    """Everybody in the tenant. Raises GraphError."""
    return [account(user) for user in graph.pages("/users", {"$select": PERSON, "$top": _PAGE})]


def registration(graph: Graph, stack: str) -> Registration:
    """The application that deployments of `stack` made, found by its tag. Raises NotDeployedError, GraphError."""
    tag = names.application_tags(stack)[-1]
    found = list(graph.pages("/applications", {"$filter": f"tags/any(t:t eq {literal(tag)})"}))
    principals = [
        (application, principal)
        for application in found
        for principal in graph.pages("/servicePrincipals", {"$filter": f"appId eq '{application['appId']}'"})
    ]
    if len(principals) != 1:
        many = f"{len(principals)} applications of" if principals else "no application of"
        raise NotDeployedError(f"this tenant has {many} stack {stack} (with the tag {tag})")
    ((application, principal),) = principals
    assigned = graph.pages(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo")
    return registered(application, principal, assigned)


def registered(
    application: Mapping[str, Any], principal: Mapping[str, Any], assigned: Iterable[Mapping[str, Any]]
) -> Registration:
    """The application in what Graph gave of it: its registration, its service principal, its assignments."""
    values = {role["id"]: role.get("value") for role in principal.get("appRoles") or []}
    claims = str(application.get("groupMembershipClaims") or "")
    return Registration(
        principal["appId"],
        bool(principal.get("appRoleAssignmentRequired")),
        tuple(
            Assigned(one["principalId"], one["principalDisplayName"], values.get(one["appRoleId"])) for one in assigned
        ),
        frozenset(part.strip() for part in claims.split(",") if part.strip()),
        principal.get("accountEnabled") is not False,
    )


def group_ids(graph: Graph, plan: AccessPlan, assigned: Collection[str] = ()) -> dict[str, str]:
    """The object ids of the plan's groups that exist, by the plan's keys. Raises GraphError.

    A nickname isn't unique. Of several groups with it, the one in `assigned` (to the application) is meant; where
    none or several are, no one can say which.
    """
    ids = {}
    for key, group in plan.groups.items():
        if group.object_id:
            ids[key] = group.object_id
            continue
        found = [
            one["id"] for one in graph.pages("/groups", {"$filter": f"mailNickname eq {literal(group.mail_nickname)}"})
        ]
        meant = found if len(found) == 1 else [id_ for id_ in found if id_ in assigned]
        if len(meant) == 1:
            ids[key] = meant[0]
    return ids


def members(graph: Graph, groups: Iterable[str]) -> dict[str, Members]:
    """The members of those of these groups (object ids) that exist. Raises GraphError."""
    return {group["id"]: members_of(graph, group) for group in graph.get_by_ids(groups, ["group"])}


def members_of(graph: Graph, group: Mapping[str, Any]) -> Members:
    """The members of a group as Graph has it. Raises GraphError."""
    query = {"$select": PERSON, "$top": _PAGE}
    direct = list(graph.pages(f"/groups/{group['id']}/members", query))
    inside = [inner for inner in direct if inner.get("@odata.type") == _GROUP]
    nested = {
        str(inner["displayName"]): list(graph.pages(f"/groups/{inner['id']}/transitiveMembers", query))
        for inner in inside
    }
    deeper = {one["id"]: name for name, some in nested.items() for one in some if one.get("@odata.type") == _GROUP}
    people = [one for some in (direct, *nested.values()) for one in some if one.get("@odata.type") == _USER]
    return Members(
        str(group["displayName"]),
        frozenset(one["id"] for one in direct),
        {name: frozenset(one["id"] for one in some) for name, some in nested.items()},
        group.get("securityEnabled") is not False,
        tuple({one["id"]: account(one) for one in people}.values()),
        bool(group.get("onPremisesSyncEnabled")),
        {id_.lower(): name for id_, name in (deeper | {one["id"]: str(one["displayName"]) for one in inside}).items()},
    )


def account(user: Mapping[str, Any]) -> Account:
    """The person in a user that Graph gave with what `Account` holds."""
    return Account(
        id=user["id"],
        name=str(user.get("displayName") or user.get("userPrincipalName") or user["id"]),
        sign_in_name=str(user.get("userPrincipalName") or user["id"]),
        mail=user.get("mail"),
        enabled=user.get("accountEnabled") is not False,
        guest=user.get("userType") == "Guest",
        external=is_external(user),
    )
