"""A CONNECT proxy for Azure's host names: it takes the TLS connection itself and hands it to the ASGI server.

Nothing is forwarded: a permitted name ends in this process, every other one is refused. So a program that is started
in the tenant's world can't reach the real cloud by accident.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from entra_local.azure import SERVED
from entra_local.hosts import permitted

HEADER_LIMIT = 8 * 1024
HEADER_SECONDS = 10.0
GOODBYE_SECONDS = 0.2
"""How long a closed connection waits for the client's own goodbye: an idle client never reads ours."""


class ConnectProxy(asyncio.Protocol):
    """One client connection, until its TLS handshake is done and `serve` takes over."""

    def __init__(self, context: ssl.SSLContext, serve: Callable[[], asyncio.Protocol], running: set[object]) -> None:
        self._context = context
        self._serve = serve
        self._running = running
        self._header = b""
        self._early: list[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(HEADER_SECONDS, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            # Decrypted already, but the coroutine that awaits the handshake has not run yet.
            self._early.append(data)
            return
        self._header += data
        end = self._header.find(b"\r\n\r\n")
        if end >= 0:
            self._stop_timer()
            self._decide(self._header[:end].partition(b"\r\n")[0].decode("latin-1"))
        elif len(self._header) > HEADER_LIMIT:
            self._refuse(431, "The request's header is too large.")

    def _decide(self, request_line: str) -> None:
        method, _, rest = request_line.partition(" ")
        target = rest.partition(" ")[0]
        host, _, port = target.rpartition(":")
        if method != "CONNECT":
            self._refuse(405, "This proxy of the local tenant serves CONNECT only: use https.")
        elif not port.isdecimal() or not permitted(host.lower(), int(port)):
            self._refuse(
                403,
                f"The local tenant's proxy refuses {target[:200]}: it serves {SERVED} on port 443, and nothing else.",
            )
        else:
            task = asyncio.get_running_loop().create_task(self._tunnel())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _tunnel(self) -> None:
        transport = self._transport
        transport.pause_reading()
        self._early = []
        transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=HEADER_SECONDS,
                ssl_shutdown_timeout=GOODBYE_SECONDS,
            )
        except OSError:
            # The client went away or does not trust our CA; it has its own message about that.
            transport.abort()
            return
        if secured is None:
            return
        protocol = self._serve()
        secured.set_protocol(protocol)
        protocol.connection_made(secured)
        for data in self._early:
            protocol.data_received(data)

    def _refuse(self, status: int, reason: str) -> None:
        body = f"{reason}\n".encode()
        self._transport.write(
            f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        self._transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
