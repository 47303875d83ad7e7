"""What a page of a delta query tells: all that exists in the first round, then what changed.

A page shows things as they are now, which may be newer than its round: the newer change comes again in the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from entra_local.changes import CREATED, MEMBERS, REMOVED, RESTORED, Member
from entra_local.graph.models.delta_tokens import State
from entra_local.store import Directory, Document
from entra_local.wire import JsonObject

PAGE = 200
"""Objects on a page."""
PAGE_MEMBERS = 1000
"""Members on a page, of all its groups together; a group that has more comes again on the next."""


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a page. `body` is None when it was deleted; `changed` is None when all of it is new."""

    id: str
    body: JsonObject | None
    restorable: bool = False
    changed: frozenset[str] | None = None
    members: list[Member] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is where the next page starts, or None after the last: then a new round starts at `until`."""

    items: list[Item]
    next: State | None
    until: int


def begin(directory: Directory, kind: str, select: list[str], ids: list[str], *, latest: bool) -> State:
    """The first round, or with `latest` the one after it."""
    now = directory.changes.latest()
    return State(kind, select, ids, after=now if latest else -1, until=now)


def next_round(directory: Directory, state: State) -> State:
    """The round that tells what changed since the one of this state."""
    return replace(state, after=state.until, until=directory.changes.latest(), document=0, inside=0)


def page(directory: Directory, state: State, *, with_members: bool) -> Page:
    """One page of a round."""
    items: list[Item] = []
    room, before = PAGE_MEMBERS, state.document
    for position, item in _items(directory, state):
        if len(items) == PAGE or room == 0:
            return Page(items, replace(state, document=before, inside=0), state.until)
        goes_on = position == state.inside
        if with_members and item.body is not None:
            found = _members(directory, state, item, state.member if goes_on else 0, room + 1)
            if len(found) > room:
                items.append(replace(item, members=found[:room]))
                there = replace(state, document=before, inside=position, member=found[room - 1].position)
                return Page(items, there, state.until)
            item.members.extend(found)
            room -= len(found)
        if goes_on or _is_told(item, state, with_members):
            items.append(item)
        before = position
    return Page(items, None, state.until)


def _is_told(item: Item, state: State, with_members: bool) -> bool:
    """Whether an object has anything to do with what was asked for."""
    if item.body is None or item.changed is None or not state.select:
        return True
    return not item.changed.isdisjoint(state.select) or (with_members and bool(item.members))


def _items(directory: Directory, state: State) -> Iterator[tuple[int, Item]]:
    if state.is_first_round:
        for document in _documents(directory, state):
            yield document.position, Item(document.id, document.body)
        return
    for position, id_ in directory.changes.changed(state.kind, state.document or state.after, state.until, state.ids):
        changed = directory.changes.properties(state.kind, id_, state.after, state.until)
        found = directory.get(state.kind, id_)
        if found is not None:
            is_new = CREATED in changed or RESTORED in changed
            yield position, Item(found.id, found.body, changed=None if is_new else changed)
        elif REMOVED in changed:
            deleted = directory.get(state.kind, id_, deleted=True)
            yield position, Item(deleted.id if deleted else id_, None, restorable=deleted is not None)


def _documents(directory: Directory, state: State) -> Iterator[Document]:
    if not state.ids:
        return directory.scan(state.kind, after=state.document)
    found = (directory.get(state.kind, id_) for id_ in state.ids)
    there = (document for document in found if document is not None and document.position > state.document)
    return iter(sorted(there, key=lambda document: document.position))


def _members(directory: Directory, state: State, item: Item, start: int, most: int) -> list[Member]:
    if state.is_first_round:
        return directory.changes.current_members(item.id, start, most)
    if item.changed is not None and MEMBERS not in item.changed:
        return []
    return directory.changes.members(item.id, state.after, state.until, start, most)
