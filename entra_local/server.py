"""The process: both listeners, the state folder, and the file that says when it is ready."""

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from entra_local.app import TenantApp
from entra_local.authority import Authority
from entra_local.files import write_private
from entra_local.keys import Keys
from entra_local.proxy import ConnectProxy
from entra_local.service import World
from entra_local.start import StartError as StartError
from entra_local.start import open_store

LOOPBACK = "127.0.0.1"


def open_world(state: Path) -> World:
    """The world of a state folder, made where it is missing. Raises StartError."""
    store = open_store(state)
    try:
        return World(store, Keys(state / "keys"))
    except OSError as error:
        store.close()
        raise StartError(f"the state folder {state} can't be used: {error}") from error


def serve(state: Path, http_port: int, proxy_port: int) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 is any free port. Raises StartError."""
    state = state.absolute()
    world = open_world(state)
    with _only_server(state), contextlib.closing(world.store):
        try:
            authority = Authority(state / "ca")
            context = authority.context()
            with _listen(http_port) as http, _listen(proxy_port) as proxy:
                asyncio.run(_run(world, http, proxy, context, state, authority))
        except OSError as error:
            raise StartError(f"the state folder {state} can't be used: {error}") from error


async def _run(
    world: World,
    http: socket.socket,
    proxy: socket.socket,
    context: ssl.SSLContext,
    state: Path,
    authority: Authority,
) -> None:
    app = TenantApp(world)
    protocol = _protocol(app)
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # Official providers open a connection per request and leave it: keep those few seconds only.
        timeout_keep_alive=10,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config, protocol)
    config.load()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)

    tunnels: set[object] = set()

    def accepted() -> asyncio.Protocol:
        return ConnectProxy(context, server.protocol, tunnels)

    tunnel_server = await loop.create_server(accepted, sock=proxy)
    ready = state / "ready.json"
    running = loop.create_task(server.serve(sockets=[http]))
    await server.listening.wait()
    content = {
        "pid": os.getpid(),
        "httpPort": http.getsockname()[1],
        "proxyPort": proxy.getsockname()[1],
        "caFile": str(authority.ca_file),
    }
    write_private(ready, json.dumps(content).encode())
    try:
        await running
    finally:
        ready.unlink(missing_ok=True)
        tunnel_server.close()


class _Server(uvicorn.Server):
    """uvicorn with our signal handling, and its protocol for connections that came through the proxy."""

    def __init__(self, config: uvicorn.Config, protocol: type[H11Protocol]) -> None:
        super().__init__(config)
        self._protocol = protocol
        self.listening = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True

    def protocol(self) -> asyncio.Protocol:
        return self._protocol(self.config, self.server_state, self.lifespan.state)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise the signal again after a clean shutdown, and the exit code would say "killed".
        yield


def _protocol(app: TenantApp) -> type[H11Protocol]:
    """uvicorn's protocol, which tells the application of its connections: a fault on demand drops some."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client is not None:
                app.connections[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.client is not None:
                app.connections.pop(self.client, None)

    return Protocol


def _listen(port: int) -> socket.socket:
    # Naming the protocol matters: asyncio turns Nagle's algorithm off (40 ms per reply) for such sockets only.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "is in use" if error.errno == errno.EADDRINUSE else "needs a privilege that you lack"
            raise StartError(
                f"port {port} {why}: stop what holds it or choose another one (0 is any free port)"
            ) from error
        raise
    listener.setblocking(False)
    return listener


@contextlib.contextmanager
def _only_server(state: Path) -> Iterator[None]:
    """Hold the folder: a second server on it would take the first one's ready.json away."""
    with (state / "serve.lock").open("a") as lock:
        try:
            import fcntl
        except ImportError:
            raise StartError("the state folder is locked in the way of Unix: use Linux, macOS or WSL") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(f"the state folder {state} is already served by another process") from error
        yield
