"""What an interrupted create left is found by what only that create can have made."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from airflow_entra.directory.clients import Clients
from airflow_entra.pulumi.pending import PendingCreate
from airflow_entra.recovery.finders import AmbiguousError, Settlement, settle
from airflow_entra_auth.graph import Graph

APPLICATION = "azuread:index/application:Application"
PASSWORD = "azuread:index/applicationPassword:ApplicationPassword"
TAGS = {"tags": ["airflow-entra", "airflow-entra:local"]}
NOT_FOUND = {"error": {"code": "ResourceNotFound", "message": "no"}}


class Azure:
    """Answers by method, path and filter; remembers what was posted."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.posted: list[tuple[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.posted.append((request.url.path, json.loads(request.content)))
            return httpx.Response(204)
        key = request.url.path + (f"?{request.url.params['$filter']}" if "$filter" in request.url.params else "")
        return (
            httpx.Response(200, json=self.answers[key]) if key in self.answers else httpx.Response(404, json=NOT_FOUND)
        )

    @property
    def clients(self) -> Clients:
        http = httpx.Client(transport=httpx.MockTransport(self))
        return Clients(
            graph=Graph(lambda: "t", client=http),
            arm=Graph(lambda: "t", base="https://management.azure.com", client=http),
            tenant_id="t",
            subscription="s",
        )


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"value": list(items)}


def create(type_: str, inputs: dict[str, Any]) -> PendingCreate:
    return PendingCreate(f"urn:pulumi:local::airflow-entra::{type_}::thing", type_, inputs)


PRINCIPAL = {"resourceObjectId": "sp", "principalObjectId": "g", "appRoleId": "r"}
VAULT = {"properties": {}, "resourceGroupName": "rg", "vaultName": "kv"}
VAULT_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"


@pytest.mark.parametrize(
    ("type_", "inputs", "answers", "adopted"),
    [
        (
            APPLICATION,
            TAGS,
            {"/v1.0/applications?tags/any(t:t eq 'airflow-entra:local')": listed({"id": "a"})},
            "/applications/a",
        ),
        (
            "azuread:index/servicePrincipal:ServicePrincipal",
            {"clientId": "c"},
            {"/v1.0/servicePrincipals?appId eq 'c'": listed({"id": "s"})},
            "/servicePrincipals/s",
        ),
        (
            "azuread:index/groupWithoutMembers:GroupWithoutMembers",
            {"mailNickname": "n", "owners": ["O"]},
            {
                "/v1.0/groups?mailNickname eq 'n'": listed({"id": "g"}, {"id": "evil"}, {"id": "used"}),
                "/v1.0/groups/g/owners": listed({"id": "o"}),
                "/v1.0/groups/g/members": listed(),
                "/v1.0/groups/evil/owners": listed({"id": "o"}, {"id": "mallory"}),
                "/v1.0/groups/used/owners": listed({"id": "o"}),
                "/v1.0/groups/used/members": listed({"id": "mallory"}),
            },
            "/groups/g",
        ),
        (
            "azuread:index/appRoleAssignment:AppRoleAssignment",
            PRINCIPAL,
            {
                "/v1.0/servicePrincipals/sp/appRoleAssignedTo": listed(
                    {"id": "1", "principalId": "g", "appRoleId": "other"},
                    {"id": "2", "principalId": "g", "appRoleId": "r"},
                )
            },
            "/servicePrincipals/sp/appRoleAssignedTo/2",
        ),
        (
            "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
            {"applicationId": "/applications/a", "displayName": "airflow"},
            {"/v1.0/applications/a/federatedIdentityCredentials": listed({"id": "f", "name": "airflow"})},
            "a/federatedIdentityCredential/f",
        ),
        ("azure-native:keyvault:Vault", VAULT, {VAULT_ID: {"id": VAULT_ID}}, VAULT_ID),
        (
            "azure-native:authorization:RoleAssignment",
            {"scope": VAULT_ID, "roleAssignmentName": "n"},
            {f"{VAULT_ID}/providers/Microsoft.Authorization/roleAssignments/n": {}},
            f"{VAULT_ID}/providers/Microsoft.Authorization/roleAssignments/n",
        ),
    ],
)
def test_what_had_been_made_is_adopted(
    type_: str, inputs: dict[str, Any], answers: dict[str, Any], adopted: str
) -> None:
    azure = Azure(answers)
    assert settle(create(type_, inputs), azure.clients, frozenset()).id == adopted
    assert settle(create(type_, inputs), azure.clients, frozenset({adopted})).id is None
    assert azure.posted == []


def test_what_had_not_been_made_is_forgotten() -> None:
    assert settle(create("azure-native:keyvault:Vault", VAULT), Azure({}).clients, frozenset()).id is None


def test_an_application_without_our_tag_is_never_looked_for() -> None:
    assert settle(create(APPLICATION, {"tags": ["other"]}), Azure({}).clients, frozenset()).id is None


def test_two_candidates_are_a_persons_choice() -> None:
    found = listed({"id": "a"}, {"id": "b"})
    azure = Azure({"/v1.0/applications?tags/any(t:t eq 'airflow-entra:local')": found})
    with pytest.raises(AmbiguousError, match=r"/applications/a, /applications/b"):
        settle(create(APPLICATION, TAGS), azure.clients, frozenset())


def test_a_client_secret_that_nobody_can_read_any_more_is_taken_off() -> None:
    credentials = [{"keyId": "lost", "displayName": "slot-a"}, {"keyId": "kept", "displayName": "slot-a"}]
    azure = Azure({"/v1.0/applications/a": {"passwordCredentials": credentials}})
    inputs = {"applicationId": "/applications/a", "displayName": "slot-a"}
    settled = settle(create(PASSWORD, inputs), azure.clients, frozenset({"a/password/kept"}))
    assert settled == Settlement(None, "1 unreadable client secret removed")
    assert azure.posted == [("/v1.0/applications/a/removePassword", {"keyId": "lost"})]


def test_a_type_that_adopts_by_itself_is_left_to_do_so() -> None:
    settled = settle(create("pulumi-python:dynamic/entra:TokenLifetimePolicy", {}), Azure({}).clients, frozenset())
    assert settled.id is None
