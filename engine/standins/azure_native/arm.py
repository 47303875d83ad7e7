"""Azure Resource Manager: PUT, GET and DELETE by resource ID, with operations that take their time."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from engine.standins.errors import ProviderError, WireError
from engine.standins.rest import Http, Reply, TokenSource, query
from engine.standins.values import Props

BASE = "https://management.azure.com"
SCOPE = f"{BASE}/.default"
_ENDED = frozenset({"succeeded", "failed", "canceled", "cancelled"})
_GAP = 0.25  # seconds between two looks at an operation, where the service names none
_POLLS = 1200


class Arm:
    def __init__(self, http: Http, tokens: TokenSource) -> None:
        self._http, self._tokens = http, tokens

    def get(self, object_id: str, api_version: str) -> Props:
        body: Props = self._send("GET", _url(object_id, api_version)).body
        return body

    def find(self, object_id: str, api_version: str) -> Props | None:
        try:
            return self.get(object_id, api_version)
        except WireError as error:
            if error.status == 404:
                return None
            raise

    def refuse_existing(self, object_id: str, api_version: str) -> None:
        """A PUT would change what is there: the official provider looks first."""
        if self.find(object_id, api_version):
            raise ProviderError(f"cannot create already existing resource '{object_id}'")

    def put(self, object_id: str, api_version: str, body: Props) -> Props:
        """The finished resource."""
        url = _url(object_id, api_version)
        reply = self._send("PUT", url, body)
        if self._wait(reply):
            reply = self._send("GET", url)
        return self._wait_for_state(url, reply)

    def delete(self, object_id: str, api_version: str) -> None:
        try:
            self._wait(self._send("DELETE", _url(object_id, api_version)))
        except WireError as error:
            if error.status != 404:
                raise

    def _wait(self, reply: Reply) -> bool:
        """True where the answer was an operation's, and that has ended well."""
        if operation := reply.headers.get("azure-asyncoperation"):
            self._poll(operation, reply, lambda answer: _state(answer.body) in _ENDED)
            return True
        if reply.status == 202 and (location := reply.headers.get("location")):
            self._poll(location, reply, lambda answer: answer.status != 202)
            return True
        return False

    def _wait_for_state(self, url: str, reply: Reply) -> Props:
        """Some services answer 200 or 201 at once and say in the resource how far they are."""
        provisioning = ((reply.body or {}).get("properties") or {}).get("provisioningState")
        if provisioning and provisioning.lower() not in _ENDED:
            reply = self._poll(url, reply, lambda answer: _provisioning(answer.body) in _ENDED)
        body: Props = reply.body
        return body

    def _poll(self, url: str, reply: Reply, ended: Callable[[Reply], bool]) -> Reply:
        if f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" != BASE:
            raise ProviderError(f"an operation is to be followed on another host: {urlsplit(url).netloc}")
        for _ in range(_POLLS):
            after = reply.headers.get("retry-after", "")
            self._http.pause(float(after) if after.isdigit() else _GAP)
            reply = self._send("GET", url)
            if ended(reply):
                if _state(reply.body) in _ENDED - {"succeeded"}:
                    error = reply.body.get("error") or {}
                    path = urlsplit(url).path
                    raise WireError("GET", path, reply.status, error.get("code", ""), error.get("message", "failed"))
                return reply
        raise ProviderError(f"timed out while waiting for {urlsplit(url).path}")

    def _send(self, method: str, url: str, body: Props | None = None) -> Reply:
        content = None if body is None else json.dumps(body, sort_keys=True).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        headers = {"Accept": "application/json", **kind}
        return self._http.send(method, url, headers=lambda: {**headers, **self._tokens.header()}, content=content)


def _url(object_id: str, api_version: str) -> str:
    return f"{BASE}{object_id}{query({'api-version': api_version})}"


def _state(body: Any) -> str:
    return str((body or {}).get("status") or "").lower()


def _provisioning(body: Any) -> str:
    return str(((body or {}).get("properties") or {}).get("provisioningState") or "").lower()
