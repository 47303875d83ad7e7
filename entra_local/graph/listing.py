"""Lists: `$filter`, `$select`, `$top`, `$count`, `$orderby`, and pages with an absolute `@odata.nextLink`."""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlencode

from entra_local.graph import filters
from entra_local.graph.entities import Entity
from entra_local.graph.exceptions import BadQuery, UnsupportedQuery
from entra_local.graph.request import GraphRequest
from entra_local.graph.schema import shown
from entra_local.store import LOOKUPS, Directory
from entra_local.wire import Call, JsonObject, Reply

PAGE = 100
MAXIMUM_PAGE = 999
_OPTIONS = frozenset({"$filter", "$select", "$top", "$count", "$orderby", "$skiptoken"})

Row = tuple[int, JsonObject]
"""A position to continue after, and an object."""


@dataclass(frozen=True)
class Options:
    """A list request's query options, checked against the type."""

    filter: filters.Filter | None
    select: tuple[str, ...]
    top: int
    count: bool
    order: tuple[str, bool] | None
    after: int


def check_options(call: Call) -> None:
    """Refuse a query option that nothing here obeys, of lists and of single objects. Raises BadQuery."""
    for name in call.query:
        if name.startswith("$") and name not in _OPTIONS:
            raise BadQuery(f"Unsupported query option '{name}'.")


def is_eventual(call: Call) -> bool:
    """Whether the caller is content with an index that may lag, which counts and some filters want."""
    return call.headers.get("consistencylevel", "").lower() == "eventual"


def read_options(call: Call, entity: Entity) -> Options:
    """The options of a call. Raises BadQuery or UnsupportedQuery."""
    names = list(entity.properties)
    parsed = filters.parse(call.query["$filter"], names) if "$filter" in call.query else None
    count = call.query.get("$count", "").lower() == "true"
    eventual = is_eventual(call)
    if parsed is not None and parsed.advanced and not (count and eventual):
        raise UnsupportedQuery("Unsupported Query. Add ConsistencyLevel: eventual and $count=true.")
    return Options(
        filter=parsed,
        select=read_select(call, entity),
        top=_top(call.query.get("$top")),
        count=count and eventual,
        order=_order(call.query.get("$orderby"), names),
        after=_position(call.query.get("$skiptoken")),
    )


def read_select(call: Call, entity: Entity) -> tuple[str, ...]:
    """The properties named by `$select`. Raises BadQuery for one that the type lacks."""
    select = tuple(name.strip() for name in call.query.get("$select", "").split(",") if name.strip())
    for name in select:
        if name not in entity.properties:
            raise BadQuery(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}'"
                f" on type 'microsoft.graph.{entity.kind}'."
            )
    return select


def _everything(_: JsonObject) -> bool:
    return True


def list_kind(
    request: GraphRequest,
    entity: Entity,
    *,
    deleted: bool = False,
    as_shown: Callable[[JsonObject], JsonObject] = lambda body: body,
    keep: Callable[[JsonObject], bool] = _everything,
    most: int = MAXIMUM_PAGE,
) -> Reply:
    """All objects of a type, by way of a lookup where the filter allows.

    `as_shown` turns a stored object into the one that is filtered and shown; `keep` says which objects exist at all;
    `most` is the largest page.
    """
    options = read_options(request.call, entity)
    options = replace(options, top=min(options.top, most))
    stored = _rows(request.directory, entity.kind, options, deleted)
    rows = ((position, as_shown(body)) for position, body in stored if keep(body))
    # Counting is quick where nothing has to be looked at.
    quick = options.count and not deleted and keep is _everything and not request.directory.late
    total = request.directory.count(entity.kind) if quick else None
    return reply(request, entity, options, rows, skipped=options.order is None, total=total)


def _rows(directory: Directory, kind: str, options: Options, deleted: bool) -> Iterator[Row]:
    """Stored objects of a kind in order of creation, narrowed as far as the lookups go."""
    after = options.after if options.order is None else 0
    equalities = options.filter.equalities if options.filter else {}
    ids = options.filter.ids if options.filter else None
    if ids is not None:
        there = (directory.get(kind, id_, deleted=deleted) for id_ in ids)
        found = {document.position: document for document in there if document is not None}
        documents = iter([found[position] for position in sorted(found) if position > after])
    else:
        narrowed = next((item for item in equalities.items() if item[0] in LOOKUPS.get(kind, ())), None)
        documents = directory.scan(kind, where=narrowed, after=after, deleted=deleted)
    for document in documents:
        if (seen := directory.seen(document)) is not None:
            yield seen.position, seen.body | {"deletedDateTime": seen.deleted_at}


def numbered(bodies: Iterable[JsonObject]) -> Iterator[Row]:
    """Rows of a list that has no positions of its own."""
    return enumerate(bodies, start=1)


def reply(
    request: GraphRequest,
    entity: Entity,
    options: Options,
    rows: Iterable[Row],
    *,
    skipped: bool = False,
    shape: bool = True,
    total: int | None = None,
) -> Reply:
    """One page. `skipped`: the rows start after the page before; `shape=False`: they are as the reply shows them.

    `total` is how many rows there are, where that is known without reading them.
    """
    wanted = (row for row in rows if options.filter is None or options.filter.matches(row[1]))
    counting = options.count and not options.after and (total is None or options.filter is not None)
    if options.order is not None or not skipped:
        ordered = _sorted(list(wanted), options)
        total, counting = len(ordered), False
        wanted = iter(row for row in ordered if skipped or row[0] > options.after)
    page = list(islice(wanted, options.top + 1))
    if counting:
        total = len(page) + sum(1 for _ in wanted)
    body: JsonObject = {"@odata.context": f"{request.base}/$metadata#{entity.collection}"}
    if options.count and total is not None and not options.after:
        body["@odata.count"] = total
    if len(page) > options.top:
        body["@odata.nextLink"] = _next_link(request, page[options.top - 1][0])
    values = [item for _, item in page[: options.top]]
    if shape:
        values = [shown(entity.properties, item, beta=request.beta, select=options.select) for item in values]
    body["value"] = values
    return Reply(200, body)


def _sorted(rows: list[Row], options: Options) -> list[Row]:
    if options.order is None:
        return rows
    name, descending = options.order
    ordered = sorted(
        (item for _, item in rows), key=lambda item: str(item.get(name) or "").casefold(), reverse=descending
    )
    return list(numbered(ordered))


def _next_link(request: GraphRequest, position: int) -> str:
    token = base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")
    query = {**request.call.query, "$skiptoken": token}
    return (
        f"{'http' if request.call.at_loopback else 'https'}://{request.call.host}{request.call.path}?{urlencode(query)}"
    )


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error) as error:
        raise BadQuery("The specified page token value is invalid.") from error


def _top(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.isdecimal() or not 1 <= int(text) <= MAXIMUM_PAGE:
        raise BadQuery(f"Invalid page size specified: '{text[:20]}'. Must be between 1 and {MAXIMUM_PAGE} inclusive.")
    return int(text)


def _order(text: str | None, names: list[str]) -> tuple[str, bool] | None:
    if not text:
        return None
    name, _, direction = text.strip().partition(" ")
    if name not in names or direction.strip().lower() not in ("", "asc", "desc"):
        raise BadQuery(f"Could not order by '{text[:100]}'.")
    return name, direction.strip().lower() == "desc"
