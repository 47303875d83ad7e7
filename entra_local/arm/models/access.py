"""Role assignments and role definitions."""

import re
from typing import Any
from uuid import UUID

from entra_local import azure_roles, clock
from entra_local.arm.exceptions import (
    InvalidRequestContent,
    InvalidRoleAssignmentId,
    NotServed,
    PrincipalNotFound,
    RoleAssignmentExists,
    RoleAssignmentNotFound,
    RoleAssignmentUpdateNotPermitted,
    RoleDefinitionNotFound,
    UnmatchedPrincipalType,
)
from entra_local.arm.models import resources, storage, vaults
from entra_local.graph.models.objects import find_object, kind_of
from entra_local.replica import made_within
from entra_local.store import Directory
from entra_local.wire import JsonObject

FRESH = 300.0
"""Seconds for which Resource Manager doesn't know a new principal, unless it is told what kind it is."""
_PRINCIPAL_TYPES = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}
_IN_GROUP = re.compile(
    r"subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"(?:/providers/(?:Microsoft\.KeyVault/vaults/(?P<vault>[^/]+)"
    r"|Microsoft\.Storage/storageAccounts/(?P<account>[^/]+)))?(?:/.*)?",
    re.IGNORECASE,
)

_LIMIT = (
    r"\(\(!\(ActionMatches\{{'Microsoft\.Authorization/roleAssignments/{action}'\}}\)\)"
    r"OR\(@{place}\[Microsoft\.Authorization/roleAssignments:RoleDefinitionId\]"
    r"ForAnyOfAnyValues:GuidEquals\{{(?P<{name}>[0-9a-f,-]+)\}}\)\)"
)
_CONDITION = re.compile(
    _LIMIT.format(action="write", place="Request", name="given")
    + "AND"
    + _LIMIT.format(action="delete", place="Resource", name="taken"),
    re.IGNORECASE,
)


def assignment_id(scope: str, name: str) -> str:
    """The id of a role assignment."""
    below = "/" + scope.strip("/") if scope.strip("/") else ""
    return f"{below}/providers/Microsoft.Authorization/roleAssignments/{name}"


def load(everywhere: Directory, scope: str, name: str) -> JsonObject:
    """A role assignment. Raises RoleAssignmentNotFound."""
    found = everywhere.get(azure_roles.ROLE_ASSIGNMENT, assignment_id(scope, name))
    if found is None:
        raise RoleAssignmentNotFound(name)
    return found.body


def put(
    everywhere: Directory, directory: Directory, scope: str, name: str, body: JsonObject
) -> tuple[JsonObject, bool]:
    """Assign a role, or change the description of an assignment; whether it is new."""
    try:
        name = str(UUID(name))
    except ValueError as error:
        raise InvalidRoleAssignmentId(name) from error
    check_scope(everywhere, scope)
    properties = _properties(body)
    role_id = properties["roleDefinitionId"].rpartition("/")[2].lower()
    if role_id not in azure_roles.ROLES:
        raise RoleDefinitionNotFound(role_id)
    principal, principal_type = _principal(directory, properties)
    description, condition = properties.get("description"), properties.get("condition")
    only = _only(condition)
    before = everywhere.get(azure_roles.ROLE_ASSIGNMENT, assignment_id(scope, name))
    if before is not None:
        if (before.body["principalId"], _role_of(before.body)) != (principal, role_id):
            raise RoleAssignmentUpdateNotPermitted
        said = {"description": description, "condition": condition, "only": only, "updatedOn": clock.stamp()}
        changed = before.body | said
        everywhere.put(azure_roles.ROLE_ASSIGNMENT, before.id, changed)
        return changed, False
    for other in azure_roles.held(everywhere, [principal]):
        if other["scope"].strip("/").lower() == scope.strip("/").lower() and _role_of(other) == role_id:
            raise RoleAssignmentExists(UUID(other["name"]).hex)
    made = azure_roles.assign(
        everywhere,
        directory.tenant,
        scope,
        role_id,
        principal,
        name=name,
        principal_type=principal_type,
        description=description,
        condition=condition,
        only=only,
    )
    return made, True


def listed(everywhere: Directory, scope: str, *, exact: bool, principal: str | None) -> list[JsonObject]:
    """The assignments that hold at a scope (`exact`: at it and above), or are made at it and below."""
    found = []
    for document in everywhere.scan(azure_roles.ROLE_ASSIGNMENT):
        assigned = document.body["scope"]
        above = azure_roles.covers(assigned, scope)
        below = azure_roles.covers(scope, assigned) and not exact
        if (above or below) and principal in (None, document.body["principalId"]):
            found.append(document.body)
    return found


def _properties(body: JsonObject) -> JsonObject:
    properties: Any = body.get("properties")
    if not isinstance(properties, dict):
        raise InvalidRequestContent("properties are missing")
    for required in ("principalId", "roleDefinitionId"):
        if not isinstance(properties.get(required), str):
            raise InvalidRequestContent(f"{required} is required")
    return properties


def _only(condition: Any) -> list[str]:
    """The roles that a condition leaves to give and to take. Raises NotServed for a condition of any other kind.

    Kept but not obeyed, it would allow more than its author means.
    """
    if condition is None:
        return []
    found = _CONDITION.fullmatch(re.sub(r"\s+", "", str(condition)))
    if found is None or found["given"] != found["taken"]:
        raise NotServed(
            "The local tenant knows the one condition on role assignments that limits which roles may be given and"
            " taken: the same RoleDefinitionIds, ForAnyOfAnyValues:GuidEquals, for write and for delete."
        )
    return found["given"].lower().split(",")


def _principal(directory: Directory, properties: JsonObject) -> tuple[str, str]:
    """The id and type of who gets the role. Raises PrincipalNotFound or UnmatchedPrincipalType."""
    id_ = properties["principalId"]
    found = find_object(directory, id_, _PRINCIPAL_TYPES)
    wanted = properties.get("principalType")
    if found is None or (wanted is None and made_within(directory.connection, directory.tenant, id_, FRESH)):
        raise PrincipalNotFound(id_, directory.tenant)
    actual = _PRINCIPAL_TYPES[kind_of(found)]
    if wanted is not None and wanted != actual:
        raise UnmatchedPrincipalType(id_, actual, str(wanted))
    return str(found["id"]), actual


def check_scope(everywhere: Directory, scope: str) -> None:
    """A scope is something that exists; of resources, this tenant knows vaults and storage accounts."""
    inside = _IN_GROUP.fullmatch(scope.strip("/"))
    if inside is None:
        return
    resources.load_group(everywhere, inside["subscription"], inside["group"])
    if inside["vault"]:
        vaults.load(everywhere, inside["subscription"], inside["group"], inside["vault"])
    if inside["account"]:
        storage.load(everywhere, inside["subscription"], inside["group"], inside["account"])


def _role_of(assignment: JsonObject) -> str:
    return str(assignment["roleDefinitionId"]).rpartition("/")[2].lower()
