"""Microsoft.Authorization: role assignments and role definitions."""

import re

from entra_local import azure_roles
from entra_local.arm.exceptions import AuthorizationFailed, NotServed, RoleAssignmentNotFound, RoleDefinitionNotFound
from entra_local.arm.models import access
from entra_local.arm.request import ArmRequest
from entra_local.wire import JsonObject, Reply

_ASSIGNMENT_FILTER = re.compile(
    r"\s*(?P<exact>atScope\(\))?(?:\s+and\s+)?(?:principalId\s+eq\s+'(?P<principal>[^']+)')?\s*", re.IGNORECASE
)
_NAME_FILTER = re.compile(r"roleName\s+eq\s+'([^']+)'", re.IGNORECASE)


_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


def put_assignment(request: ArmRequest) -> Reply:
    body = request.call.json()
    properties = body.get("properties")
    _check_given(request, "write", properties if isinstance(properties, dict) else {})
    made, new = access.put(request.everywhere, request.directory, request["scope"], request["name"], body)
    return Reply(201 if new else 200, _shown(made))


def read_assignment(request: ArmRequest) -> Reply:
    return Reply(200, _shown(access.load(request.everywhere, request["scope"], request["name"])))


def delete_assignment(request: ArmRequest) -> Reply:
    try:
        found = access.load(request.everywhere, request["scope"], request["name"])
    except RoleAssignmentNotFound:
        return Reply(204)
    _check_given(request, "delete", found)
    request.everywhere.remove(azure_roles.ROLE_ASSIGNMENT, found["id"])
    return Reply(200, _shown(found))


def list_assignments(request: ArmRequest) -> Reply:
    wanted = _ASSIGNMENT_FILTER.fullmatch(request.call.query.get("$filter", ""))
    if wanted is None:
        raise NotServed("The local tenant filters role assignments by atScope() and by principalId only.")
    found = access.listed(
        request.everywhere,
        "/" + request["scope"].strip("/"),
        exact=wanted["exact"] is not None,
        principal=wanted["principal"],
    )
    return Reply(200, {"value": [_shown(assignment) for assignment in found]})


def list_permissions(request: ArmRequest) -> Reply:
    """What the caller may do at a scope, one entry for each of its role assignments that hold there."""
    scope = "/" + request["scope"].strip("/")
    access.check_scope(request.everywhere, scope)
    held = azure_roles.held(request.everywhere, request.principals)
    roles = (azure_roles.ROLES.get(_role_id(one)) for one in held if azure_roles.covers(one["scope"], scope))
    return Reply(200, {"value": [_permissions(role) for role in roles if role is not None]})


def read_definition(request: ArmRequest) -> Reply:
    role = azure_roles.ROLES.get(request["name"].lower())
    if role is None:
        raise RoleDefinitionNotFound(request["name"])
    return Reply(200, _definition(role, request["scope"]))


def list_definitions(request: ArmRequest) -> Reply:
    named = _NAME_FILTER.search(request.call.query.get("$filter", ""))
    found = [role for role in azure_roles.BUILT_IN if named is None or role.name.lower() == named[1].lower()]
    return Reply(200, {"value": [_definition(role, request["scope"]) for role in found]})


def _check_given(request: ArmRequest, operation: str, assignment: JsonObject) -> None:
    """Who may give away roles may have a condition on which. Raises AuthorizationFailed."""
    scope, action = "/" + request["scope"].strip("/"), f"{_ASSIGNMENTS}/{operation}"
    role = _role_id(assignment)
    if not azure_roles.may_give(request.everywhere, request.principals, scope, action, role):
        raise AuthorizationFailed(request.caller.app_id, request.caller.object_id, action, scope)


def _shown(assignment: JsonObject) -> JsonObject:
    names = ("roleDefinitionId", "principalId", "principalType", "scope", "description", "createdOn", "updatedOn")
    return {
        "id": assignment["id"],
        "name": assignment["name"],
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {name: assignment[name] for name in names}
        | {
            "condition": assignment.get("condition"),
            "conditionVersion": "2.0" if assignment.get("condition") else None,
        },
    }


def _definition(role: azure_roles.Role, scope: str) -> JsonObject:
    subscription = re.match(r"/?(subscriptions/[^/]+)", scope, re.IGNORECASE)
    prefix = f"/{subscription[1]}" if subscription else ""
    return {
        "id": f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role.id}",
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.name,
            "assignableScopes": ["/"],
            "permissions": [_permissions(role)],
        },
    }


def _permissions(role: azure_roles.Role) -> JsonObject:
    return {
        "actions": list(role.actions),
        "notActions": list(role.excluded),
        "dataActions": list(role.data_actions),
        "notDataActions": [],
    }


def _role_id(assignment: JsonObject) -> str:
    return str(assignment.get("roleDefinitionId", "")).rpartition("/")[2].lower()
