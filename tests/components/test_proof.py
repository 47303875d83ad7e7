"""The vault gets a new secret once Entra takes it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

import httpx
import pulumi
import pytest

from airflow_entra.components.proof import PATIENCE, PAUSE, wait_until_taken
from airflow_entra.variables import PROVE
from tests.components.harness import Deploy

SECRET = "aB1~the-secret"
TAKEN = httpx.Response(200, json={"access_token": "t"})
WRONG = httpx.Response(401, json={"error_description": "AADSTS7000215: Invalid client secret provided."})
NO_ANSWER = httpx.ConnectError("refused")
Answer = httpx.Response | httpx.TransportError


class Entra:
    """Answers in this order; its clock moves when somebody waits."""

    def __init__(self, answers: Iterator[Answer]) -> None:
        self._answers, self.asked, self.time = answers, 0, 0.0

    def ask(self, tenant_id: str, client_id: str, secret: str) -> httpx.Response:
        assert (tenant_id, client_id, secret) == ("tenant", "client", SECRET)
        self.asked += 1
        answer = next(self._answers)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def clock(self) -> float:
        return self.time


def waited(entra: Entra, times: int) -> str:
    return wait_until_taken(SECRET, "client", "tenant", times, ask=entra.ask, sleep=entra.sleep, clock=entra.clock)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([TAKEN, TAKEN, TAKEN], 3),
        ([WRONG, TAKEN, TAKEN, WRONG, TAKEN, TAKEN, TAKEN], 7),
        ([NO_ANSWER, httpx.Response(503), httpx.Response(429), TAKEN, TAKEN, TAKEN], 6),
        ([httpx.Response(400, json={"error_description": "AADSTS53003: Blocked by Conditional Access."})] * 3, 3),
    ],
    ids=["at once", "not by every server yet", "Entra in trouble", "refused for another reason"],
)
def test_it_is_taken_so_many_times_in_a_row(answers: list[Answer], asked: int) -> None:
    entra = Entra(iter(answers))
    assert waited(entra, 3) == SECRET
    assert entra.asked == asked
    assert entra.time == (asked - 1) * PAUSE


@pytest.mark.parametrize("answers", [repeat(WRONG), chain.from_iterable(repeat((WRONG, TAKEN)))], ids=["never", "half"])
def test_what_isnt_taken_ends_the_run_with_the_fix_and_without_the_secret(answers: Iterator[Answer]) -> None:
    entra = Entra(iter(answers))
    with pytest.raises(
        pulumi.RunError, match=r"AADSTS7000215.*vault keeps the one before.*run `airflow-entra rotate`"
    ) as it:
        waited(entra, 2)
    assert PATIENCE <= entra.time <= PATIENCE + 2 * PAUSE
    assert SECRET not in str(it.value)


@pytest.mark.parametrize(("said", "asked"), [("", 0), ("2", 2), ("no number", 0)])
def test_entra_is_asked_in_an_update_by_rotate_alone(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, said: str, asked: int
) -> None:
    seen = 0

    def ask(*_: str) -> httpx.Response:
        nonlocal seen
        seen += 1
        return TAKEN

    monkeypatch.setenv(PROVE, said)
    monkeypatch.setattr("airflow_entra.components.proof._ask", ask)
    monkeypatch.setattr("airflow_entra.components.proof.PAUSE", 0.0)
    deployed = deploy()
    assert deployed.one("Secret").inputs["properties"]["value"] == "value of slot-a"
    assert seen == asked
