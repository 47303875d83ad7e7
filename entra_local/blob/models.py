"""Block blobs of one container: whole files, small enough to be documents. No HTTP here."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid4

from entra_local import clock
from entra_local.blob.exceptions import BlobAlreadyExists, BlobNotFound, ConditionNotMet, InvalidInput
from entra_local.store import Directory
from entra_local.wire import JsonObject

BLOB = "blob"
_BLOCK = "blobBlock"
LARGEST = 16 * 1024 * 1024
"""Bytes: this tenant keeps states and the like, no archives."""


def load(everywhere: Directory, container: str, name: str) -> JsonObject:
    """A blob. Raises BlobNotFound."""
    found = everywhere.get(BLOB, _id(container, name))
    if found is None or found.body["name"] != name:  # ids compare without case, blobs with it
        raise BlobNotFound
    return found.body


def content(blob: JsonObject) -> bytes:
    return base64.b64decode(blob["content"])


def put(
    everywhere: Directory,
    container: str,
    name: str,
    data: bytes,
    properties: Mapping[str, str],
    asked: Mapping[str, str],
) -> JsonObject:
    """Write a blob whole. `asked` are the request's conditions. Raises BlobAlreadyExists, ConditionNotMet."""
    if len(data) > LARGEST:
        raise InvalidInput(f"The local tenant keeps blobs of up to {LARGEST} bytes.")
    before = everywhere.get(BLOB, _id(container, name))
    if before is not None and asked.get("if-none-match") == "*":
        raise BlobAlreadyExists
    wanted = asked.get("if-match", "*")
    if wanted != "*" and (before is None or before.body["etag"] != wanted):
        raise ConditionNotMet
    blob: JsonObject = {
        "container": container,
        "name": name,
        "content": base64.b64encode(data).decode(),
        "size": len(data),
        "md5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
        "etag": f'"0x{uuid4().hex[:16].upper()}"',
        "created": before.body["created"] if before else clock.stamp(),
        "modified": clock.stamp(),
        **properties,
    }
    everywhere.put(BLOB, _id(container, name), blob)
    return blob


def stage(everywhere: Directory, container: str, name: str, block: str, data: bytes) -> None:
    """Keep one block until a list of blocks makes a blob of it."""
    kept = {"of": _id(container, name), "content": base64.b64encode(data).decode()}
    everywhere.put(_BLOCK, f"{_id(container, name)}?{block}", kept)


def staged(everywhere: Directory, container: str, name: str, blocks: Sequence[str]) -> bytes:
    """The blocks in this order; what was staged is forgotten. Raises InvalidInput."""
    parts = []
    for block in blocks:
        found = everywhere.get(_BLOCK, f"{_id(container, name)}?{block}")
        if found is None:
            raise InvalidInput("The specified block list is invalid.")
        parts.append(base64.b64decode(found.body["content"]))
    for found in list(everywhere.scan(_BLOCK)):
        if found.body["of"] == _id(container, name):
            everywhere.remove(_BLOCK, found.id)
    return b"".join(parts)


def delete(everywhere: Directory, blob: JsonObject) -> None:
    everywhere.remove(BLOB, _id(blob["container"], blob["name"]))


def listed(everywhere: Directory, container: str, prefix: str) -> list[JsonObject]:
    """The blobs whose names begin so, by name."""
    found = (one.body for one in everywhere.scan(BLOB) if one.body["container"] == container)
    return sorted((blob for blob in found if blob["name"].startswith(prefix)), key=lambda blob: blob["name"])


def grouped(blobs: Iterable[JsonObject], prefix: str, delimiter: str) -> tuple[list[JsonObject], list[str]]:
    """The blobs right below a prefix, and the longer prefixes of all others."""
    if not delimiter:
        return list(blobs), []
    here: list[JsonObject] = []
    below: dict[str, None] = {}
    for blob in blobs:
        first, found, _ = blob["name"][len(prefix) :].partition(delimiter)
        if found:
            below[f"{prefix}{first}{delimiter}"] = None
        else:
            here.append(blob)
    return here, list(below)


def _id(container: str, name: str) -> str:
    return f"{container}/blobs/{name}"
