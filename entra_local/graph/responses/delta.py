"""/users/delta and /groups/delta."""

from collections.abc import Callable
from urllib.parse import urlencode

from odata_query import ast

from entra_local.changes import MEMBERS, Member
from entra_local.graph import filters
from entra_local.graph.entities import GROUP, USER, Entity
from entra_local.graph.exceptions import BadQuery, BadStateToken, SyncStateNotFound
from entra_local.graph.models import deltas
from entra_local.graph.models.delta_tokens import Seals, State
from entra_local.graph.request import GraphRequest
from entra_local.graph.schema import shown
from entra_local.wire import JsonObject, Reply

MAXIMUM_IDS = 50
_OPTIONS = frozenset({"$select", "$filter", "$deltatoken", "$skiptoken"})
_LATEST = "latest"


def delta_of(entity: Entity) -> Callable[[GraphRequest], Reply]:
    """The delta function of a collection."""

    def delta(request: GraphRequest) -> Reply:
        options = {name.lower(): value for name, value in request.call.query.items()}
        for name in options:
            if name.startswith("$") and name not in _OPTIONS:
                raise BadQuery(f"The query option '{name}' is not supported for change tracking.")
        state = _state(request, entity, options)
        with_members = entity is GROUP and (MEMBERS in state.select or not state.select)
        page = deltas.page(request.directory, state, with_members=with_members)
        minimal = _prefers_minimal(request) and not state.is_first_round
        context = f"{request.base}/$metadata#{entity.collection}"
        body: JsonObject = {"@odata.context": context + (f"({','.join(state.select)})" if state.select else "")}
        if page.next is not None:
            body["@odata.nextLink"] = _link(request, "$skiptoken", _seals(request).seal(page.next))
        else:
            body["@odata.deltaLink"] = _link(request, "$deltatoken", _seals(request).seal(state))
        body["value"] = [_shown(request, entity, state, item, minimal) for item in page.items]
        return Reply(200, body, {"Preference-Applied": "return=minimal"} if minimal else {})

    return delta


def _state(request: GraphRequest, entity: Entity, options: dict[str, str]) -> State:
    """Where the request's page starts. Raises BadQuery, BadStateToken or SyncStateNotFound."""
    wanted = _select(entity, options["$select"]) if options.get("$select") else None
    skip, since = options.get("$skiptoken"), options.get("$deltatoken")
    if skip and (wanted is not None or "$filter" in options or since):
        raise BadQuery("A $skiptoken holds all options of its query: none can be given beside it.")
    if skip:
        return _read(request, entity, skip)
    if since and since.lower() != _LATEST:
        if "$filter" in options:
            raise BadQuery("A $deltatoken holds the $filter of its query: none can be given beside it.")
        state = _read(request, entity, since)
        state = deltas.next_round(request.directory, state)
        # The properties that are followed may be chosen anew.
        return state if wanted is None else State(entity.kind, wanted, state.ids, state.after, state.until)
    ids = _ids(options["$filter"]) if "$filter" in options else []
    return deltas.begin(request.directory, entity.kind, wanted or [], ids, latest=bool(since))


def _read(request: GraphRequest, entity: Entity, token: str) -> State:
    state, good = _seals(request).read(token, entity.kind)
    if not good:
        query = {"$deltatoken": ""}
        query |= {"$select": ",".join(state.select)} if state.select else {}
        query |= {"$filter": " or ".join(f"id eq '{id_}'" for id_ in state.ids)} if state.ids else {}
        raise SyncStateNotFound(f"{_address(request)}?{urlencode(query)}")
    return state


def _seals(request: GraphRequest) -> Seals:
    instance = request.world.store.setting("instance")
    if instance is None:
        raise BadStateToken
    return Seals(request.world.keys, instance, request.caller.tenant)


def _select(entity: Entity, text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in entity.properties and not (entity is GROUP and name == MEMBERS):
            raise BadQuery(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}'"
                f" on type 'microsoft.graph.{entity.kind}'."
            )
    return names


def _ids(text: str) -> list[str]:
    """The ids of `id eq '...' or id eq '...'`, the only filter there is. Raises BadQuery."""
    found: list[str] = []
    pending = [filters.parse(text, ["id"]).expression]
    while pending:
        match pending.pop():
            case ast.BoolOp(op=ast.Or(), left=left, right=right):
                pending += [right, left]
            case ast.Compare(
                comparator=ast.Eq(),
                left=ast.Identifier(name="id"),
                right=ast.String(val=value) | ast.GUID(val=value),
            ):
                found.append(value.lower())
            case _:
                raise BadQuery("Change tracking is filtered by id alone: id eq '...' or id eq '...'.")
    if len(found) > MAXIMUM_IDS:
        raise BadQuery(f"Change tracking is filtered by at most {MAXIMUM_IDS} objects, not {len(found)}.")
    return list(dict.fromkeys(found))


def _shown(request: GraphRequest, entity: Entity, state: State, item: deltas.Item, minimal: bool) -> JsonObject:
    if item.body is None:
        return {"id": item.id, "@removed": {"reason": "changed" if item.restorable else "deleted"}}
    changed = item.changed or frozenset()
    body: JsonObject = {"id": item.id}
    for name, value in shown(entity.properties, item.body, beta=request.beta, select=state.select or ()).items():
        # What was never set is left out; `minimal` leaves out what did not change, but of a new object.
        is_set = value is not None and value != []
        if name in changed or (is_set and (item.changed is None or not minimal)):
            body[name] = value
    if item.members:
        body["members@delta"] = [_member(member) for member in item.members]
    return body


def _member(member: Member) -> JsonObject:
    shown_: JsonObject = {"@odata.type": f"#microsoft.graph.{member.kind}", "id": member.id}
    return shown_ if member.present else shown_ | {"@removed": {"reason": "deleted"}}


def _prefers_minimal(request: GraphRequest) -> bool:
    return "return=minimal" in request.call.headers.get("prefer", "").replace(" ", "").lower()


def _address(request: GraphRequest) -> str:
    return f"{'http' if request.call.at_loopback else 'https'}://{request.call.host}{request.call.path}"


def _link(request: GraphRequest, name: str, token: str) -> str:
    return f"{_address(request)}?{urlencode({name: token})}"


users = delta_of(USER)
groups = delta_of(GROUP)
