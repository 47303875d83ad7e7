"""GitHub's token service, played: signs what a job's token would say, with a key that the local tenant is told of."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
_BEARER = "of-the-job"


@dataclass
class TokenService:
    """`subject` is who the job is, until a test says otherwise."""

    url: str = ""
    subject: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def job(self) -> dict[str, str]:
        """What a job with `id-token: write` finds in its environment."""
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": self.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": _BEARER}

    def trusted(self, subject: str) -> dict[str, Any]:
        """A federated credential, as the local tenant is seeded with one."""
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True) | {"kid": "github"}
        return {"issuer": ISSUER, "subject": subject, "audience": AUDIENCE, "jwks": {"keys": [jwk]}}

    def token(self) -> str:
        claims = {"iss": ISSUER, "sub": self.subject, "aud": AUDIENCE, "exp": datetime.now(UTC) + timedelta(minutes=5)}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "github"})


@contextmanager
def token_service() -> Iterator[TokenService]:
    service = TokenService()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            allowed = self.headers["Authorization"] == f"Bearer {_BEARER}" and asked.get("audience") == [AUDIENCE]
            body = json.dumps({"value": service.token()} if allowed else {}).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}/idtoken?api-version=2.0"
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
