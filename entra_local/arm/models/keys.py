"""Keys of a vault as Resource Manager knows them: it makes the first version and never changes or deletes one."""

import re
from typing import Any
from uuid import uuid4

from entra_local import clock
from entra_local.arm.exceptions import BadRequest, InvalidRequestContent, KeyConflict, NotFound
from entra_local.store import Directory
from entra_local.wire import JsonObject

KIND = "vaultKey"
OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
SIZES = (2048, 3072, 4096)

_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def key_id(vault: JsonObject, name: str) -> str:
    """The id of a key."""
    return f"{vault['id']}/keys/{name}"


def load(everywhere: Directory, vault: JsonObject, name: str) -> JsonObject:
    """A key. Raises NotFound."""
    found = everywhere.get(KIND, key_id(vault, name))
    if found is None:
        raise NotFound(f"A key with (name/id) {name} was not found in this key vault.")
    return found.body


def listed(everywhere: Directory, vault: JsonObject) -> list[JsonObject]:
    """The keys of a vault."""
    return [found.body for found in everywhere.scan(KIND) if found.body["vaultId"] == vault["id"]]


def create(everywhere: Directory, vault: JsonObject, name: str, body: JsonObject) -> JsonObject:
    """The key of this name: the one that is there as it is, else a new one."""
    found = everywhere.get(KIND, key_id(vault, name))
    if found is not None:
        return found.body
    if everywhere.get(KIND, key_id(vault, name), deleted=True) is not None:
        raise KeyConflict(name)
    if not _NAME.fullmatch(name):
        raise BadRequest("A key's name is 1 to 127 letters, digits and hyphens.")
    properties: Any = body.get("properties")
    if not isinstance(properties, dict):
        raise InvalidRequestContent("properties are missing")
    size, operations = properties.get("keySize") or SIZES[0], properties.get("keyOps") or list(OPERATIONS)
    if properties.get("kty") != "RSA" or size not in SIZES:
        raise BadRequest(f"The local tenant makes RSA keys of {', '.join(map(str, SIZES))} bits.")
    if not isinstance(operations, list) or not set(operations) <= set(OPERATIONS):
        raise BadRequest(f"keyOps may hold {', '.join(OPERATIONS)}.")
    attributes: Any = properties.get("attributes") or {}
    now = int(clock.now().timestamp())
    key: JsonObject = {
        "id": key_id(vault, name),
        "name": name,
        "vaultId": vault["id"],
        "version": uuid4().hex,
        "kty": "RSA",
        "keySize": size,
        "keyOps": operations,
        "attributes": {"enabled": True, "exportable": False, **attributes, "created": now, "updated": now},
        "tags": body.get("tags") or {},
    }
    everywhere.put(KIND, key["id"], key)
    return key
