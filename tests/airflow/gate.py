"""A proxy in front of the tenant's, where a test may step in: between an Airflow and one of Azure's names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer

_TIMEOUT = 60


class Gate:
    """Passes every CONNECT on to the tenant's proxy."""

    def __init__(self, proxy_port: int) -> None:
        self._proxy = proxy_port
        self._before: dict[str, Callable[[], object]] = {}
        self._instead: dict[str, int] = {}
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def before(self, host: str, action: Callable[[], object]) -> Iterator[None]:
        """The action is done before a program is connected to the host."""
        self._before[host] = action
        try:
            yield
        finally:
            del self._before[host]

    @contextmanager
    def instead(self, host: str, port: int) -> Iterator[None]:
        """Whoever asks for the host gets this machine's port."""
        self._instead[host] = port
        try:
            yield
        finally:
            del self._instead[host]

    def _connected(self, header: bytes) -> tuple[socket.socket, bytes]:
        """The other end, and what the asking program is to be told first."""
        host = header.partition(b" ")[2].partition(b":")[0].decode("latin-1")
        self._before.get(host, lambda: None)()
        elsewhere = self._instead.get(host)
        other = socket.create_connection(("127.0.0.1", elsewhere or self._proxy), _TIMEOUT)
        if elsewhere:
            return other, b"HTTP/1.1 200 Connection established\r\n\r\n"
        other.sendall(header)
        return other, b""

    def _handler(self) -> type[StreamRequestHandler]:
        gate = self

        class Handler(StreamRequestHandler):
            timeout = _TIMEOUT
            rbufsize = 0

            def handle(self) -> None:
                header = b""
                while not header.endswith(b"\r\n\r\n"):
                    byte = self.rfile.read(1)
                    if not byte:
                        return
                    header += byte
                other, told = gate._connected(header)
                with other:
                    self.connection.sendall(told)
                    back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
                    back.start()
                    _pump(self.connection, other)
                    back.join(_TIMEOUT)

        return Handler


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Until one of them has ended."""
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
