"""The ASGI face of the tenant: one application for all host names, dispatched by the Host header."""

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from entra_local.faults import SETTING
from entra_local.graph.service import GRAPH
from entra_local.hosts import fault_host, service_for
from entra_local.service import World
from entra_local.wire import Call, Reply

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes. An application with the most app roles that Entra allows has under one megabyte."""


class TenantApp:
    """Reads a request whole, asks the host's service, sends the reply."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connections: dict[tuple[str, int], asyncio.Transport] = {}
        """The server's, by the client's address; what is not there can't be dropped."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the tenant speaks HTTP only, not {scope['type']}")
        http = HttpRequest(scope, receive)
        reply = await self._reply(http)
        if reply is None:
            await self._hang_up(scope, receive)
            return
        content = reply.encoded()
        response = Response(
            content, reply.status, dict(reply.headers), media_type=reply.media_type if content else None
        )
        await response(scope, receive, send)

    async def _reply(self, http: HttpRequest) -> Reply | None:
        """What to answer; None where the connection is to be dropped."""
        body = b""
        async for chunk in http.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return Reply(413, {"error": {"code": "RequestTooLarge", "message": "The request body is too large."}})
        host = http.headers.get("host", "").lower()
        call = Call(
            method=http.method,
            host=host,
            path=http.scope["path"],
            query=dict(parse_qsl(http.scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=dict(http.headers.items()),
            body=body,
        )
        service = service_for(call)
        if service is None:
            message = f"This local tenant does not answer for {host or 'a request without a Host header'}."
            return Reply(421, {"error": {"code": "MisdirectedRequest", "message": message}})
        is_batch = service is GRAPH and call.path.lower().endswith("/$batch")
        fate = self.world.faults.fate(self.world.store.setting(SETTING), fault_host(service), batch=is_batch)
        if fate.delay:
            await asyncio.sleep(fate.delay)
        reply = service.answer(call, self.world) if fate.done else None
        if fate.dropped:
            return None
        return service.refusal(call, fate.status) if fate.status or reply is None else reply

    async def _hang_up(self, scope: Scope, receive: Receive) -> None:
        """Drop the connection, with no answer and no goodbye, and wait until the server has noticed."""
        self.connections[scope["client"]].abort()
        while (await receive())["type"] != "http.disconnect":
            pass
