"""One stack, one component: what it is made of, in every combination of choices, and what it tells the outside."""

from __future__ import annotations

from itertools import product
from typing import Any

import pulumi
import pytest

from airflow_entra.components.part import MOVES
from tests.components.harness import DEPLOYER, Deploy, FakeTenant

VAULT = {"create": "kv-airflow", "resourceGroup": "rg-airflow"}
EXISTING = (
    "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg-shared"
    "/providers/Microsoft.KeyVault/vaults/kv-shared"
)
READER = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
CREDENTIALS: dict[str, dict[str, Any]] = {
    "created vault": {"mode": "vaultSecret", "vault": VAULT | {"readers": [READER]}},
    "existing vault": {"mode": "vaultSecret", "vault": {"existing": EXISTING, "readers": [READER]}},
    "federated": {"mode": "federated", "federated": {"issuer": "https://issuer.contoso.com", "subject": "airflow"}},
}
PRIVILEGED = {
    "AppRoleAssignment": "assignments",
    "ServicePrincipalDelegatedPermissionGrant": "consent",
    "GroupWithoutMembers": "groups",
    "TokenLifetimePolicy": "tokenLifetime",
}


@pytest.mark.parametrize(
    ("credential", "roles_from", "how"),
    list(
        product(
            CREDENTIALS, ("appRoles", "assignedGroups", "securityGroups"), ("managed", "existing", "request", "none")
        )
    ),
)
def test_each_combination_declares_its_own_parts_and_no_privileged_one_of_others(
    deploy: Deploy, credential: str, roles_from: str, how: str
) -> None:
    groups = [{"create": "airflow-admins"}]
    if how in ("existing", "none"):
        groups = [{"id": READER, "name": "admins"}]
    parts = ("groups", "assignments", "consent", "tokenLifetime", "vaultRoles")
    deployed = deploy(
        {
            "credential": CREDENTIALS[credential],
            "signIn.rolesFrom": roles_from,
            "tenant.manage": dict.fromkeys(parts, how),
            "roles": {"Admin": {"groups": groups}},
        }
    )

    made = {one.type.rpartition(":")[2] for one in deployed.resources}
    assert {"Application", "ServicePrincipal"} <= made
    assert {kind for kind in PRIVILEGED if kind in made} == (set(PRIVILEGED) if how == "managed" else set())
    vaulted = credential != "federated"
    assert ("RoleAssignment" in made) == (vaulted and how == "managed")
    assert ("Vault" in made) == (credential == "created vault")
    assert ("Secret" in made, "ApplicationPassword" in made) == (vaulted, vaulted)
    assert ("ApplicationFederatedIdentityCredential" in made) == (not vaulted)
    assert bool(deployed.outputs.get("handOver")) == (how == "request")


def test_the_deploying_identity_alone_asks_nothing_where_everything_is_left_to_others(deploy: Deploy) -> None:
    """With Application.ReadWrite.OwnedBy only, a look-up may be refused: it is told, and the run goes on."""
    deployed = deploy(
        {
            "credential": CREDENTIALS["federated"],
            "tenant.manage": dict.fromkeys(("groups", "assignments", "consent", "tokenLifetime"), "request"),
        },
        tenant=FakeTenant(denied=True),
    )

    assert {one.type.partition(":")[0] for one in deployed.resources} == {"airflow-entra", "azuread"}
    assert len(deployed.outputs["warnings"]) == 3
    assert all("may not read it" in warning for warning in deployed.outputs["warnings"])
    assert len(deployed.outputs["handOver"]["open"]) == 7  # 2 groups, 3 assignments, consent, token lifetime


def test_outputs_are_what_the_rest_of_the_product_reads(deploy: Deploy) -> None:
    outputs = deploy({"signIn.longestDagRun": "2h"}).outputs

    assert outputs == {
        "tenantId": "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11",
        "clientId": "client-id",
        "applicationObjectId": "application-object-id",
        "servicePrincipalObjectId": "service-principal-object-id",
        "environment": "development",
        "airflow": [
            {
                "version": "3.3",
                "url": "https://airflow.contoso.com",
                "redirectUri": "https://airflow.contoso.com/auth/oauth-authorized/azure",
                "logoutUrl": "https://airflow.contoso.com/auth/logout",
            }
        ],
        "rolesFrom": "appRoles",
        "roles": {
            "Admin": [{"group": "airflow-admins", "id": "airflow-admins-object-id", "source": "created"}],
            "Viewer": [
                {"group": "airflow-viewers", "id": "airflow-viewers-object-id", "source": "created"},
                {"group": "everybody", "id": "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03", "source": "existing"},
            ],
        },
        "tokenLifetime": "8h",
        "signInFrequency": None,
        "airflowSession": "8h",
        "longestDagRun": "2h",
        "credential": {
            "mode": "vaultSecret",
            "expires": "2026-06-06T12:00:00Z",
            "slot": "slot-a",
            "vaultUri": "https://kv-airflow.vault.azure.net/",
            "secretName": "airflow-oauth-client-secret",
            "secretUri": "https://kv-airflow.vault.azure.net/secrets/airflow-oauth-client-secret",
        },
        "warnings": [],
    }


def test_a_rename_and_a_reordering_register_the_same_resources(deploy: Deploy) -> None:
    before = deploy()
    after = deploy(
        {
            "roles": {
                "Viewer": {
                    "groups": [
                        {"id": "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03", "name": "all of us"},
                        {"create": "airflow-readers", "was": "airflow-viewers"},
                    ]
                },
                "Chief": {"was": "Admin", "groups": [{"create": "airflow-admins"}]},
            }
        }
    )

    assert after.names == before.names
    groups = {one.name: one.inputs for one in after.all("GroupWithoutMembers")}
    assert groups["airflow-viewers"]["displayName"] == "airflow-readers"
    nicknames = {one.name: one.inputs["mailNickname"] for one in before.all("GroupWithoutMembers")}
    assert {name: inputs["mailNickname"] for name, inputs in groups.items()} == nicknames


@pytest.mark.parametrize(("environment", "protected"), [("production", True), ("staging", False)])
def test_production_protects_the_application_and_the_groups(deploy: Deploy, environment: str, protected: bool) -> None:
    deployed = deploy({"environment": environment})
    kept = {one.type.rpartition(":")[2] for one in deployed.resources if one.protect}
    assert kept == ({"Application", "GroupWithoutMembers"} if protected else set())


def test_every_resource_lies_below_a_component_and_every_component_below_the_one(deploy: Deploy) -> None:
    deployed = deploy()
    components = {one.name for one in deployed.resources if one.type.startswith("airflow-entra:")}
    assert {one.parent for one in deployed.resources if one.name != "airflow"} <= components
    assert {one.parent for one in deployed.resources if one.name in components - {"airflow"}} == {"airflow"}


def test_an_earlier_place_of_a_component_is_an_alias_of_the_present_one(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MOVES, "RoleGroups", [pulumi.Alias(name="groups")])
    (component,) = [one for one in deploy().resources if one.name == "role-groups"]
    assert component.aliases == ("groups",)


def test_who_deploys_without_being_listed_becomes_an_owner_and_is_told(deploy: Deploy) -> None:
    other = "0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"
    deployed = deploy({"owners.application": [other]})

    assert deployed.one("Application").inputs["owners"] == [other, DEPLOYER]
    (warning,) = deployed.outputs["warnings"]
    assert DEPLOYER in warning
    assert "owners.application" in warning


def test_who_only_looks_becomes_no_owner(deploy: Deploy) -> None:
    other = "0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"
    deployed = deploy({"owners.application": [other]}, deploys=False)

    assert [deployed.one(kind).inputs["owners"] for kind in ("Application", "ServicePrincipal")] == [[other], [other]]
    assert deployed.outputs["warnings"] == []


def test_the_secret_is_in_no_output_and_no_component(deploy: Deploy) -> None:
    deployed = deploy()
    assert "value of slot" not in repr(deployed.outputs)
    holders = [one.name for one in deployed.resources if "value of slot" in repr(one.inputs)]
    assert holders == ["client-secret"]
