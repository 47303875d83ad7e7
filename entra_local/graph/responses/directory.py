"""/directoryObjects, /domains, /organization."""

from entra_local.graph.entities import DIRECTORY_OBJECTS
from entra_local.graph.exceptions import BadRequest, Denied, NotFound
from entra_local.graph.listing import read_select
from entra_local.graph.models.applications import directory_tenant
from entra_local.graph.models.objects import find_object
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import ANY_OBJECT, may_read, typed
from entra_local.wire import Reply

MAXIMUM_IDS = 1000


def read_object(request: GraphRequest) -> Reply:
    found = find_object(request.directory, request["id"])
    if found is None:
        raise NotFound(request["id"])
    if not may_read(request, found):
        raise Denied
    context = {"@odata.context": f"{request.base}/$metadata#directoryObjects/$entity"}
    return Reply(200, context | typed(request, found))


def get_by_ids(request: GraphRequest) -> Reply:
    """Objects by id, all in one answer: an action has no next page. Unknown ids are left out, as Graph does."""
    body = request.call.json()
    ids = body.get("ids")
    if not isinstance(ids, list) or len(ids) > MAXIMUM_IDS:
        raise BadRequest(f"'ids' must be a list of at most {MAXIMUM_IDS} ids.")
    kinds = body.get("types") or list(DIRECTORY_OBJECTS)
    if not isinstance(kinds, list):
        raise BadRequest("'types' must be a list of types.")
    found = (find_object(request.directory, id_, kinds) for id_ in dict.fromkeys(map(str, ids)))
    select = read_select(request.call, ANY_OBJECT)
    value = [typed(request, item, select) for item in found if item is not None]
    return Reply(200, {"@odata.context": f"{request.base}/$metadata#directoryObjects", "value": value})


def list_domains(request: GraphRequest) -> Reply:
    domain = {
        "id": directory_tenant(request.directory)["domain"],
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": True,
        "isInitial": True,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }
    return Reply(200, {"@odata.context": f"{request.base}/$metadata#domains", "value": [domain]})


def list_organization(request: GraphRequest) -> Reply:
    tenant = directory_tenant(request.directory)
    organization = {
        "id": tenant["id"],
        "displayName": tenant["displayName"],
        "tenantType": "AAD",
        "verifiedDomains": [{"name": tenant["domain"], "isDefault": True, "isInitial": True, "type": "Managed"}],
    }
    return Reply(200, {"@odata.context": f"{request.base}/$metadata#organization", "value": [organization]})
