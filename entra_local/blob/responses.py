"""Blobs on the wire: files with properties in headers, lists in XML."""

import re
from collections.abc import Mapping
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit
from uuid import uuid4
from xml.sax.saxutils import escape

from entra_local import clock
from entra_local.blob import models
from entra_local.blob.exceptions import InvalidInput, InvalidRange, NotServed
from entra_local.blob.request import BlobRequest
from entra_local.wire import JsonObject, Reply

_BLOCK_IDS = re.compile(r"<(?:Latest|Committed|Uncommitted)>([^<]+)<")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CONDITIONS = ("if-match", "if-none-match")


def list_blobs(request: BlobRequest) -> Reply:
    query = request.call.query
    if (query.get("restype"), query.get("comp")) != ("container", "list"):
        raise NotServed("Of a container, the local tenant serves the list of its blobs.")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    found = models.listed(request.everywhere, request.container, prefix)
    blobs, prefixes = models.grouped(found, prefix, delimiter)
    shown = [*map(_entry, blobs), *(f"<BlobPrefix><Name>{escape(one)}</Name></BlobPrefix>" for one in prefixes)]
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://{request.call.host}/"'
        f' ContainerName="{request["container"]}"><Prefix>{escape(prefix)}</Prefix>'
        f"<Delimiter>{escape(delimiter)}</Delimiter><Blobs>{''.join(shown)}</Blobs><NextMarker /></EnumerationResults>"
    )
    return Reply(200, body, _common(), "application/xml")


def read(request: BlobRequest) -> Reply:
    blob = models.load(request.everywhere, request.container, request["blob"])
    data, headers = models.content(blob), _properties(blob)
    if request.call.method == "HEAD":
        return Reply(200, None, headers | {"Content-Length": str(len(data)), "Content-Type": blob["type"]})
    asked = request.call.headers.get("x-ms-range") or request.call.headers.get("range")
    if asked is None:
        return Reply(200, data, headers, blob["type"])
    first, last = _range(asked, len(data))
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Reply(206, data[first : last + 1], headers, blob["type"])


def write(request: BlobRequest) -> Reply:
    call, where = request.call, (request.everywhere, request.container, request["blob"])
    match call.query.get("comp"):
        case "block":
            models.stage(*where, call.query.get("blockid", ""), call.body)
            return Reply(201, None, _common())
        case "blocklist":
            data = models.staged(*where, _BLOCK_IDS.findall(call.body.decode("utf-8", "replace")))
            return _made(models.put(*where, data, _given(call.headers), _conditions(call.headers)))
        case None:
            if "x-ms-copy-source" in call.headers:
                return _copy(request, call.headers["x-ms-copy-source"])
            if call.headers.get("x-ms-blob-type") != "BlockBlob":
                raise InvalidInput("The local tenant keeps block blobs: x-ms-blob-type is missing or another.")
            return _made(models.put(*where, call.body, _given(call.headers), _conditions(call.headers)))
        case other:
            raise NotServed(f"The local tenant does not serve comp={other[:40]} of a blob.")


def delete(request: BlobRequest) -> Reply:
    models.delete(request.everywhere, models.load(request.everywhere, request.container, request["blob"]))
    return Reply(202, None, _common())


def _copy(request: BlobRequest, source: str) -> Reply:
    parts = urlsplit(source)
    if parts.netloc.removesuffix(":443") != request.call.host.removesuffix(":443"):
        raise NotServed("The local tenant copies within one account.")
    container, _, name = unquote(parts.path).lstrip("/").partition("/")
    if container != request["container"]:
        raise NotServed("The local tenant copies within one container.")
    blob = models.load(request.everywhere, request.container, name)
    kept = {"type": blob["type"]}
    made = models.put(request.everywhere, request.container, request["blob"], models.content(blob), kept, {})
    status = {"x-ms-copy-id": str(uuid4()), "x-ms-copy-status": "success"}
    return Reply(202, None, _properties(made) | status)


def _made(blob: JsonObject) -> Reply:
    return Reply(201, None, _properties(blob) | {"x-ms-request-server-encrypted": "true"})


def _given(headers: Mapping[str, str]) -> dict[str, str]:
    return {"type": headers.get("x-ms-blob-content-type") or headers.get("content-type") or "application/octet-stream"}


def _conditions(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _CONDITIONS if name in headers}


def _range(asked: str, size: int) -> tuple[int, int]:
    """First and last byte. Raises InvalidRange."""
    found = _RANGE.fullmatch(asked)
    first = int(found[1]) if found else size
    if found is None or first >= size:
        raise InvalidRange
    return first, min(int(found[2]) if found[2] else size - 1, size - 1)


def _common() -> dict[str, str]:
    return {"x-ms-version": "2024-11-04", "x-ms-request-id": str(uuid4())}


def _properties(blob: JsonObject) -> dict[str, str]:
    return _common() | {
        "ETag": blob["etag"],
        "Last-Modified": _date(blob["modified"]),
        "x-ms-creation-time": _date(blob["created"]),
        "Content-MD5": blob["md5"],
        "x-ms-blob-type": "BlockBlob",
    }


def _entry(blob: JsonObject) -> str:
    return (
        f"<Blob><Name>{escape(blob['name'])}</Name><Properties><Creation-Time>{_date(blob['created'])}</Creation-Time>"
        f"<Last-Modified>{_date(blob['modified'])}</Last-Modified>"
        f"<Etag>{escape(blob['etag'].strip(chr(34)))}</Etag><Content-Length>{blob['size']}</Content-Length>"
        f"<Content-Type>{escape(blob['type'])}</Content-Type><Content-MD5>{blob['md5']}</Content-MD5>"
        "<BlobType>BlockBlob</BlobType></Properties></Blob>"
    )


def _date(moment: str) -> str:
    return format_datetime(clock.parse(moment), usegmt=True)
