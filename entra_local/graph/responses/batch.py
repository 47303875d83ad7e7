"""$batch: up to 20 requests in one, each in its own transaction."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from entra_local.graph.exceptions import BadQuery
from entra_local.graph.request import GraphRequest
from entra_local.wire import Call, JsonObject, Reply

MAXIMUM = 20

Answer = Callable[[Call], Reply]


def batch(request: GraphRequest, answer: Answer) -> Reply:
    """Answer each request of a batch, those with `dependsOn` only when what they depend on succeeded."""
    wanted = _checked(request.call.json().get("requests"))
    statuses: dict[str, int] = {}
    responses = []
    for item in wanted:
        if any(statuses[str(before)] >= 400 for before in item.get("dependsOn") or []):
            message = {"error": {"code": "FailedDependency", "message": "A request that this one depends on failed."}}
            reply = Reply(424, message)
        else:
            reply = answer(_inner(request, item, item.get("headers") or {}))
        statuses[item["id"]] = reply.status
        responses.append(_outer(item["id"], reply))
    return Reply(200, {"responses": responses})


def _checked(wanted: Any) -> list[JsonObject]:
    """The requests of a batch. Raises BadQuery, before any of them is answered."""
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MAXIMUM:
        raise BadQuery(f"Invalid batch payload format: 'requests' holds 1 to {MAXIMUM} requests.")
    ids: set[str] = set()
    for item in wanted:
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in ("id", "method", "url")):
            raise BadQuery("Invalid batch payload format: each request has an id, a method and a url.")
        dependencies, headers = item.get("dependsOn") or [], item.get("headers") or {}
        if not isinstance(dependencies, list) or not isinstance(headers, dict):
            raise BadQuery("Invalid batch payload format: dependsOn is a list, headers an object.")
        if item["id"] in ids:
            raise BadQuery("Invalid batch payload format: the ids of the requests are not unique.")
        if unknown := [str(before) for before in dependencies if str(before) not in ids]:
            raise BadQuery(f"Invalid batch payload format: no request before this one has the id {unknown[0]!r}.")
        ids.add(item["id"])
    return wanted


def _inner(request: GraphRequest, item: JsonObject, given: JsonObject) -> Call:
    parts = urlsplit(item["url"])
    version = "/beta" if request.beta else "/v1.0"
    headers = {name.lower(): str(value) for name, value in given.items()}
    headers["authorization"] = request.call.headers.get("authorization", "")
    body = item.get("body")
    return Call(
        method=item["method"].upper(),
        host=request.call.host,
        path=f"{version}/{parts.path.lstrip('/')}",
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        body=b"" if body is None else json.dumps(body).encode(),
    )


def _outer(id_: str, reply: Reply) -> JsonObject:
    body = base64.b64encode(reply.body).decode() if isinstance(reply.body, bytes) else reply.body
    shown: JsonObject = {"id": id_, "status": reply.status, "headers": dict(reply.headers)}
    if body is not None:
        shown["headers"]["Content-Type"] = reply.media_type
        shown["body"] = body
    return shown
