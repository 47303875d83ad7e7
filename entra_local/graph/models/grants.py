"""Who was granted what: app role assignments and delegated permission grants."""

import base64
import secrets
from collections.abc import Iterator
from typing import Any

from entra_local import clock
from entra_local.graph.entities import APP_ROLE_ASSIGNMENT, PERMISSION_GRANT, SERVICE_PRINCIPAL
from entra_local.graph.exceptions import BadRequest, NotFound, RequiredProperty, SameKey
from entra_local.graph.models.objects import find_object, kind_of, load, not_there, save
from entra_local.graph.models.service_principals import DEFAULT_ACCESS, app_roles
from entra_local.graph.schema import fresh, merge
from entra_local.store import Directory
from entra_local.wire import JsonObject

_PRINCIPAL_TYPES = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}


def assign(directory: Directory, changes: JsonObject, **fixed: str) -> JsonObject:
    """Assign an app role; `fixed` holds the id that the path names (resourceId or principalId)."""
    assignment = merge(APP_ROLE_ASSIGNMENT.properties, fresh(APP_ROLE_ASSIGNMENT.properties), changes)
    for name in ("principalId", "resourceId", "appRoleId"):
        if not assignment[name]:
            raise RequiredProperty(name)
    for name, value in fixed.items():
        if assignment[name] != value.lower():
            raise BadRequest(f"Property '{name}' must be the id in the request's path.")
    resource = load(directory, SERVICE_PRINCIPAL, assignment["resourceId"])
    principal = find_object(directory, assignment["principalId"], _PRINCIPAL_TYPES)
    if principal is None:
        raise not_there(directory, assignment["principalId"], _PRINCIPAL_TYPES)
    kind = kind_of(principal)
    _check_role(directory, resource, assignment["appRoleId"], kind)
    if kind == "group" and not principal["securityEnabled"]:
        raise BadRequest("App roles can be assigned to security groups only.")
    for other in directory.find(APP_ROLE_ASSIGNMENT.kind, "principalId", principal["id"]):
        if (other.body["resourceId"], other.body["appRoleId"]) == (resource["id"], assignment["appRoleId"]):
            raise BadRequest("Permission being assigned already exists on the object")
    # Stored names are only a fallback: `shown_assignment` writes the current ones.
    assignment |= {
        "id": _opaque_id(),
        "createdDateTime": clock.stamp(),
        "principalDisplayName": principal["displayName"],
        "principalType": _PRINCIPAL_TYPES[kind],
        "resourceDisplayName": resource["displayName"],
    }
    save(directory, APP_ROLE_ASSIGNMENT, assignment)
    return assignment


def _check_role(directory: Directory, resource: JsonObject, role_id: str, kind: str) -> None:
    if role_id == DEFAULT_ACCESS:
        return
    member_type = "Application" if kind == "servicePrincipal" else "User"
    for role in app_roles(directory, resource):
        if role["id"] == role_id and role["isEnabled"] and member_type in role["allowedMemberTypes"]:
            return
    raise BadRequest(f"Permission being assigned was not found on application '{resource['appId']}'.")


def assigned_to(directory: Directory, resource_id: str) -> Iterator[JsonObject]:
    """The assignments of a resource whose principals exist. Raises NotFound."""
    load(directory, SERVICE_PRINCIPAL, resource_id)
    for found in directory.find(APP_ROLE_ASSIGNMENT.kind, "resourceId", resource_id):
        if (current := shown_assignment(directory, found.body)) is not None:
            yield current


def assignments_of(directory: Directory, principal_id: str) -> Iterator[JsonObject]:
    """The assignments that a principal has. Raises NotFound."""
    if find_object(directory, principal_id, _PRINCIPAL_TYPES) is None:
        raise NotFound(principal_id)
    for found in directory.find(APP_ROLE_ASSIGNMENT.kind, "principalId", principal_id):
        if (current := shown_assignment(directory, found.body)) is not None:
            yield current


def load_assignment(directory: Directory, id_: str, **fixed: str) -> JsonObject:
    """One assignment, which must belong to the id that the path names. Raises NotFound."""
    found = directory.get(APP_ROLE_ASSIGNMENT.kind, id_)
    if found is None or any(found.body[name] != value.lower() for name, value in fixed.items()):
        raise NotFound(id_)
    current = shown_assignment(directory, found.body)
    if current is None:
        raise NotFound(id_)
    return current


def shown_assignment(directory: Directory, assignment: JsonObject) -> JsonObject | None:
    """An assignment with the current names of both sides; None while one of them is deleted."""
    principal = find_object(directory, assignment["principalId"], _PRINCIPAL_TYPES)
    resource = directory.get("servicePrincipal", assignment["resourceId"])
    if principal is None or resource is None:
        return None
    return assignment | {
        "principalDisplayName": principal["displayName"],
        "resourceDisplayName": resource.body["displayName"],
    }


def unassign(directory: Directory, id_: str, **fixed: str) -> None:
    """Take an assignment away. Raises NotFound."""
    load_assignment(directory, id_, **fixed)
    directory.remove(APP_ROLE_ASSIGNMENT.kind, id_)


def role_values(directory: Directory, principal_id: str, resource_id: str) -> list[str]:
    """The values of the app roles that a principal holds directly on a resource: a token's `roles`."""
    resource = directory.get("servicePrincipal", resource_id)
    if resource is None:
        return []
    values = {role["id"]: role["value"] for role in app_roles(directory, resource.body)}
    held = (
        values.get(found.body["appRoleId"])
        for found in directory.find(APP_ROLE_ASSIGNMENT.kind, "principalId", principal_id)
        if found.body["resourceId"] == resource.id
    )
    return sorted(value for value in held if value)


def grant(directory: Directory, changes: JsonObject) -> JsonObject:
    """Consent to delegated permissions. Raises SameKey when there is a grant for these already."""
    made = merge(PERMISSION_GRANT.properties, fresh(PERMISSION_GRANT.properties), changes)
    for name in ("clientId", "resourceId", "consentType"):
        if not made[name]:
            raise RequiredProperty(name)
    if (made["consentType"] == "Principal") != bool(made["principalId"]):
        raise BadRequest("principalId is required with consentType Principal, and with no other.")
    for name in ("clientId", "resourceId"):
        load(directory, SERVICE_PRINCIPAL, made[name])
    if made["principalId"] and find_object(directory, made["principalId"], ("user",)) is None:
        raise NotFound(made["principalId"])
    same = ("resourceId", "consentType", "principalId")
    for other in directory.find(PERMISSION_GRANT.kind, "clientId", made["clientId"]):
        if all(other.body[name] == made[name] for name in same):
            raise SameKey("Permission entry already exists.")
    made["id"] = _opaque_id()
    save(directory, PERMISSION_GRANT, made)
    return made


def load_grant(directory: Directory, id_: str) -> JsonObject:
    """One grant whose parties exist. Raises NotFound."""
    found = load(directory, PERMISSION_GRANT, id_)
    if not is_live(directory, found):
        raise NotFound(id_)
    return found


def is_live(directory: Directory, made: JsonObject) -> bool:
    """Whether client, resource and, of a person's own consent, that person exist."""
    if made["principalId"] and directory.get("user", made["principalId"]) is None:
        return False
    return all(directory.get("servicePrincipal", made[name]) is not None for name in ("clientId", "resourceId"))


def update_grant(directory: Directory, id_: str, changes: JsonObject) -> None:
    """Change the scope of a grant. Raises BadRequest for anything else."""
    before = load_grant(directory, id_)
    after = merge(PERMISSION_GRANT.properties, before, changes)
    changed: list[Any] = [name for name in after if after[name] != before[name] and name != "scope"]
    if changed:
        raise BadRequest(f"Property '{changed[0]}' of a permission grant cannot be changed.")
    save(directory, PERMISSION_GRANT, after)


def forget(directory: Directory, principal_id: str) -> None:
    """Remove every assignment and grant of an object that is gone for good."""
    for kind, names in (
        (APP_ROLE_ASSIGNMENT.kind, ("principalId", "resourceId")),
        (PERMISSION_GRANT.kind, ("clientId", "resourceId", "principalId")),
    ):
        for name in names:
            for found in directory.find(kind, name, principal_id):
                directory.remove(kind, found.id)


def _opaque_id() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
