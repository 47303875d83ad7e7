"""Loading, saving and referring to directory objects."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import uuid4

from entra_local import clock
from entra_local.graph.entities import DIRECTORY_OBJECTS, Entity
from entra_local.graph.exceptions import BadRequest, DuplicateValues, MissingReference, NotFound, ReferenceExists
from entra_local.graph.request import referred
from entra_local.graph.schema import fresh
from entra_local.store import Directory
from entra_local.wire import JsonObject


def created(entity: Entity, id_: str | None = None) -> JsonObject:
    """A new object of a type, with its id and the moment of its creation."""
    return fresh(entity.properties) | {"id": id_ or str(uuid4()), "createdDateTime": clock.stamp()}


def load(directory: Directory, entity: Entity, id_: str) -> JsonObject:
    """A live object. Raises NotFound."""
    found = directory.seen(directory.get(entity.kind, id_))
    if found is None:
        raise NotFound(id_)
    return found.body


def save(directory: Directory, entity: Entity, body: JsonObject) -> None:
    """Store an object under its id."""
    directory.put(entity.kind, body["id"], body)


def find_object(directory: Directory, id_: str, kinds: Collection[str] = DIRECTORY_OBJECTS) -> JsonObject | None:
    """A live directory object of one of these kinds, with its `@odata.type`."""
    for kind, entity in DIRECTORY_OBJECTS.items():
        if kind in kinds and (found := directory.seen(directory.get(kind, id_))) is not None:
            return {"@odata.type": entity.odata_type, **found.body}
    return None


def kind_of(item: JsonObject) -> str:
    """The kind of what `find_object` found."""
    return str(item["@odata.type"]).rpartition(".")[2]


def linked_objects(directory: Directory, link: str, source: str) -> Iterator[JsonObject]:
    """The live objects that an object links to; soft-deleted ones are hidden until they are restored."""
    return _existing(directory, directory.targets(link, source))


def linking_objects(directory: Directory, link: str, target: str) -> Iterator[JsonObject]:
    """The live objects that link to an object."""
    return _existing(directory, directory.sources(link, target))


def _existing(directory: Directory, ids: Iterable[str]) -> Iterator[JsonObject]:
    return (found for id_ in ids if (found := find_object(directory, id_)) is not None)


def take_references(body: JsonObject, name: str) -> list[str] | None:
    """Take `<name>@odata.bind` out of a body: the ids it lists, or None. Raises BadRequest or DuplicateValues."""
    urls: Any = body.pop(f"{name}@odata.bind", None)
    if urls is None:
        return None
    if not isinstance(urls, list):
        raise BadRequest(f"Invalid value specified for property '{name}@odata.bind'.")
    ids = [referred(url) for url in urls]
    if len({id_.lower() for id_ in ids}) != len(ids):
        raise DuplicateValues(name)
    return ids


def bind(directory: Directory, link: str, source: str, ids: Iterable[str], kinds: Collection[str]) -> None:
    """Link a new object to others. Raises MissingReference for one that does not exist or is of a wrong kind."""
    for id_ in ids:
        found = find_object(directory, id_, kinds)
        if found is None:
            raise MissingReference(id_)
        directory.link(link, source, found["id"])


def add_reference(directory: Directory, link: str, source: str, target: str, kinds: Collection[str]) -> None:
    """Link an existing object to another. Raises NotFound, MissingReference or ReferenceExists."""
    found = find_object(directory, target, kinds)
    if found is None:
        raise not_there(directory, target, kinds)
    if not directory.link(link, source, found["id"]):
        raise ReferenceExists(link)


def not_there(directory: Directory, id_: str, kinds: Iterable[str]) -> NotFound:
    """The error for a reference to an object that isn't there, or not yet."""
    late = any(directory.get(kind, id_) is not None for kind in kinds)
    return MissingReference(id_) if late else NotFound(id_)


def remove_reference(directory: Directory, link: str, source: str, target: str) -> None:
    """Take a link away. Raises NotFound when there is none."""
    if not directory.unlink(link, source, target):
        raise NotFound(target)
