"""/servicePrincipals and what hangs below one."""

from entra_local.graph.entities import APP_ROLE_ASSIGNMENT, PERMISSION_GRANT, SERVICE_PRINCIPAL
from entra_local.graph.listing import list_kind
from entra_local.graph.models import applications, grants, service_principals
from entra_local.graph.models.objects import linked_objects, load, remove_reference
from entra_local.graph.permissions import OWNED_BY
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, items, objects, one
from entra_local.wire import JsonObject, Reply


def list_all(request: GraphRequest) -> Reply:
    def mirrored(body: JsonObject) -> JsonObject:
        return service_principals.mirrored(request.directory, body)

    return list_kind(request, SERVICE_PRINCIPAL, as_shown=mirrored)


def create(request: GraphRequest) -> Reply:
    caller = request.caller
    own_only = caller.holds(OWNED_BY) and not caller.holds("Application.ReadWrite.All", "Directory.ReadWrite.All")
    made = service_principals.create(request.directory, request.call.json(), caller.object_id, own_only=own_only)
    return one(request, SERVICE_PRINCIPAL, made, 201)


def read(request: GraphRequest) -> Reply:
    found = load(request.directory, SERVICE_PRINCIPAL, request["id"])
    return one(request, SERVICE_PRINCIPAL, service_principals.mirrored(request.directory, found))


def update(request: GraphRequest) -> Reply:
    service_principals.update(request.directory, request["id"], request.call.json())
    return NO_CONTENT


def delete(request: GraphRequest) -> Reply:
    applications.delete_principal(request.directory, request["id"])
    return NO_CONTENT


def list_owners(request: GraphRequest) -> Reply:
    load(request.directory, SERVICE_PRINCIPAL, request["id"])
    return objects(request, linked_objects(request.directory, "owners", request["id"]))


def add_owner(request: GraphRequest) -> Reply:
    load(request.directory, SERVICE_PRINCIPAL, request["id"])
    applications.add_owner(request.directory, request["id"], request.reference())
    return NO_CONTENT


def remove_owner(request: GraphRequest) -> Reply:
    load(request.directory, SERVICE_PRINCIPAL, request["id"])
    remove_reference(request.directory, "owners", request["id"], request["owner"])
    return NO_CONTENT


# app role assignments, seen from the resource


def list_assigned_to(request: GraphRequest) -> Reply:
    return items(request, APP_ROLE_ASSIGNMENT, grants.assigned_to(request.directory, request["id"]))


def assign(request: GraphRequest) -> Reply:
    made = grants.assign(request.directory, request.call.json(), resourceId=request["id"])
    return one(request, APP_ROLE_ASSIGNMENT, made, 201)


def read_assigned_to(request: GraphRequest) -> Reply:
    found = grants.load_assignment(request.directory, request["assignment"], resourceId=request["id"])
    return one(request, APP_ROLE_ASSIGNMENT, found)


def unassign(request: GraphRequest) -> Reply:
    grants.unassign(request.directory, request["assignment"], resourceId=request["id"])
    return NO_CONTENT


# app role assignments, seen from the principal


def list_assignments(request: GraphRequest) -> Reply:
    return items(request, APP_ROLE_ASSIGNMENT, grants.assignments_of(request.directory, request["id"]))


def assign_principal(request: GraphRequest) -> Reply:
    made = grants.assign(request.directory, request.call.json(), principalId=request["id"])
    return one(request, APP_ROLE_ASSIGNMENT, made, 201)


def unassign_principal(request: GraphRequest) -> Reply:
    grants.unassign(request.directory, request["assignment"], principalId=request["id"])
    return NO_CONTENT


# delegated permission grants


def list_own_grants(request: GraphRequest) -> Reply:
    load(request.directory, SERVICE_PRINCIPAL, request["id"])
    found = request.directory.find(PERMISSION_GRANT.kind, "clientId", request["id"])
    live = (document.body for document in found if grants.is_live(request.directory, document.body))
    return items(request, PERMISSION_GRANT, live)


def list_grants(request: GraphRequest) -> Reply:
    def is_live(body: JsonObject) -> bool:
        return grants.is_live(request.directory, body)

    return list_kind(request, PERMISSION_GRANT, keep=is_live)


def grant(request: GraphRequest) -> Reply:
    return one(request, PERMISSION_GRANT, grants.grant(request.directory, request.call.json()), 201)


def read_grant(request: GraphRequest) -> Reply:
    return one(request, PERMISSION_GRANT, grants.load_grant(request.directory, request["id"]))


def update_grant(request: GraphRequest) -> Reply:
    grants.update_grant(request.directory, request["id"], request.call.json())
    return NO_CONTENT


def revoke(request: GraphRequest) -> Reply:
    grants.load_grant(request.directory, request["id"])
    request.directory.remove(PERMISSION_GRANT.kind, request["id"])
    return NO_CONTENT
