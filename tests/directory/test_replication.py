"""Waiting for what this run has made, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from airflow_entra.directory.replication import PATIENCE, once_there
from airflow_entra_auth.graph import Graph, GraphError

MINE, THEIRS = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02", "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"


def missing(id_: str, status: int = 404) -> GraphError:
    said = f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present."
    return GraphError("GET", "/x", status, "Request_ResourceNotFound", said, "")


class Entra:
    """Refuses so many times, then answers. `now` is the time that waiting takes."""

    def __init__(self, error: GraphError, times: int, *, deleted: tuple[str, ...] = ()) -> None:
        self.error, self.times, self.deleted = error, times, deleted
        self.asked, self.now = 0, 0.0
        self.said: list[str] = []

    def answer(self) -> str:
        self.asked += 1
        if self.asked <= self.times:
            raise self.error
        return "there"

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def deleted_items(self, request: httpx.Request) -> httpx.Response:
        known = request.url.path.rpartition("/")[2] in self.deleted
        return httpx.Response(200, json={}) if known else httpx.Response(404, json={"error": {"code": "x"}})

    def wait(self) -> str:
        with httpx.Client(transport=httpx.MockTransport(self.deleted_items)) as client:
            graph = Graph(lambda: "t", client=client)
            clock: Callable[[], float] = lambda: self.now  # noqa: E731
            return once_there(self.answer, graph, ["", MINE], say=self.said.append, sleep=self.pause, clock=clock)


@pytest.mark.parametrize("status", [400, 404])
def test_what_this_run_made_is_waited_for_with_progress(status: int) -> None:
    entra = Entra(missing(MINE.upper(), status), 5)
    assert entra.wait() == "there"
    assert len(entra.said) == 5
    assert entra.said[3] == f"Entra doesn't show {MINE}, made a moment ago, everywhere yet: waiting (4 of 60 s)"


def test_after_a_minute_the_answer_counts() -> None:
    entra = Entra(missing(MINE), 1000)
    with pytest.raises(GraphError, match=MINE):
        entra.wait()
    assert PATIENCE <= entra.now < PATIENCE + 4


@pytest.mark.parametrize(
    "error",
    [
        missing(THEIRS),
        missing(MINE, 403),
        GraphError("GET", "/x", 404, "Request_ResourceNotFound", f"{MINE} is another matter", ""),
        GraphError("POST", "/x", 400, "Request_BadRequest", "A value is required.", ""),
    ],
)
def test_nothing_else_is_waited_for(error: GraphError) -> None:
    entra = Entra(error, 1)
    with pytest.raises(GraphError):
        entra.wait()
    assert (entra.asked, entra.now, entra.said) == (1, 0, [])


def test_what_was_deleted_is_told_at_once() -> None:
    entra = Entra(missing(MINE), 1, deleted=(MINE,))
    with pytest.raises(GraphError):
        entra.wait()
    assert (entra.asked, entra.now) == (1, 0)
