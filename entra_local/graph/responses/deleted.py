"""/directory/deletedItems."""

from entra_local.graph.exceptions import Denied, NotServed
from entra_local.graph.listing import list_kind
from entra_local.graph.models import deleted
from entra_local.graph.permissions import DELETED_READ, DELETED_WRITE
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, typed
from entra_local.wire import JsonObject, Reply


def list_kind_of(request: GraphRequest) -> Reply:
    entity = deleted.ENTITIES.get(request["kind"])
    if entity is None:
        raise NotServed(f"Deleted items are kept of {', '.join(deleted.ENTITIES)}.")
    _require(request, DELETED_READ[entity.kind])
    return list_kind(request, entity, deleted=True)


def read(request: GraphRequest) -> Reply:
    entity, document = deleted.load(request.directory, request["id"])
    _require(request, DELETED_READ[entity.kind])
    return Reply(200, _context(request) | typed(request, deleted.shown(entity, document)))


def restore(request: GraphRequest) -> Reply:
    _require(request, DELETED_WRITE[deleted.load(request.directory, request["id"])[0].kind])
    restored = deleted.restore(request.directory, request["id"])
    return Reply(200, _context(request) | typed(request, restored))


def purge(request: GraphRequest) -> Reply:
    _require(request, DELETED_WRITE[deleted.load(request.directory, request["id"])[0].kind])
    deleted.purge(request.directory, request["id"])
    return NO_CONTENT


def _require(request: GraphRequest, permissions: frozenset[str]) -> None:
    """The table lets in who may touch any kind of deleted item; this one's kind decides. Raises Denied."""
    if not request.caller.holds(*permissions):
        raise Denied


def _context(request: GraphRequest) -> JsonObject:
    return {"@odata.context": f"{request.base}/$metadata#directoryObjects/$entity"}
