"""Calls to Azure's services: signed in, over kept connections, with the official providers' rules for retries."""

import json
import re
import sys
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from engine.standins.credentials import Credential
from engine.standins.errors import CancelledError, ProviderError, WireError
from engine.standins.values import Props

if TYPE_CHECKING:  # a third of a second to import: the first call pays for it, not the start
    import httpx

AUTHORITY = "https://login.microsoftonline.com"
_CONNECTIONS = 32
_ATTEMPTS = 9  # of the official provider's five minutes
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 2.0  # seconds; the official ones start at one second and end at 61
_LONGEST_RETRY_AFTER = 60.0


def new_client() -> "httpx.Client":
    """Proxy and certificates come from HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE.

    A connection idle for two seconds is closed by us: a server that closes it first would fail the next POST, which
    nobody may repeat.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # its command line: two thirds of the import
    import httpx

    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=2.0)
    return httpx.Client(limits=limits, timeout=httpx.Timeout(60.0, pool=None), follow_redirects=False)


@dataclass(frozen=True)
class RetryOn:
    """A refusal that is worth another try: its status, and a pattern that its code and message have to match."""

    status: int
    pattern: str = ""

    def matches(self, error: WireError) -> bool:
        return error.status == self.status and re.search(self.pattern, f"{error.code}: {error.message}") is not None


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Mapping[str, str]


class Http:
    """Requests with retries. `stopping` ends every wait."""

    def __init__(self, client: Callable[[], "httpx.Client"], stopping: threading.Event | None = None) -> None:
        self._make = client
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()
        self.stopping = stopping or threading.Event()

    def pause(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise CancelledError("stopped while waiting for Azure: the operation was cancelled")

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Callable[[], Mapping[str, str]],
        content: bytes | None = None,
        retry: tuple[RetryOn, ...] = (),
    ) -> Reply:
        """Raise WireError for a refusal, ProviderError where the service can't be reached."""
        delay = _FIRST_DELAY
        for attempt in range(1, _ATTEMPTS + 1):
            reply = self.exchange(method, url, headers(), content)
            if reply.status < 400:
                return reply
            error = refusal(method, url, reply)
            throttled = reply.status in (408, 424, 429) or (reply.status >= 500 and reply.status != 501)
            if attempt == _ATTEMPTS or not (throttled or any(rule.matches(error) for rule in retry)):
                raise error
            after = reply.headers.get("retry-after", "")
            self.pause(min(float(after), _LONGEST_RETRY_AFTER) if after.isdigit() else delay)
            delay = min(delay * 2, _LONGEST_DELAY)
        raise AssertionError("unreachable")

    def exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None) -> Reply:
        """One request, whatever the answer. Raise ProviderError where the service can't be reached.

        A GET goes out once more where the connection ends without an answer, as Go's client does it on a kept one.
        """
        import httpx

        with self._lock:
            if self._client is None:
                self._client = self._make()
        try:
            try:
                response = self._client.request(method, url, headers=dict(headers), content=content)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                if method != "GET":
                    raise
                response = self._client.request(method, url, headers=dict(headers))
        except httpx.HTTPError as error:
            host = urlsplit(url).netloc
            raise ProviderError(f"{method} {urlsplit(url).path}: {host} can't be reached: {error}") from None
        return Reply(response.status_code, _decode(response), response.headers)


class TokenSource:
    """Access tokens of one client for one resource, renewed before they run out."""

    def __init__(self, http: Http, credential: Callable[[], Credential], scope: str) -> None:
        self._http, self._credential, self._scope = http, credential, scope
        self._lock = threading.Lock()
        self._token, self._renew_at = "", 0.0

    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    def token(self) -> str:
        with self._lock:
            if not self._token or time.monotonic() >= self._renew_at:
                credential = self._credential()
                form = {"grant_type": "client_credentials", "scope": self._scope, **credential.form()}
                reply = self._http.send(
                    "POST",
                    f"{AUTHORITY}/{credential.tenant_id}/oauth2/v2.0/token",
                    headers=lambda: {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
                    content=urlencode(form).encode(),
                )
                lifetime = float(reply.body.get("expires_in") or 3600)
                self._token = reply.body["access_token"]
                # A margin of 20 minutes as the official provider's, or half of a token that lives shorter.
                self._renew_at = time.monotonic() + max(lifetime - 1200, lifetime / 2)
            return self._token

    def claims(self) -> Props:
        """What the token says about its owner; not verified, as its issuer was asked directly."""
        payload = self.token().split(".")[1]
        claims: Props = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims


def query(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else ""


def _decode(response: "httpx.Response") -> Any:
    if not response.content or "json" not in response.headers.get("content-type", ""):
        return None
    try:
        return response.json()
    except ValueError:
        return None


def refusal(method: str, url: str, reply: Reply) -> WireError:
    """Graph, Resource Manager and Key Vault nest {code, message} in `error`; the token endpoint is flat."""
    body = reply.body if isinstance(reply.body, dict) else {}
    error = body.get("error") or body.get("odata.error") or {}
    if isinstance(error, str):
        code, message = error, str(body.get("error_description", "")).splitlines()[0:1]
        return WireError(method, urlsplit(url).path, reply.status, code, "".join(message))
    message = error.get("message", "")
    text = message.get("value", "") if isinstance(message, dict) else str(message or "")
    return WireError(method, urlsplit(url).path, reply.status, str(error.get("code") or ""), text)
