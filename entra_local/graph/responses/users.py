"""/users and what hangs below one."""

from entra_local.graph.entities import USER
from entra_local.graph.exceptions import Denied
from entra_local.graph.listing import list_kind
from entra_local.graph.models import logs, users
from entra_local.graph.permissions import AUDIT_READ
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, one, typed
from entra_local.wire import JsonObject, Reply

ACTIVITY_PAGE = 500
"""The largest page with `signInActivity`, which is kept elsewhere."""


def list_all(request: GraphRequest) -> Reply:
    if not _wants_activity(request):
        return list_kind(request, USER)
    _check_activity(request)
    return list_kind(request, USER, as_shown=lambda body: _active(request, body), most=ACTIVITY_PAGE)


def create(request: GraphRequest) -> Reply:
    return one(request, USER, users.create(request.directory, request.call.json()), 201)


def read(request: GraphRequest) -> Reply:
    user = users.load_user(request.directory, request["id"])
    if _wants_activity(request):
        _check_activity(request)
        user = _active(request, user)
    return one(request, USER, user)


def _wants_activity(request: GraphRequest) -> bool:
    query = request.call.query
    return any(logs.ACTIVITY in query.get(option, "") for option in ("$select", "$filter", "$orderby"))


def _check_activity(request: GraphRequest) -> None:
    """Raises Denied or NoPremiumLicence."""
    if request.caller.permissions.isdisjoint(AUDIT_READ):
        raise Denied
    logs.require_premium(request.directory)


def _active(request: GraphRequest, body: JsonObject) -> JsonObject:
    return body | {logs.ACTIVITY: logs.activity_of(request.directory, body["id"])}


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
    return Reply(200, context | typed(request, found))


def set_manager(request: GraphRequest) -> Reply:
    users.set_manager(request.directory, request["id"], request.reference())
    return NO_CONTENT


def remove_manager(request: GraphRequest) -> Reply:
    users.set_manager(request.directory, request["id"], None)
    return NO_CONTENT
