"""What the replies of all families share."""

from collections.abc import Iterable

from entra_local.graph.entities import DIRECTORY_OBJECTS, Entity
from entra_local.graph.listing import numbered, read_options, read_select, reply
from entra_local.graph.models.objects import kind_of
from entra_local.graph.permissions import READ_OF_KIND
from entra_local.graph.request import GraphRequest
from entra_local.graph.schema import Type, shown
from entra_local.wire import JsonObject, Reply

NO_CONTENT = Reply(204)

_ANY_OBJECT: Type = {
    # What a list of mixed objects shows and filters by: the properties of all kinds.
    name: known
    for entity in DIRECTORY_OBJECTS.values()
    for name, known in entity.properties.items()
}
ANY_OBJECT = Entity("directoryObject", "directoryObjects", _ANY_OBJECT)


def one(request: GraphRequest, entity: Entity, body: JsonObject, status: int = 200) -> Reply:
    """One object of a known type."""
    context = {"@odata.context": f"{request.base}/$metadata#{entity.collection}/$entity"}
    select = read_select(request.call, entity)
    return Reply(status, context | shown(entity.properties, body, beta=request.beta, select=select))


def objects(request: GraphRequest, bodies: Iterable[JsonObject]) -> Reply:
    """A list of directory objects of several kinds, each with its @odata.type."""
    options = read_options(request.call, ANY_OBJECT)
    bodies = [typed(request, body, options.select) for body in bodies]
    return reply(request, ANY_OBJECT, options, numbered(bodies), shape=False)


def typed(request: GraphRequest, body: JsonObject, select: Iterable[str] = ()) -> JsonObject:
    """A directory object as its own kind shows it, with its @odata.type; of a kind that the caller may not read, this
    and the id alone."""
    properties = DIRECTORY_OBJECTS[kind_of(body)].properties
    chosen = [name for name in select if name in properties]
    seen = shown(properties, body, beta=request.beta, select=chosen or select)
    if not may_read(request, body):
        seen = dict.fromkeys(seen) | {"id": body["id"]}
    return {"@odata.type": body["@odata.type"]} | seen


def may_read(request: GraphRequest, body: JsonObject) -> bool:
    """Whether the caller may read objects of this one's kind."""
    return not request.caller.permissions.isdisjoint(READ_OF_KIND[kind_of(body)])


def items(request: GraphRequest, entity: Entity, bodies: Iterable[JsonObject]) -> Reply:
    """A list of objects of one type that hangs below another object."""
    return reply(request, entity, read_options(request.call, entity), numbered(bodies))
