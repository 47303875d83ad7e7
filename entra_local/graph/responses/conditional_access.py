"""/identity/conditionalAccess: policies and named locations."""

from entra_local.graph.entities import CONDITIONAL_ACCESS_POLICY, NAMED_LOCATION
from entra_local.graph.listing import list_kind, read_options, reply
from entra_local.graph.models import conditional_access
from entra_local.graph.models.objects import load
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, one
from entra_local.graph.schema import shown
from entra_local.wire import JsonObject, Reply


def list_policies(request: GraphRequest) -> Reply:
    return list_kind(request, CONDITIONAL_ACCESS_POLICY)


def create_policy(request: GraphRequest) -> Reply:
    made = conditional_access.create(request.directory, request.call.json())
    return one(request, CONDITIONAL_ACCESS_POLICY, made, 201)


def read_policy(request: GraphRequest) -> Reply:
    return one(
        request, CONDITIONAL_ACCESS_POLICY, load(request.directory, CONDITIONAL_ACCESS_POLICY, request["policy"])
    )


def update_policy(request: GraphRequest) -> Reply:
    conditional_access.update(request.directory, request["policy"], request.call.json())
    return NO_CONTENT


def delete_policy(request: GraphRequest) -> Reply:
    conditional_access.delete(request.directory, request["policy"])
    return NO_CONTENT


def list_locations(request: GraphRequest) -> Reply:
    options = read_options(request.call, NAMED_LOCATION)
    found = list(request.directory.scan(NAMED_LOCATION.kind))
    rows = ((document.position, _shown(request, document.body)) for document in found)
    return reply(request, NAMED_LOCATION, options, rows, shape=False)


def create_location(request: GraphRequest) -> Reply:
    made = conditional_access.create_location(request.directory, request.call.json())
    return Reply(201, _context(request) | _shown(request, made))


def read_location(request: GraphRequest) -> Reply:
    found = load(request.directory, NAMED_LOCATION, request["location"])
    return Reply(200, _context(request) | _shown(request, found))


def update_location(request: GraphRequest) -> Reply:
    conditional_access.update_location(request.directory, request["location"], request.call.json())
    return NO_CONTENT


def delete_location(request: GraphRequest) -> Reply:
    conditional_access.delete_location(request.directory, request["location"])
    return NO_CONTENT


def _context(request: GraphRequest) -> JsonObject:
    return {"@odata.context": f"{request.base}/$metadata#{NAMED_LOCATION.collection}/$entity"}


def _shown(request: GraphRequest, location: JsonObject) -> JsonObject:
    body = shown(NAMED_LOCATION.properties, location, beta=request.beta)
    return {"@odata.type": location["@odata.type"]} | conditional_access.shown_location(
        body | {"@odata.type": location["@odata.type"]}
    )
