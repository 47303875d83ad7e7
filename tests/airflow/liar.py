"""A sign-in that is dishonest at Azure's own name: a Forger with the tenant's certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.airflow.forger import Forger
from tests.airflow.site import LOGIN_HOST


class Liar(Forger):
    """`certificates` is the folder with the tenant's server certificate. `port` is where it listens."""

    def __init__(self, tenant_url: str, signing_key: Callable[[], RSAPrivateKey], certificates: Path) -> None:
        super().__init__(tenant_url, signing_key)
        self.host = LOGIN_HOST  # so that the tenant answers as at Azure's name
        self.port = self._server.server_port
        self.forged = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def _spoilt(self, content: bytes) -> bytes:
        spoilt = super()._spoilt(content)
        self.forged += spoilt != content
        return spoilt
