"""Reading items of a seed: each function says what is wrong, and where."""

from typing import TypeVar
from uuid import UUID

from entra_local.wire import JsonObject

ItemT = TypeVar("ItemT")


class SeedError(Exception):
    """What is wrong with the seed, and where."""


def objects(where: str, item: JsonObject, name: str) -> list[JsonObject]:
    return _list(where, item, name, dict, "objects")


def texts(where: str, item: JsonObject, name: str) -> list[str]:
    return _list(where, item, name, str, "strings")


def _list(where: str, item: JsonObject, name: str, kind: type[ItemT], kinds: str) -> list[ItemT]:
    found = item.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, kind) for each in found):
        raise SeedError(f"{where}: {name} is not a list of {kinds}")
    return found


def text(where: str, item: JsonObject, name: str) -> str:
    found = item.get(name)
    if not isinstance(found, str) or not found:
        raise SeedError(f"{where}: an item has no {name}")
    return found


def uuid(where: str, item: JsonObject, name: str = "id") -> str:
    try:
        return str(UUID(item[name]))
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise SeedError(f"{where}: {item.get('displayName', item.get(name))} has no {name} that is a UUID") from error
