"""Between Airflow and the tenant's sign-in: passes everything on, and spoils the next ID token when told to.

The tenant itself is honest; whether Airflow would notice a dishonest one can only be seen by being one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_PASSED_ON = ("accept", "authorization", "content-type", "cookie", "user-agent", "client-request-id")
_NOT_RETURNED = ("content-length", "transfer-encoding", "connection", "content-encoding", "date", "server")


@dataclass(frozen=True)
class Honest:
    """The token that the tenant issued, taken apart, and the key that it was signed with."""

    header: dict[str, Any]
    claims: dict[str, Any]
    key: RSAPrivateKey

    def signed(self, *, key_id: str | None = None, **changes: Any) -> str:
        """The token with other claims, under the tenant's own key; None takes a claim away."""
        claims = {name: value for name, value in (self.claims | changes).items() if value is not None}
        # Not jwt.encode, which minds what the claims are.
        return jwt.PyJWS().encode(json.dumps(claims).encode(), self.key, "RS256", {"kid": key_id or self.header["kid"]})


Forgery = Callable[[Honest], str]


class Forger:
    """Serves the tenant's sign-in at a loopback address of its own."""

    def __init__(self, tenant_url: str, signing_key: Callable[[], RSAPrivateKey]) -> None:
        self._tenant, self._signing_key = tenant_url.rstrip("/"), signing_key
        self._forgery: Forgery | None = None
        self._down: str | None = None
        self._turned_down: tuple[str, int] | None = None
        self.refusals: list[str] = []
        """What the tenant's token endpoint answered where it gave no token, oldest first."""
        # Without cookies of its own: a browser that sends none would have those of whoever came before.
        nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._http = httpx.Client(trust_env=False, timeout=30, cookies=nobodys)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.host = f"localhost:{self._server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    @contextmanager
    def forging(self, forgery: Forgery) -> Iterator[None]:
        """Every ID token issued meanwhile is the forgery's."""
        self._forgery = forgery
        try:
            yield
        finally:
            self._forgery = None

    @contextmanager
    def down(self, path: str) -> Iterator[None]:
        """Meanwhile whatever has the text in its path is answered as by a server in trouble."""
        self._down = path
        try:
            yield
        finally:
            self._down = None

    @contextmanager
    def turning_down(self, number: int, error: str = "invalid_grant") -> Iterator[None]:
        """Meanwhile every refresh token is refused in Entra's words with this AADSTS number."""
        self._turned_down = (error, number)
        try:
            yield
        finally:
            self._turned_down = None

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        if self._down is not None and self._down in path:
            return httpx.Response(503, html="<h1>Our services aren't available right now</h1>")
        if self._turned_down is not None and path.endswith("/token") and b"grant_type=refresh_token" in body:
            error, number = self._turned_down
            said = {"error": error, "error_description": f"AADSTS{number}: forged.", "error_codes": [number]}
            return httpx.Response(400, json=said)
        passed = {name: headers[name] for name in _PASSED_ON if name in headers}
        passed["host"] = self.host
        return self._http.request(method, self._tenant + path, headers=passed, content=body)

    def _spoilt(self, content: bytes) -> bytes:
        answer = json.loads(content)
        if self._forgery is None or "id_token" not in answer:
            return content
        honest = Honest(
            jwt.get_unverified_header(answer["id_token"]),
            jwt.decode(answer["id_token"], options={"verify_signature": False}),
            self._signing_key(),
        )
        return json.dumps(answer | {"id_token": self._forgery(honest)}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forger = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._pass_on()

            def do_POST(self) -> None:
                self._pass_on()

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = forger._answer(self.command, self.path, headers, body)
                content = answer.content
                if self.path.endswith("/token") and answer.status_code == 200:
                    content = forger._spoilt(content)
                elif self.path.endswith("/token"):
                    forger.refusals.append(answer.text)
                self.send_response(answer.status_code)
                for name, value in answer.headers.multi_items():
                    if name not in _NOT_RETURNED:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Quiet: what matters is what Airflow says."""

        return Handler
