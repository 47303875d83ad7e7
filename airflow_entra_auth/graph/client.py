"""Requests to Graph, alone, by page and in batches; each as often as it takes, within a budget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from airflow_entra_auth.azure import GRAPH_V1
from airflow_entra_auth.graph.delta import Delta
from airflow_entra_auth.graph.errors import BAD_LINK, GraphError, answered, error, refusal, seconds
from airflow_entra_auth.graph.patience import THROTTLED, UNCLEAR, Patience

IDS_PER_CALL = 1000  # https://learn.microsoft.com/graph/api/directoryobject-getbyids
REQUESTS_PER_BATCH = 20  # https://learn.microsoft.com/graph/json-batching
_REPEATABLE = frozenset({"GET", "PUT", "PATCH", "DELETE"})

Json = Any  # what `json.loads` gives: the caller knows the shape of what it asked for
T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """One request of a batch; `path` is relative to the client's base, as in "/groups/{id}/members".

    `asks`: a POST that changes nothing, such as getMemberGroups, so that it may be sent twice.
    """

    method: str
    path: str
    body: Json = None
    asks: bool = False

    @property
    def repeatable(self) -> bool:
        return self.asks or self.method in _REPEATABLE


class Graph:
    """Graph over HTTPS. `token` is called before each request and caches as it likes.

    `patience` is the number of seconds that waiting may take in one call before its error is raised. Setting `cancel`
    ends waiting, and raises Cancelled before the next request. `progress` is told after each answer how many
    `requests` were sent in all, those that were sent again included.
    Raises GraphError for a refusal and httpx.TransportError where there was no answer.
    """

    def __init__(
        self,
        token: Callable[[], str],
        *,
        base: str = GRAPH_V1,
        client: httpx.Client | None = None,
        patience: float = 60.0,
        sleep: Callable[[float], object] | None = None,
        cancel: threading.Event | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        self._token, self._base, self._patience, self._sleep = token, base.rstrip("/"), patience, sleep
        self._client = client or httpx.Client(timeout=30.0)
        self._cancel, self._progress = cancel, progress
        self.requests = 0

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        return self._send("GET", path, params=params)

    def post(self, path: str, body: Json, *, asks: bool = False) -> Json:
        """`asks`: it changes nothing, and may be sent twice."""
        return self._send("POST", path, body=body, repeatable=asks)

    def patch(self, path: str, body: Json) -> Json:
        return self._send("PATCH", path, body=body)

    def put(self, path: str, body: Json, params: Mapping[str, str] | None = None) -> Json:
        return self._send("PUT", path, body=body, params=params)

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Every item of a list, page after page; from a path, or on from a link to a page.

        Only follows links to the host it was told to talk to.
        """
        page = self._send("GET", path, params=params) if path.startswith("/") else self._follow("", path)
        while True:
            yield from page["value"]
            link = page.get("@odata.nextLink")
            if link is None:
                return
            page = self._follow(path, link)

    def delta(self, path_or_link: str, params: Mapping[str, str] | None = None) -> Delta:
        """What changed: from the beginning by a path such as "/users/delta", or since a link that a delta ended with.

        Nothing is asked before it is iterated.
        """
        if path_or_link.startswith("/"):
            return Delta(
                lambda: self._send("GET", path_or_link, params=params), lambda link: self._follow(path_or_link, link)
            )
        return Delta(lambda: self._follow("", path_or_link), lambda link: self._follow("", link))

    def get_by_ids(self, ids: Iterable[str], types: Sequence[str] = ()) -> list[Json]:
        """The directory objects with these ids that exist, of these types ("group", "user"), in no order."""
        found: list[Json] = []
        for some in _chunks(dict.fromkeys(ids), IDS_PER_CALL):
            body = {"ids": some, "types": list(types)} if types else {"ids": some}
            found += self.post("/directoryObjects/getByIds", body, asks=True)["value"]
        return found

    def batch(self, requests: Sequence[Request]) -> list[Json | GraphError]:
        """One answer (the body, or the error) for each request, in their order. Throttled ones are sent again."""
        answers: dict[int, Json | GraphError] = {}
        patience = Patience(self._patience, self._cancel, self._sleep)
        open_ = list(range(len(requests)))
        while open_:
            for some in _chunks(open_, REQUESTS_PER_BATCH):
                answers |= self._batch({number: requests[number] for number in some})
            errors = {number: found for number in open_ if isinstance(found := answers[number], GraphError)}
            throttled = [number for number, found in errors.items() if found.status in THROTTLED]
            unclear = [
                number for number, found in errors.items() if found.status in UNCLEAR and requests[number].repeatable
            ]
            told = [errors[number].retry_after for number in throttled]
            longest = max((wait for wait in told if wait is not None), default=None)
            again = patience.after_throttling(longest) if throttled else bool(unclear) and patience.after_failure()
            open_ = sorted(throttled + unclear) if again else []
        return [answers[number] for number in range(len(requests))]

    def _batch(self, requests: Mapping[int, Request]) -> dict[int, Json | GraphError]:
        body = {"requests": [_item(number, one) for number, one in requests.items()]}
        repeatable = all(one.repeatable for one in requests.values())
        answers: dict[int, Json | GraphError] = {}
        for answer in self._send("POST", "/$batch", body=body, repeatable=repeatable)["responses"]:
            number, status, said = int(answer["id"]), int(answer["status"]), answer.get("body")
            one, headers = requests[number], answer.get("headers") or {}
            wait = seconds(headers.get("Retry-After"))
            answers[number] = error(one.method, one.path, status, said, "", wait) if status >= 400 else said
        for number in requests.keys() - answers.keys():
            one = requests[number]
            answers[number] = GraphError(one.method, one.path, 500, "NoAnswer", "the batch's answer lacks it", "")
        return answers

    def _follow(self, path: str, link: str) -> Json:
        try:
            ours = link.isprintable() and urlsplit(link)[:2] == urlsplit(self._base)[:2]
        except ValueError:
            ours = False
        if not ours:
            raise GraphError("GET", path or "a link", 200, BAD_LINK, "the next page is on another host", "")
        return self._send("GET", link)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json = None,
        repeatable: bool | None = None,
    ) -> Json:
        url = self._base + path if path.startswith("/") else path
        repeatable = method in _REPEATABLE if repeatable is None else repeatable
        patience = Patience(self._patience, self._cancel, self._sleep)
        unclear = False
        while True:
            patience.check()
            headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
            self.requests += 1
            try:
                response = self._client.request(method, url, params=params, json=body, headers=headers)
            except httpx.TransportError:
                unclear = True
                if repeatable and patience.after_failure():
                    continue
                raise
            if self._progress is not None:
                self._progress(self.requests)
            if response.is_success:
                return answered(method, path, response) if response.content else None
            if method == "DELETE" and response.status_code == 404 and unclear:
                return None  # the try that nobody heard of did it
            refused = refusal(method, path, response)
            if response.status_code in THROTTLED:
                again = patience.after_throttling(refused.retry_after)
            else:
                unclear = unclear or response.status_code in UNCLEAR
                again = response.status_code in UNCLEAR and repeatable and patience.after_failure()
            if not again:
                raise refused


def _item(number: int, request: Request) -> dict[str, Json]:
    item: dict[str, Json] = {"id": str(number), "method": request.method, "url": request.path}
    if request.body is not None:
        item.update(body=request.body, headers={"Content-Type": "application/json"})
    return item


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
