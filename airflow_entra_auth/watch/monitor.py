"""What a monitor asks by HTTP: /metrics for Prometheus, /healthz for a probe. Names nobody."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from airflow_entra_auth.watch.state import State


class Monitor(AbstractContextManager["Monitor"]):
    """Answers at `host`:`port` (0: a free one) until it is left. Raises OSError where it can't."""

    def __init__(self, state: State, host: str, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, state.metrics(), "text/plain; version=0.0.4; charset=utf-8")
                elif self.path == "/healthz":
                    health = state.health()
                    self._answer(200 if health.healthy else 503, f"{health.text}\n", "text/plain; charset=utf-8")
                else:
                    self._answer(404, "/metrics and /healthz are here\n", "text/plain; charset=utf-8")

            def _answer(self, status: int, text: str, kind: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """A probe each second is not worth a line."""

        self._server = _Server((host, port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
