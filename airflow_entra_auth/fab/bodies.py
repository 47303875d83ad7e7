"""Airflow 3's API decides by what a request's body says, and its auth manager never sees one: here it does.

GET /backfills is decided by a `dag_id` in the body and answered by the one in the query, so a request that asks for
something or deletes it goes on without its body. POST /backfills is decided as a new run, whatever becomes of the runs
that there are: `reprocesses_runs` tells.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_WITHOUT = frozenset({"GET", "HEAD", "DELETE"})
_backfill: ContextVar[bytearray | None] = ContextVar("backfill", default=None)
"""The body of this request for a backfill, as far as it has been read."""


class Bodies:
    """ASGI middleware of the API server."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] in _WITHOUT:
            receive = _emptied(receive)
        elif scope["type"] == "http" and "backfills" in scope["path"]:
            _backfill.set(body := bytearray())
            receive = _kept(receive, body)
        await self._app(scope, receive, send)


def reprocesses_runs() -> bool:
    """Whether this request is for a backfill that clears runs which failed or are complete, or can't be told not to."""
    body = _backfill.get()
    if body is None:
        return False
    try:
        asked = json.loads(bytes(body))
    except ValueError:
        return True
    return not isinstance(asked, dict) or asked.get("reprocess_behavior", "none") != "none"


def _emptied(receive: Receive) -> Receive:
    async def emptied() -> Message:
        message = await receive()
        return {**message, "body": b""} if message["type"] == "http.request" else message

    return emptied


def _kept(receive: Receive, body: bytearray) -> Receive:
    async def kept() -> Message:
        message = await receive()
        body.extend(message.get("body", b""))
        return message

    return kept
