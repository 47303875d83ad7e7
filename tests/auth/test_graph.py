"""The Graph client against answers as Graph gives them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from airflow_entra_auth.azure import GRAPH_V1
from airflow_entra_auth.graph import Cancelled, Graph, GraphError, Request, SyncLost

TOKEN = "e30.e30.secret-signature"


class Server:
    """Answers from a list, in order, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def graph(self, patience: float = 60.0, base: str = GRAPH_V1) -> Graph:
        client = httpx.Client(transport=httpx.MockTransport(self._answer))
        return Graph(lambda: TOKEN, base=base, client=client, patience=patience, sleep=self.slept.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        return answer if isinstance(answer, httpx.Response) else answer(request)


def refusal(status: int, code: str, message: str, **headers: str) -> httpx.Response:
    inner = {"date": "2026-03-01T12:00:00", "request-id": "r-1", "client-request-id": "c-1"}
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    return httpx.Response(status, json=body, headers=headers)


def test_requests_carry_the_token_and_bodies_json() -> None:
    server = Server(httpx.Response(201, json={"id": "1"}), httpx.Response(204), httpx.Response(204))
    graph = server.graph()

    assert graph.post("/groups", {"displayName": "a"}) == {"id": "1"}
    assert graph.patch("/groups/1", {"displayName": "b"}) is None
    graph.delete("/groups/1")

    assert [(one.method, str(one.url)) for one in server.requests] == [
        ("POST", "https://graph.microsoft.com/v1.0/groups"),
        ("PATCH", "https://graph.microsoft.com/v1.0/groups/1"),
        ("DELETE", "https://graph.microsoft.com/v1.0/groups/1"),
    ]
    assert {one.headers["Authorization"] for one in server.requests} == {f"Bearer {TOKEN}"}
    assert json.loads(server.requests[0].content) == {"displayName": "a"}


@pytest.mark.parametrize("body", ["Please log in to our network", "{", "\xff"])
def test_an_answer_that_is_not_graphs_is_an_error_of_graph(body: str) -> None:
    server = Server(httpx.Response(200, content=body.encode("latin-1")))
    with pytest.raises(GraphError, match=r"GET /groups: 200 NotJson: .*HTTPS_PROXY") as refused:
        server.graph().get("/groups")
    assert body not in str(refused.value)


def test_a_refusal_says_what_was_asked_and_answered_and_never_the_token() -> None:
    server = Server(refusal(403, "Authorization_RequestDenied", "Insufficient privileges"))
    with pytest.raises(GraphError) as caught:
        server.graph().get("/groups?$top=1")

    error = caught.value
    assert (error.method, error.path, error.status, error.code) == (
        "GET",
        "/groups",
        403,
        "Authorization_RequestDenied",
    )
    assert error.request_id == "r-1"
    assert str(error) == "GET /groups: 403 Authorization_RequestDenied: Insufficient privileges (request-id r-1)"
    assert "secret-signature" not in repr(error) + str(error)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(400, json=["no", "object"]),
        httpx.Response(400, json={"error": "text"}),
        httpx.Response(500),
    ],
)
def test_a_refusal_without_graphs_words_is_still_one(answer: httpx.Response) -> None:
    with pytest.raises(GraphError) as caught:
        Server(answer, answer, answer, answer).graph().get("/groups")
    assert (caught.value.status, caught.value.code) == (answer.status_code, "NoCode")


def test_it_waits_as_long_as_it_is_told() -> None:
    throttled = refusal(429, "TooManyRequests", "Slow down", **{"Retry-After": "7"})
    server = Server(throttled, throttled, httpx.Response(200, json={"id": "1"}))
    assert server.graph().get("/groups/1") == {"id": "1"}
    assert server.slept == [7, 7]


def test_without_a_time_it_backs_off_longer_each_time() -> None:
    busy = refusal(503, "ServiceUnavailable", "Busy")
    server = Server(busy, busy, busy, httpx.Response(200, json={}))
    server.graph().get("/groups/1")
    assert all(low <= slept <= 2 * low for low, slept in zip([0.5, 1, 2], server.slept, strict=True))


def test_waiting_stays_within_its_budget() -> None:
    throttled = refusal(429, "TooManyRequests", "Slow down", **{"Retry-After": "40"})
    server = Server(throttled, throttled)
    with pytest.raises(GraphError, match="429"):
        server.graph(patience=60).get("/groups")
    assert server.slept == [40]


def test_pages_are_followed_to_the_end() -> None:
    link = "https://graph.microsoft.com/v1.0/groups?$skiptoken=x"
    server = Server(
        httpx.Response(200, json={"value": [1, 2], "@odata.nextLink": link}), httpx.Response(200, json={"value": [3]})
    )
    assert list(server.graph().pages("/groups", {"$filter": "displayName eq 'a'"})) == [1, 2, 3]
    assert server.requests[0].url.params["$filter"] == "displayName eq 'a'"
    assert server.requests[1].url.params["$skiptoken"] == "x"


def test_pages_are_followed_at_a_local_tenant_too() -> None:
    link = "http://localhost:8/v1.0/groups?$skiptoken=x"
    server = Server(
        httpx.Response(200, json={"value": [1], "@odata.nextLink": link}), httpx.Response(200, json={"value": [2]})
    )
    assert list(server.graph(base="http://localhost:8/v1.0").pages("/groups")) == [1, 2]
    assert str(server.requests[1].url) == link


def test_a_page_elsewhere_is_not_followed_because_the_token_would_go_with_it() -> None:
    page = {"value": [], "@odata.nextLink": "https://graph.microsoft.com.evil.example/v1.0/groups"}
    server = Server(httpx.Response(200, json=page))
    with pytest.raises(GraphError, match="another host"):
        list(server.graph().pages("/groups"))
    assert len(server.requests) == 1


def test_ids_are_looked_up_a_thousand_at_a_time() -> None:
    def existing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"value": [{"id": one} for one in json.loads(request.content)["ids"]]})

    server = Server(existing, existing)
    ids = [str(number) for number in range(1001)]
    assert {one["id"] for one in server.graph().get_by_ids([*ids, "0"], ["group"])} == set(ids)
    bodies = [json.loads(one.content) for one in server.requests]
    assert [len(body["ids"]) for body in bodies] == [1000, 1]
    assert bodies[0]["types"] == ["group"]


def test_no_ids_are_no_call() -> None:
    assert Server().graph().get_by_ids([]) == []


def batch(**overrides: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    """Answers each request of a batch with its own url, in reverse; `overrides` by url."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["requests"]
        answers = [
            {"id": one["id"], "status": 200, "body": {"url": one["url"]}, **overrides.get(one["url"].strip("/"), {})}
            for one in reversed(asked)
        ]
        return httpx.Response(200, json={"responses": answers})

    return answer


def test_a_batch_of_many_keeps_its_order_and_sends_twenty_at_a_time() -> None:
    server = Server(batch(), batch(), batch())
    answers = server.graph().batch([Request("GET", f"/{number}") for number in range(45)])
    assert answers == [{"url": f"/{number}"} for number in range(45)]
    assert [len(json.loads(one.content)["requests"]) for one in server.requests] == [20, 20, 5]


def test_what_was_throttled_in_a_batch_is_sent_again_and_what_was_refused_is_not() -> None:
    denied = {"status": 403, "body": {"error": {"code": "Denied", "message": "No"}}}
    throttled = {"status": 429, "headers": {"Retry-After": "3"}, "body": {"error": {"code": "Slow"}}}
    server = Server(batch(a=throttled, b=denied), batch())
    first, second, third = server.graph().batch([Request("GET", "/a"), Request("POST", "/b", {}), Request("GET", "/c")])

    assert (first, third) == ({"url": "/a"}, {"url": "/c"})
    assert isinstance(second, GraphError)
    assert (second.method, second.path, second.status) == ("POST", "/b", 403)
    assert server.slept == [3]
    assert [one["url"] for one in json.loads(server.requests[1].content)["requests"]] == ["/a"]


def test_a_batch_that_stays_throttled_answers_with_the_error() -> None:
    throttled = {"status": 429, "headers": {"Retry-After": "50"}, "body": {"error": {"code": "Slow"}}}
    (answer,) = Server(batch(a=throttled), batch(a=throttled)).graph().batch([Request("GET", "/a")])
    assert isinstance(answer, GraphError)
    assert answer.status == 429


# --- what failed without a word ---

OK = {"id": "1"}


def dropped(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("connection reset", request=request)


@pytest.mark.parametrize("failure", [dropped, httpx.Response(500), httpx.Response(502), httpx.Response(504)])
def test_what_may_be_done_twice_is_sent_again(failure: Any) -> None:
    server = Server(failure, failure, failure, httpx.Response(200, json=OK))
    assert server.graph().get("/groups/1") == OK
    assert server.slept == sorted(server.slept)
    assert sum(server.slept) < 3

    asking = Server(failure, httpx.Response(200, json=OK))
    assert asking.graph().post("/users/1/getMemberGroups", {}, asks=True) == OK


@pytest.mark.parametrize("failure", [dropped, httpx.Response(500), httpx.Response(504)])
def test_what_must_not_be_done_twice_is_sent_once(failure: Any) -> None:
    server = Server(failure)
    with pytest.raises((GraphError, httpx.ReadError)):
        server.graph().post("/groups", {"displayName": "a"})
    assert len(server.requests) == 1


def test_what_fails_on_ends_in_its_error() -> None:
    server = Server(*[dropped] * 4)
    with pytest.raises(httpx.ReadError):
        server.graph().get("/groups")
    assert len(server.requests) == 4


def test_a_delete_that_nobody_heard_of_was_one() -> None:
    gone = refusal(404, "Request_ResourceNotFound", "Gone")
    Server(dropped, gone).graph().delete("/groups/1")
    with pytest.raises(GraphError, match="404"):
        Server(gone).graph().delete("/groups/1")


def test_a_failure_in_a_batch_is_asked_again_where_it_may_be() -> None:
    failed = {"status": 500, "body": {"error": {"code": "Oops"}}}
    server = Server(batch(a=failed, b=failed, c=failed), batch())
    asks = [Request("GET", "/a"), Request("POST", "/b", {}), Request("POST", "/c", {}, asks=True)]
    first, second, third = server.graph().batch(asks)
    assert (first, third) == ({"url": "/a"}, {"url": "/c"})
    assert isinstance(second, GraphError)


def test_an_answer_that_a_batch_lacks_is_an_error() -> None:
    empty = httpx.Response(200, json={"responses": []})
    (answer,) = Server(empty).graph().batch([Request("POST", "/a", {})])
    assert isinstance(answer, GraphError)
    assert answer.code == "NoAnswer"


# --- changes ---

LINK = "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=t1"


def test_a_delta_is_read_to_its_end_and_ends_with_a_link() -> None:
    more = {"value": [1], "@odata.nextLink": "https://graph.microsoft.com/v1.0/users/delta?$skiptoken=s1"}
    server = Server(httpx.Response(200, json=more), httpx.Response(200, json={"value": [2], "@odata.deltaLink": LINK}))
    changes = server.graph().delta("/users/delta", {"$select": "id,accountEnabled"})
    assert server.requests == []
    with pytest.raises(RuntimeError):
        _ = changes.link
    assert list(changes) == [1, 2]
    assert changes.link == LINK
    assert server.requests[0].url.params["$select"] == "id,accountEnabled"
    assert server.requests[1].url.params["$skiptoken"] == "s1"


def test_a_delta_goes_on_from_its_link_at_the_same_host_alone() -> None:
    server = Server(httpx.Response(200, json={"value": [], "@odata.deltaLink": LINK}))
    assert list(server.graph().delta(LINK)) == []
    assert str(server.requests[0].url) == LINK
    with pytest.raises(GraphError, match="another host"):
        list(server.graph().delta("https://graph.microsoft.com.evil.example/v1.0/users/delta?$deltatoken=t1"))
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [refusal(410, "syncStateNotFound", "Old"), refusal(400, "resyncRequired", "Old")])
def test_a_link_that_is_no_longer_known_is_an_error_of_its_own(answer: httpx.Response) -> None:
    with pytest.raises(SyncLost):
        list(Server(answer).graph().delta(LINK))


# --- whoever waits ---


def test_nothing_more_is_sent_when_it_is_cancelled() -> None:
    cancel = threading.Event()
    server = Server(refusal(429, "TooManyRequests", "Slow down", **{"Retry-After": "60"}))
    client = httpx.Client(transport=httpx.MockTransport(server._answer))
    graph = Graph(lambda: TOKEN, client=client, cancel=cancel, progress=lambda _: cancel.set())
    with pytest.raises(Cancelled):  # at once: the minute is waited on `cancel`
        graph.get("/groups")
    with pytest.raises(Cancelled):
        graph.get("/groups")
    assert len(server.requests) == 1


def test_requests_are_counted_as_they_are_sent() -> None:
    seen: list[int] = []
    server = Server(httpx.Response(500), httpx.Response(200, json=OK), httpx.Response(200, json=OK))
    client = httpx.Client(transport=httpx.MockTransport(server._answer))
    graph = Graph(lambda: TOKEN, client=client, sleep=lambda _: None, progress=seen.append)
    graph.get("/groups/1")
    graph.get("/groups/1")
    assert (graph.requests, seen) == (3, [1, 2, 3])
