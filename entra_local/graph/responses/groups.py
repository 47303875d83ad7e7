"""/groups and what hangs below one."""

from entra_local.graph.entities import GROUP
from entra_local.graph.listing import list_kind
from entra_local.graph.models import groups
from entra_local.graph.models.objects import linked_objects, load
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, objects, one
from entra_local.wire import Reply


def list_all(request: GraphRequest) -> Reply:
    return list_kind(request, GROUP)


def create(request: GraphRequest) -> Reply:
    return one(request, GROUP, groups.create(request.directory, request.call.json(), request.caller.object_id), 201)


def read(request: GraphRequest) -> Reply:
    return one(request, GROUP, load(request.directory, GROUP, request["id"]))


def update(request: GraphRequest) -> Reply:
    groups.update(request.directory, request["id"], request.call.json())
    return NO_CONTENT


def delete(request: GraphRequest) -> Reply:
    groups.delete(request.directory, request["id"])
    return NO_CONTENT


def list_owners(request: GraphRequest) -> Reply:
    load(request.directory, GROUP, request["id"])
    return objects(request, linked_objects(request.directory, "owners", request["id"]))


def add_owner(request: GraphRequest) -> Reply:
    groups.add_owner(request.directory, request["id"], request.reference())
    return NO_CONTENT


def remove_owner(request: GraphRequest) -> Reply:
    groups.remove_owner(request.directory, request["id"], request["owner"])
    return NO_CONTENT


def add_member(request: GraphRequest) -> Reply:
    groups.add_member(request.directory, request["id"], request.reference())
    return NO_CONTENT


def remove_member(request: GraphRequest) -> Reply:
    groups.remove_member(request.directory, request["id"], request["member"])
    return NO_CONTENT
