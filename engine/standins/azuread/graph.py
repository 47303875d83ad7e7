"""Microsoft Graph as the azuread provider calls it."""

import json
import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from engine.standins.errors import ProviderError, WireError
from engine.standins.rest import Http, RetryOn, TokenSource, query
from engine.standins.values import Props

BASE = "https://graph.microsoft.com"
SCOPE = f"{BASE}/.default"
V1, BETA = "v1.0", "beta"
NOT_YET_THERE = (RetryOn(404),)
"""A created object may answer 404 until it has reached every replica."""

_HEADERS = {
    "Accept": "application/json; charset=utf-8; IEEE754Compatible=false",
    "Content-Type": "application/json; charset=utf-8",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
}
_POLLS = 80
_POLL_GAP = 0.25  # seconds; the official provider tries for as long, waits 1 to 5 and wants five good answers in a row


class Graph:
    """`tenant_id` and `client_id` are those of the configuration, as the official provider tells them."""

    def __init__(self, http: Http, tokens: TokenSource) -> None:
        self._http, self._tokens = http, tokens

    @property
    def caller_id(self) -> str:
        """The object ID of the signed-in service principal: the first owner of what it makes."""
        oid = self._tokens.claims().get("oid")
        if not oid:
            raise ProviderError("the access token has no 'oid' claim: who is signed in can't be told")
        return str(oid)

    def get(self, path: str, version: str = V1, **parameters: str) -> Any:
        """`filter` and `select` become $filter and $select."""
        return self._send("GET", path, version, parameters={f"${key}": value for key, value in parameters.items()})

    def find(self, path: str, version: str = V1, **parameters: str) -> Any:
        """As `get`, with None for a 404."""
        try:
            return self.get(path, version, **parameters)
        except WireError as error:
            if error.status == 404:
                return None
            raise

    def list(self, path: str, version: str = V1, **parameters: str) -> list[Props]:
        """Every page."""
        page = self.get(path, version, **parameters)
        items: list[Props] = list(page["value"])
        while link := page.get("@odata.nextLink"):
            parts = urlsplit(link)
            if f"{parts.scheme}://{parts.netloc}" != BASE:
                raise ProviderError(f"GET {path}: the next page is on another host: {parts.netloc}")
            page = self._http.send("GET", link, headers=self._headers).body
            items.extend(page["value"])
        return items

    def post(self, path: str, body: Props, version: str = V1, retry: tuple[RetryOn, ...] = ()) -> Any:
        return self._send("POST", path, version, body, retry=retry)

    def patch(self, path: str, body: Props, version: str = V1, retry: tuple[RetryOn, ...] = ()) -> None:
        self._send("PATCH", path, version, body, retry=retry)

    def put(self, path: str, body: Props, version: str = V1) -> None:
        self._send("PUT", path, version, body)

    def delete(self, path: str, version: str = V1) -> None:
        self._send("DELETE", path, version)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Ask at least once; the service may need a moment to show what it has already accepted."""
        for _ in range(_POLLS):
            if condition():
                return
            self._http.pause(_POLL_GAP)
        raise ProviderError(f"timed out while waiting for {what}")

    def wait_until_gone(self, path: str, version: str = V1) -> None:
        self.wait_until(lambda: self.find(path, version) is None, f"the deletion of {path}")

    def _headers(self) -> Mapping[str, str]:
        return {**_HEADERS, **self._tokens.header()}

    def _send(
        self,
        method: str,
        path: str,
        version: str,
        body: Props | None = None,
        parameters: Mapping[str, str] | None = None,
        retry: tuple[RetryOn, ...] = (),
    ) -> Any:
        url = f"{BASE}/{version}{path}{query(parameters or {})}"
        content = None if body is None else json.dumps(body, sort_keys=True).encode()
        return self._http.send(method, url, headers=self._headers, content=content, retry=retry).body


def reference(object_id: str, version: str = V1) -> str:
    return f"{BASE}/{version}/directoryObjects/{object_id}"


def temporary_name() -> str:
    """Written over a new object's name and then replaced by the real one: proof that every replica has the object."""
    return f"TERRAFORM_UPDATE_{uuid.uuid4()}"


def in_set_order(items: Iterable[str] | None) -> list[str]:
    """Terraform sends the elements of a set in the order of their hashes."""
    return sorted(items or (), key=lambda item: str(zlib.crc32(f"{item};".encode())))


def or_null(value: Any) -> Any:
    return value or None


def rfc3339(instant: str | None) -> str:
    """'2027-01-01T00:00:00Z' for any form that Graph gives, '' for none."""
    if not instant:
        return ""
    return datetime.fromisoformat(instant).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def quoted(value: str) -> str:
    """A string in an OData filter."""
    return "'" + value.replace("'", "''") + "'"


def id_part(object_id: str, *pattern: str) -> list[str]:
    """The variable parts of an ID: `id_part('/groups/x', '', 'groups', '*')` is ['x'].

    Raise ProviderError for an ID of another form, as a person who imports can well give one.
    """
    parts = object_id.split("/")
    if len(parts) != len(pattern) or any(want not in ("*", part) for part, want in zip(parts, pattern, strict=True)):
        form = "/".join("<id>" if part == "*" else part for part in pattern)
        raise ProviderError(f"the ID {object_id!r} is not of the form {form}")
    return [part for part, want in zip(parts, pattern, strict=True) if want == "*"]


def already_exists(terraform: str, object_id: str) -> ProviderError:
    return ProviderError(
        f"a resource with the ID {object_id!r} already exists - to be managed via Pulumi this resource needs to be "
        f"imported into the state ({terraform})"
    )
