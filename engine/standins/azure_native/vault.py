"""Key Vault's data plane: what Resource Manager can't do with a secret or a key."""

import re
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from engine.standins.errors import ProviderError, WireError
from engine.standins.rest import Http, TokenSource, query, refusal
from engine.standins.values import Props

API_VERSION = "7.5"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class VaultClient:
    """Signs in as the vault's challenge says: the scope is the resource that a 401 names, once per vault."""

    def __init__(self, http: Http, token_source: Callable[[str], TokenSource]) -> None:
        self._http, self._token_source = http, token_source
        self._lock = threading.Lock()
        self._tokens: dict[str, TokenSource] = {}

    def delete_secret(self, vault: str, name: str) -> None:
        """A secret that is gone already is fine."""
        self._delete(vault, f"/secrets/{name}")

    def delete_key(self, vault: str, name: str) -> None:
        """The same for a key."""
        self._delete(vault, f"/keys/{name}")

    def recover_secret(self, vault: str, name: str) -> bool:
        """False where no soft-deleted secret of this name can be seen."""
        try:
            deleted = self._send("GET", vault, f"/deletedsecrets/{name}")
        except WireError:
            return False  # an exploration: the caller still has the conflict to report
        if not (deleted or {}).get("recoveryId"):
            return False
        self._send("POST", vault, f"/deletedsecrets/{name}/recover")
        return True

    def _delete(self, vault: str, path: str) -> None:
        try:
            self._send("DELETE", vault, path)
        except WireError as error:
            if error.status != 404:
                raise

    def _send(self, method: str, vault: str, path: str) -> Props | None:
        host = f"{vault}.vault.azure.net"
        url = f"https://{host}{path}{query({'api-version': API_VERSION})}"
        tokens = self._tokens.get(host) or self._challenged(method, url, host)
        body: Props | None = self._http.send(method, url, headers=lambda: {**_ACCEPT, **tokens.header()}).body
        return body

    def _challenged(self, method: str, url: str, host: str) -> TokenSource:
        reply = self._http.exchange(method, url, _ACCEPT)
        challenge = dict(_CHALLENGE.findall(reply.headers.get("www-authenticate", "")))
        resource = challenge.get("resource") or challenge.get("scope", "").removesuffix("/.default")
        if reply.status != 401 or not resource:
            raise refusal(method, url, reply)
        if not host.endswith(f".{urlsplit(resource).netloc}"):
            raise ProviderError(f"{host} asks for a token for {resource}, which is not its own domain")
        with self._lock:
            return self._tokens.setdefault(host, self._token_source(f"{resource}/.default"))


_ACCEPT = {"Accept": "application/json"}
