"""Role assignments and role definitions."""

from uuid import UUID

from entra_local import azure_roles
from entra_local.arm.exceptions import (
    InvalidRequestContent,
    InvalidRoleAssignmentId,
    PrincipalNotFound,
    RoleAssignmentExists,
    RoleAssignmentNotFound,
    RoleAssignmentUpdateNotPermitted,
    RoleDefinitionNotFound,
)
from entra_local.graph.models.objects import find_object, kind_of
from entra_local.store import Directory
from entra_local.wire import JsonObject

_PRINCIPAL_TYPES = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}


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
    """Assign a role; whether the assignment is new. The same PUT again changes nothing."""
    try:
        name = str(UUID(name))
    except ValueError as error:
        raise InvalidRoleAssignmentId(name) from error
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise InvalidRequestContent("properties are missing")
    principal, definition = (properties.get(key) for key in ("principalId", "roleDefinitionId"))
    if not isinstance(principal, str) or not isinstance(definition, str):
        raise InvalidRequestContent("principalId and roleDefinitionId are required")
    role_id = definition.rpartition("/")[2].lower()
    if role_id not in azure_roles.ROLES:
        raise RoleDefinitionNotFound(role_id)
    found = find_object(directory, principal, _PRINCIPAL_TYPES)
    if found is None:
        raise PrincipalNotFound(principal, directory.tenant)
    before = everywhere.get(azure_roles.ROLE_ASSIGNMENT, assignment_id(scope, name))
    if before is not None:
        same = before.body["principalId"] == principal and _role_of(before.body) == role_id
        if not same:
            raise RoleAssignmentUpdateNotPermitted
        return before.body, False
    for other in azure_roles.held(everywhere, [principal]):
        if other["scope"].strip("/").lower() == scope.strip("/").lower() and _role_of(other) == role_id:
            raise RoleAssignmentExists(UUID(other["name"]).hex)
    made = azure_roles.assign(
        everywhere,
        directory.tenant,
        scope,
        role_id,
        found["id"],
        name=name,
        principal_type=_PRINCIPAL_TYPES[kind_of(found)],
        description=properties.get("description"),
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


def _role_of(assignment: JsonObject) -> str:
    return str(assignment["roleDefinitionId"]).rpartition("/")[2].lower()
