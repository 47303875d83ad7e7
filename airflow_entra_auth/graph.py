"""The one client for Microsoft Graph: small, typed, patient with throttling. It never sees how a token is got.

Runs inside Airflow's oldest Python too (3.10), on httpx, which Airflow brings. Azure Resource Manager speaks the
same dialect (bearer tokens, `{"error": {"code", "message"}}`, 429 with Retry-After), so `base` may name it as well.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

V1 = "https://graph.microsoft.com/v1.0"
IDS_PER_CALL = 1000  # https://learn.microsoft.com/graph/api/directoryobject-getbyids
REQUESTS_PER_BATCH = 20  # https://learn.microsoft.com/graph/json-batching
_THROTTLED = frozenset({429, 503, 504})

Json = Any  # what `json.loads` gives: the caller knows the shape of what it asked for
T = TypeVar("T")


class GraphError(Exception):
    """A request that was refused: what was asked, what was answered. Holds no token and no request body."""

    def __init__(self, method: str, path: str, status: int, code: str, message: str, request_id: str) -> None:
        self.method, self.path, self.status = method, path, status
        self.code, self.message, self.request_id = code, message, request_id
        super().__init__(method, path, status, code, message, request_id)

    def __str__(self) -> str:
        trace = f" (request-id {self.request_id})" if self.request_id else ""
        return f"{self.method} {self.path}: {self.status} {self.code}: {self.message}{trace}"


@dataclass(frozen=True)
class Request:
    """One request of a batch; `path` is relative to the client's base, as in "/groups/{id}/members"."""

    method: str
    path: str
    body: Json = None


class Graph:
    """Graph over HTTPS. `token` is called before each request and caches as it likes.

    `patience` is the number of seconds that waiting for throttling may take in one call before its error is raised.
    Raises GraphError for a refusal and httpx.TransportError where there was no answer.
    """

    def __init__(
        self,
        token: Callable[[], str],
        *,
        base: str = V1,
        client: httpx.Client | None = None,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._token, self._base, self._patience, self._sleep = token, base.rstrip("/"), patience, sleep
        self._client = client or httpx.Client(timeout=30.0)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        return self._send("GET", path, params=params)

    def post(self, path: str, body: Json) -> Json:
        return self._send("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Json:
        return self._send("PATCH", path, body=body)

    def put(self, path: str, body: Json, params: Mapping[str, str] | None = None) -> Json:
        return self._send("PUT", path, body=body, params=params)

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Every item of a list, page after page. Only follows links to the host it was told to talk to."""
        page = self._send("GET", path, params=params)
        while True:
            yield from page["value"]
            link = page.get("@odata.nextLink")
            if link is None:
                return
            if urlsplit(link)[:2] != urlsplit(self._base)[:2]:
                raise GraphError("GET", path, 200, "BadNextLink", "the next page is on another host", "")
            page = self._send("GET", link)

    def get_by_ids(self, ids: Iterable[str], types: Sequence[str] = ()) -> list[Json]:
        """The directory objects with these ids that exist, of these types ("group", "user"), in no order."""
        found: list[Json] = []
        for some in _chunks(dict.fromkeys(ids), IDS_PER_CALL):
            body = {"ids": some, "types": list(types)} if types else {"ids": some}
            found += self.post("/directoryObjects/getByIds", body)["value"]
        return found

    def batch(self, requests: Sequence[Request]) -> list[Json | GraphError]:
        """One answer (the body, or the error) for each request, in their order. Throttled ones are sent again."""
        answers: dict[int, Json | GraphError] = {}
        waited = 0.0
        open_ = list(range(len(requests)))
        for attempt in range(1_000):
            throttled: list[tuple[int, float | None]] = []
            for some in _chunks(open_, REQUESTS_PER_BATCH):
                for answer in self.post("/$batch", {"requests": [_item(i, requests[i]) for i in some]})["responses"]:
                    number, status = int(answer["id"]), int(answer["status"])
                    body, headers = answer.get("body"), answer.get("headers") or {}
                    failed = status >= 400
                    request = requests[number]
                    answers[number] = _error(request.method, request.path, status, body, "") if failed else body
                    if status in _THROTTLED:
                        throttled.append((number, _seconds(headers.get("Retry-After"))))
            pause = max((wait or _back_off(attempt) for _, wait in throttled), default=0.0)
            if not throttled or waited + pause > self._patience:
                break
            self._sleep(pause)
            waited += pause
            open_ = [number for number, _ in throttled]
        return [answers[number] for number in range(len(requests))]

    def _send(self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Json = None) -> Json:
        url = self._base + path if path.startswith("/") else path
        waited = 0.0
        for attempt in range(1_000):
            headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
            response = self._client.request(method, url, params=params, json=body, headers=headers)
            if response.is_success:
                return response.json() if response.content else None
            pause = _seconds(response.headers.get("Retry-After"))
            pause = _back_off(attempt) if pause is None else pause
            if response.status_code not in _THROTTLED or waited + pause > self._patience:
                break
            self._sleep(pause)
            waited += pause
        raise _error(method, path, response.status_code, _json(response), response.headers.get("request-id", ""))


def _item(number: int, request: Request) -> dict[str, Json]:
    item: dict[str, Json] = {"id": str(number), "method": request.method, "url": request.path}
    if request.body is not None:
        item.update(body=request.body, headers={"Content-Type": "application/json"})
    return item


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None


def _back_off(attempt: int) -> float:
    """Full jitter around 1, 2, 4 ... 32 seconds: many clients that were throttled together don't return together."""
    return min(32.0, 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 -- a pause, not a secret


def _json(response: httpx.Response) -> Json:
    try:
        return response.json()
    except ValueError:
        return None


def _error(method: str, path: str, status: int, body: Json, request_id: str) -> GraphError:
    error = _object(_object(body).get("error"))
    inner = _object(error.get("innerError"))
    code, message = str(error.get("code") or "NoCode"), str(error.get("message") or "no message")
    return GraphError(method, path.split("?")[0], status, code, message, str(inner.get("request-id") or request_id))


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
