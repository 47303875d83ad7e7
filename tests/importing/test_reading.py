"""What is read from Graph, and what is said where something can't be."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from airflow_entra.directory.registration import read_registration
from airflow_entra.directory.vaults import read_vaults
from airflow_entra.errors import UserError
from airflow_entra_auth.graph import Graph

APPLICATION = {"id": "o", "appId": "c", "displayName": "Airflow", "web": {"redirectUris": ["https://a"]}, "tags": None}
DENIED = httpx.Response(403, json={"error": {"code": "Authorization_RequestDenied", "message": "no"}})


def graph(answers: dict[str, Any]) -> Graph:
    """Graph that answers these paths, an empty list for another filter, and no to everything else."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1.0")
        asked = f"{path}?{request.url.params['$filter']}" if "$filter" in request.url.params else path
        if asked in answers:
            return httpx.Response(200, json=answers[asked])
        return httpx.Response(200, json={"value": []}) if "?" in asked else DENIED

    return Graph(lambda: "t", client=httpx.Client(transport=httpx.MockTransport(answer)))


def test_what_may_not_be_read_is_named_and_the_rest_is_there() -> None:
    answers = {
        "/applications?appId eq 'c'": {"value": [APPLICATION]},
        "/applications/o": {"id": "o", "keyCredentials": [{"keyId": "k", "key": "MII="}]},
        "/servicePrincipals?appId eq 'c'": {"value": [{"id": "s", "appRoleAssignmentRequired": True}]},
        "/applications/o/tokenLifetimePolicies": {"value": [{"id": "p", "definition": ["no json"]}]},
    }
    found = read_registration(graph(answers), "t", "c", ["not an id"])
    assert (found.client_id, found.principal_id, found.redirects) == ("c", "s", ("https://a",))
    assert found.certificates[0].der == "MII="
    assert found.lifetime_policy is not None
    assert (found.lifetime_policy.lifetime, found.lifetime_policy.others) == ("", None)
    assert set(found.unread) == {
        "the application's owners",
        "federated credentials",
        "who is assigned",
        "granted application permissions",
        "what else the token lifetime policy applies to",
        "Conditional Access policies",
    }


def test_an_object_id_in_place_of_the_client_id_is_recognised() -> None:
    with pytest.raises(UserError, match="whose client id is c"):
        read_registration(graph({"/applications?id eq 'o'": {"value": [APPLICATION]}}), "t", "o")
    with pytest.raises(UserError, match="Overview page"):
        read_registration(graph({}), "t", "nothing")


def test_vaults_are_read_page_by_page_and_never_from_another_host() -> None:
    asked: list[str] = []
    vault = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"
    more = "https://management.azure.com/subscriptions/s/more"

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.host}{request.url.path}")
        body: dict[str, Any] = {"value": []}
        if request.url.path == "/subscriptions/s/providers/Microsoft.KeyVault/vaults":
            body = {"value": [{"id": f"{vault}/one", "location": "westeurope"}], "nextLink": more}
        elif request.url.path == "/subscriptions/s/more":
            body = {"value": [{"id": f"{vault}/two"}], "nextLink": "https://evil.example.com/more"}
        elif request.url.path == f"{vault}/one/secrets":
            body = {"value": [{"name": "airflow", "properties": {"attributes": {"exp": 1798761600}}}]}
        elif request.url.path.endswith("roleAssignments") and "/one/" in request.url.path:
            return DENIED
        return httpx.Response(200, content=json.dumps(body))

    client = httpx.Client(transport=httpx.MockTransport(answer))
    one, two = read_vaults(Graph(lambda: "t", base="https://management.azure.com", client=client), "s")
    assert (one.name, one.resource_group, one.roles) == ("one", "rg", ())
    assert one.secrets[0].expires is not None
    assert one.secrets[0].expires.isoformat() == "2027-01-01T00:00:00+00:00"
    assert two.secrets == ()
    assert not any("evil" in path for path in asked)
