"""What is nobody's, what is gone, and how Entra is asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from airflow_entra.directory.credentials import CredentialError
from airflow_entra.rotation.leftovers import GraphEntra, forgotten, nobodys, without_gone
from airflow_entra_auth.graph import Graph
from tests.rotation.test_slots import START, password, vault_secret

APPLICATION = "/applications/1"
LONG_AGO = START - timedelta(hours=2)
JUST_NOW = START - timedelta(minutes=2)


def export(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {}, "resources": list(resources)}}


STATE = export(
    password("slot-a", "a", START, START),
    password("slot-b", "b", START, START),
    password("slot-b", "b-before", START, START, delete=True),
    vault_secret(START),
)


@pytest.mark.parametrize(
    ("in_entra", "before", "found"),
    [
        ({"a": LONG_AGO, "b": JUST_NOW, "b-before": LONG_AGO}, {"a", "b-before"}, []),
        ({"a": LONG_AGO, "new": JUST_NOW}, {"a"}, ["new"]),
        ({"a": LONG_AGO, "there": LONG_AGO}, {"a", "there"}, []),
        ({}, set(), []),
    ],
    ids=["all known", "came during the update", "was there before", "none"],
)
def test_what_came_during_an_update_and_nobody_has(
    in_entra: dict[str, datetime], before: set[str], found: list[str]
) -> None:
    assert nobodys(in_entra, STATE, before) == found


def test_what_nobody_has_for_long() -> None:
    in_entra = {"a": LONG_AGO, "b-before": LONG_AGO, "of-long-ago": LONG_AGO, "of-another-run": JUST_NOW}
    assert forgotten(in_entra, STATE, START) == ["of-long-ago"]
    assert forgotten({}, STATE, START) == []


def test_only_replaced_secrets_that_entra_does_not_have_leave_the_state() -> None:
    assert without_gone(STATE, {"a": START, "b": START, "b-before": START}) is None
    rest = without_gone(STATE, {})
    assert rest is not None
    assert [one.get("outputs", {}).get("keyId") for one in rest["deployment"]["resources"]] == ["a", "b", None]
    assert rest["version"] == 3
    assert "manifest" in rest["deployment"]
    assert len(STATE["deployment"]["resources"]) == 4
    assert without_gone({"deployment": None}, {}) is None


class Wire:
    """Microsoft Graph, as far as an application's secrets go."""

    def __init__(self) -> None:
        self.credentials: list[dict[str, Any]] = [
            {"keyId": "a", "displayName": "slot-a", "startDateTime": "2026-03-01T12:00:00Z"},
            {"keyId": "x", "displayName": "made by hand", "startDateTime": "2026-03-01T12:00:00Z"},
            {"keyId": "y", "displayName": None, "startDateTime": "2026-03-01T12:00:00Z"},
        ]
        self.removed: list[str] = []
        self.refusal: int | None = None
        self.connected = 0

    def graph(self) -> Graph:
        self.connected += 1
        return Graph(lambda: "token", client=httpx.Client(transport=httpx.MockTransport(self._answer)))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.refusal:
            return httpx.Response(self.refusal, json={"error": {"code": "no", "message": "no"}})
        if request.method == "POST":
            assert request.url.path == "/v1.0/applications/1/removePassword"
            self.removed.append(json.loads(request.content)["keyId"])
            return httpx.Response(204)
        assert request.url.params["$select"] == "passwordCredentials"
        return httpx.Response(200, json={"passwordCredentials": self.credentials})


def test_only_secrets_that_are_named_like_a_slot_are_seen() -> None:
    wire = Wire()
    entra = GraphEntra(wire.graph)
    assert entra.secrets(APPLICATION) == {"a": datetime(2026, 3, 1, 12, tzinfo=UTC)}
    assert entra.remove(APPLICATION, "a")
    assert wire.removed == ["a"]
    assert wire.connected == 1


def test_who_may_not_look_is_told_nothing() -> None:
    wire = Wire()
    wire.refusal = 403
    entra = GraphEntra(wire.graph)
    assert entra.secrets(APPLICATION) is None
    assert not entra.remove(APPLICATION, "a")

    def nobody() -> Graph:
        raise CredentialError("no identity")

    assert GraphEntra(nobody).secrets(APPLICATION) is None
