"""/users and what hangs below one."""

from entra_local.graph.entities import USER
from entra_local.graph.listing import list_kind
from entra_local.graph.models import users
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, one, typed
from entra_local.wire import Reply


def list_all(request: GraphRequest) -> Reply:
    return list_kind(request, USER)


def create(request: GraphRequest) -> Reply:
    return one(request, USER, users.create(request.directory, request.call.json()), 201)


def read(request: GraphRequest) -> Reply:
    return one(request, USER, users.load_user(request.directory, request["id"]))


def update(request: GraphRequest) -> Reply:
    users.update(request.directory, request["id"], request.call.json())
    return NO_CONTENT


def delete(request: GraphRequest) -> Reply:
    users.delete(request.directory, request["id"])
    return NO_CONTENT


def revoke_sessions(request: GraphRequest) -> Reply:
    users.revoke_sessions(request.directory, request["id"])
    return Reply(200, {"@odata.context": f"{request.base}/$metadata#Edm.Boolean", "value": True})


def read_manager(request: GraphRequest) -> Reply:
    found = users.manager(request.directory, request["id"])
    context = {"@odata.context": f"{request.base}/$metadata#directoryObjects/$entity"}
    return Reply(200, context | typed(found, beta=request.beta))


def set_manager(request: GraphRequest) -> Reply:
    users.set_manager(request.directory, request["id"], request.reference())
    return NO_CONTENT


def remove_manager(request: GraphRequest) -> Reply:
    users.set_manager(request.directory, request["id"], None)
    return NO_CONTENT
