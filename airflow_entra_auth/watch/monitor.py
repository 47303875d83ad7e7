"""What a monitor asks by HTTP: /metrics for Prometheus, /healthz for a probe, /fresh for an alarm. Names nobody.

/healthz is 200 for as long as the process serves: a watcher that is killed for what Entra or the database does comes
back to the same. /fresh is 503 where nobody knows who left meanwhile, and says why; nothing may be killed for it.
"""

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
                elif self.path in ("/healthz", "/fresh"):
                    found = state.freshness()
                    status = 200 if found.fresh or self.path == "/healthz" else 503
                    self._answer(status, f"{found.text}\n", "text/plain; charset=utf-8")
                else:
                    self._answer(404, "/metrics, /healthz and /fresh are here\n", "text/plain; charset=utf-8")

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
