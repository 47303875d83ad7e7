"""After a leak every credential of the application is looked at: on the real engine, asked of the local tenant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_entra_auth.graph import GraphError
from tests.rotation.rotating import Rotating
from tests.tenant.test_applications import certificate

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

TRUST = {
    "name": "somebody-elses",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:somebody/else:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}


@pytest.fixture
def strangers(rotating: Rotating) -> Iterator[dict[str, str]]:
    """One credential of each kind that Graph was asked for past Pulumi: what it is called -> key id or id."""
    graph = rotating.live.graph
    path = _application(rotating)
    body = {"passwordCredential": {"displayName": "backdoor"}}
    secret = graph.post(f"{path}/addPassword", body)
    client_id = rotating.deployment.outputs()["watcher"]["clientId"]
    (watcher,) = graph.pages("/applications", {"$filter": f"appId eq '{client_id}'"})
    body = {"passwordCredential": {"displayName": "at-the-watcher"}}
    at_watcher = graph.post(f"/applications/{watcher['id']}/addPassword", body)
    graph.patch(path, {"keyCredentials": [_key("back-certificate")]})
    (key,) = graph.get(path, {"$select": "id,keyCredentials"})["keyCredentials"]
    trust = graph.post(f"{path}/federatedIdentityCredentials", TRUST)
    principal = _principal(rotating)
    graph.patch(principal, {"keyCredentials": [_key("back-of-the-principal")]})
    (of_principal,) = graph.get(principal, {"$select": "id,keyCredentials"})["keyCredentials"]
    yield {
        "backdoor": secret["keyId"],
        "back-certificate": key["keyId"],
        "somebody-elses": trust["id"],
        "back-of-the-principal": of_principal["keyId"],
        "at-the-watcher": at_watcher["keyId"],
    }
    for holder in (path, f"/applications/{watcher['id']}"):
        for found in graph.get(holder, {"$select": "id,passwordCredentials"})["passwordCredentials"]:
            if found["keyId"] in (secret["keyId"], at_watcher["keyId"]):
                graph.post(f"{holder}/removePassword", {"keyId": found["keyId"]})
    for found in list(graph.pages(f"{path}/federatedIdentityCredentials")):
        graph.delete(f"{path}/federatedIdentityCredentials/{found['id']}")
    for holder in (path, principal):
        graph.patch(holder, {"keyCredentials": []})


def test_they_are_named_and_nothing_claims_success_until_they_are_taken_away(
    rotating: Rotating, strangers: dict[str, str]
) -> None:
    before = _slots(rotating)
    told = json.loads(rotating.run("--now", "--format", "json", code=1))
    assert told["outcome"] == "rotated"
    assert {one["name"]: one["keyId"] for one in told["unknownCredentials"]} == strangers
    assert [one["of"] for one in told["unknownCredentials"]].count("service principal") == 1
    assert all(name in " ".join(one["where"] for one in told["findings"]) for name in strangers)
    assert set(_slots(rotating).values()).isdisjoint(before.values())
    _still_there(rotating, strangers)

    said = rotating.run("--now", "--dry-run", code=1)
    assert "5 credentials that the stack doesn't have: it may still be open" in said.replace("\n", " ")

    taken = json.loads(rotating.run("--now", "--remove-unknown", "--format", "json"))
    assert (taken["findings"], taken["unknownCredentials"]) == ([], [])
    assert {one["name"]: one["keyId"] for one in taken["removedCredentials"]} == strangers
    application = rotating.live.graph.get(_application(rotating))
    assert [one["displayName"] for one in application["keyCredentials"]] == []
    assert {one["displayName"] for one in application["passwordCredentials"]} == {"slot-a", "slot-b"}
    assert set(_slots(rotating).values()) == rotating.key_ids_in_state()
    assert rotating.is_taken(rotating.vault_secret())
    assert rotating.deployment.preview() == []
    assert "no other credential" in rotating.run("--now")


def test_an_identity_that_may_not_look_claims_nothing(rotating: Rotating, monkeypatch: pytest.MonkeyPatch) -> None:
    forbidden = _Forbidden(rotating.live.graph)
    monkeypatch.setattr(rotating.live, "graph", forbidden)
    done = rotating.rotate(at_once=True)
    assert (done.outcome, done.looked, done.fine) == ("rotated", "denied", False)
    assert "unknown" in done.findings[0].what


class _Forbidden:
    """Graph as an identity sees it that may read the application and not what is below it."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def pages(self, path: str, *query: Any) -> Any:
        raise GraphError("GET", path, 403, "Authorization_RequestDenied", "Insufficient privileges", "a-request")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)


def _key(name: str) -> dict[str, Any]:
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate(), "displayName": name}


def _application(rotating: Rotating) -> str:
    (application,) = rotating.live.applications()
    return f"/applications/{application['id']}"


def _principal(rotating: Rotating) -> str:
    (application,) = rotating.live.applications()
    (found,) = rotating.live.graph.pages("/servicePrincipals", {"$filter": f"appId eq '{application['appId']}'"})
    return f"/servicePrincipals/{found['id']}"


def _slots(rotating: Rotating) -> dict[str, str]:
    (application,) = rotating.live.applications()
    found = application["passwordCredentials"]
    return {one["displayName"]: one["keyId"] for one in found if one["displayName"].startswith("slot-")}


def _still_there(rotating: Rotating, strangers: dict[str, str]) -> None:
    path = _application(rotating)
    there = rotating.live.graph.get(path)
    ids = {one["keyId"] for one in (*there["passwordCredentials"], *there["keyCredentials"])}
    assert {strangers["backdoor"], strangers["back-certificate"]} <= ids
