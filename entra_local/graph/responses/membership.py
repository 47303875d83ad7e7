"""Members of groups and the groups that somebody is in: lists, casts to one type, counts, checks."""

from collections.abc import Iterable, Iterator
from typing import Any

from entra_local.graph.entities import DIRECTORY_OBJECTS, GROUP, Entity
from entra_local.graph.exceptions import BadRequest, NotServed, UnsupportedQuery
from entra_local.graph.listing import is_eventual, numbered, read_options, reply
from entra_local.graph.models import groups
from entra_local.graph.models.objects import kind_of, linking_objects, load
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import ANY_OBJECT, objects, typed
from entra_local.wire import JsonObject, Reply

MAXIMUM_CHECKED = 20


def list_members(request: GraphRequest) -> Reply:
    return _list_members(request, nested=False)


def list_transitive_members(request: GraphRequest) -> Reply:
    return _list_members(request, nested=True)


def count_members(request: GraphRequest) -> Reply:
    return _count_members(request, nested=False)


def count_transitive_members(request: GraphRequest) -> Reply:
    return _count_members(request, nested=True)


def list_member_of(request: GraphRequest) -> Reply:
    return _list_groups(request, linking_objects(request.directory, "members", request["id"]))


def list_transitive_member_of(request: GraphRequest) -> Reply:
    return _list_groups(request, groups.transitive_groups(request.directory, request["id"]))


def count_member_of(request: GraphRequest) -> Reply:
    return _count_groups(request, linking_objects(request.directory, "members", request["id"]))


def count_transitive_member_of(request: GraphRequest) -> Reply:
    return _count_groups(request, groups.transitive_groups(request.directory, request["id"]))


def member_groups(request: GraphRequest) -> Reply:
    """getMemberGroups and getMemberObjects: the ids of all groups that the object is in, nested ones included."""
    security_only = bool(request.call.json().get("securityEnabledOnly"))
    found = groups.transitive_groups(request.directory, request["id"])
    ids = [item["id"] for item in found if kind_of(item) == "group" and (item["securityEnabled"] or not security_only)]
    return Reply(200, _strings(request) | {"value": ids})


def check_member_groups(request: GraphRequest) -> Reply:
    """checkMemberGroups and checkMemberObjects: which of these groups the object is in, nested ones included."""
    body = request.call.json()
    asked: Any = body.get("groupIds", body.get("ids"))
    if not isinstance(asked, list) or len(asked) > MAXIMUM_CHECKED:
        raise BadRequest(f"The ids to check must be a list of at most {MAXIMUM_CHECKED}.")
    inside = {item["id"] for item in groups.transitive_groups(request.directory, request["id"])}
    return Reply(200, _strings(request) | {"value": [id_ for id_ in map(str, asked) if id_.lower() in inside]})


def _list_members(request: GraphRequest, *, nested: bool) -> Reply:
    load(request.directory, GROUP, request["id"])
    cast = _cast(request)
    options = read_options(request.call, cast or ANY_OBJECT)
    kinds = [cast.kind] if cast else list(groups.MEMBER_KINDS)
    membership = request.world.memberships.read(request.directory, request["id"], kinds, nested=nested)
    ordered = options.order is not None
    rows = (
        (cursor, document.body if cast else _typed(request, document.kind, document.body, options.select))
        for cursor, document in membership.documents(request.directory, 0 if ordered else options.after)
    )
    return reply(
        request,
        cast or ANY_OBJECT,
        options,
        rows,
        skipped=not ordered,
        shape=cast is not None,
        total=len(membership),
    )


def _count_members(request: GraphRequest, *, nested: bool) -> Reply:
    load(request.directory, GROUP, request["id"])
    cast = _cast(request, counted=True)
    kinds = [cast.kind] if cast else list(groups.MEMBER_KINDS)
    membership = request.world.memberships.read(request.directory, request["id"], kinds, nested=nested)
    return _counted(request, len(membership))


def _list_groups(request: GraphRequest, found: Iterable[JsonObject]) -> Reply:
    cast = _cast(request)
    if cast is None:
        return objects(request, found)
    return reply(request, cast, read_options(request.call, cast), numbered(_of_kind(found, cast)))


def _count_groups(request: GraphRequest, found: Iterable[JsonObject]) -> Reply:
    cast = _cast(request, counted=True)
    return _counted(request, sum(1 for _ in (_of_kind(found, cast) if cast else found)))


def _of_kind(found: Iterable[JsonObject], cast: Entity) -> Iterator[JsonObject]:
    return (item for item in found if kind_of(item) == cast.kind)


def _cast(request: GraphRequest, *, counted: bool = False) -> Entity | None:
    """The type that the path names after the list, or None. Raises NotServed or UnsupportedQuery."""
    if "kind" not in request.parameters:
        return None
    cast = DIRECTORY_OBJECTS.get(request["kind"])
    if cast is None:
        raise NotServed(f"Members are cast to {', '.join(DIRECTORY_OBJECTS)}.")
    counts = counted or request.call.query.get("$count", "").lower() == "true"
    if not (counts and is_eventual(request.call)):
        raise UnsupportedQuery("Unsupported Query. Add ConsistencyLevel: eventual and $count=true.")
    return cast


def _counted(request: GraphRequest, number: int) -> Reply:
    if not is_eventual(request.call):
        raise UnsupportedQuery("$count is not currently supported. Add ConsistencyLevel: eventual.")
    return Reply(200, str(number), media_type="text/plain")


def _typed(request: GraphRequest, kind: str, body: JsonObject, select: Iterable[str]) -> JsonObject:
    return typed(request, {"@odata.type": DIRECTORY_OBJECTS[kind].odata_type, **body}, select)


def _strings(request: GraphRequest) -> JsonObject:
    return {"@odata.context": f"{request.base}/$metadata#Collection(Edm.String)"}
