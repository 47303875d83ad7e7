from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.access.permissions import SCOPE_IDS
from tests.components.harness import GRAPH_ITSELF, Deploy


def test_it_is_single_tenant_web_only_v2_and_without_implicit_grant(deploy: Deploy) -> None:
    inputs = deploy().one("Application").inputs

    assert inputs["signInAudience"] == "AzureADMyOrg"
    assert inputs["api"] == {"requestedAccessTokenVersion": 2}
    grant = inputs["web"]["implicitGrant"]
    assert grant == {"accessTokenIssuanceEnabled": False, "idTokenIssuanceEnabled": False}
    assert {claim["name"] for claim in inputs["optionalClaims"]["idTokens"]} == {"acct", "email", "sid", "upn"}
    assert inputs["tags"] == ["airflow-entra", "airflow-entra:dev"]
    assert "publicClient" not in inputs
    assert "singlePageApplication" not in inputs


def test_two_airflows_share_it(deploy: Deploy) -> None:
    airflows = [
        {"version": "2.11", "url": "https://data.contoso.com/old"},
        {"version": "3.3", "url": "https://data.contoso.com/new"},
    ]
    web = deploy({"airflow": airflows}).one("Application").inputs["web"]

    assert web["redirectUris"] == [
        "https://data.contoso.com/new/auth/oauth-authorized/azure",
        "https://data.contoso.com/old/oauth-authorized/azure",
    ]
    assert web["logoutUrl"] == "https://data.contoso.com/new/auth/logout"


def test_a_local_airflow_has_no_logout_url_because_entra_wants_https(deploy: Deploy) -> None:
    airflows = [{"version": "3.3", "url": "http://localhost:8080"}]
    assert "logoutUrl" not in deploy({"airflow": airflows}).one("Application").inputs["web"]


@pytest.mark.parametrize(
    ("roles_from", "claims", "app_roles"),
    [
        ("appRoles", None, ["Admin", "Viewer"]),
        ("assignedGroups", ["ApplicationGroup"], []),
        ("securityGroups", ["SecurityGroup"], []),
    ],
)
def test_tokens_carry_what_roles_come_from(
    deploy: Deploy, roles_from: str, claims: list[str] | None, app_roles: list[str]
) -> None:
    inputs = deploy({"signIn.rolesFrom": roles_from}).one("Application").inputs
    assert inputs.get("groupMembershipClaims") == claims
    assert [role["value"] for role in inputs.get("appRoles", [])] == app_roles


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"signIn.revocation": "watch"}, set()),
        ({}, {"offline_access"}),
        ({"signIn.rolesFrom": "securityGroups"}, {"GroupMember.Read.All", "offline_access"}),
    ],
)
def test_it_asks_for_what_it_needs_and_consent_grants_the_same(
    deploy: Deploy, changes: dict[str, Any], more: set[str]
) -> None:
    deployed = deploy(changes)
    wanted = {"openid", "profile", "email", "User.Read"} | more

    (access,) = deployed.called("Application", "application").inputs["requiredResourceAccesses"]
    delegated = {one["id"] for one in access["resourceAccesses"] if one["type"] == "Scope"}
    assert delegated == {SCOPE_IDS[name] for name in wanted}
    grant = deployed.one("ServicePrincipalDelegatedPermissionGrant").inputs
    assert set(grant["claimValues"]) == wanted
    assert grant["resourceServicePrincipalObjectId"] == GRAPH_ITSELF


@pytest.mark.parametrize("revocation", ["watch", "refresh"])
def test_the_application_that_people_sign_in_to_has_no_permission_of_its_own(deploy: Deploy, revocation: str) -> None:
    deployed = deploy({"signIn.revocation": revocation})

    (access,) = deployed.called("Application", "application").inputs["requiredResourceAccesses"]
    assert {one["type"] for one in access["resourceAccesses"]} == {"Scope"}
    given = [one.inputs for one in deployed.all("AppRoleAssignment") if one.inputs["resourceObjectId"] == GRAPH_ITSELF]
    assert "service-principal-object-id" not in {one["principalObjectId"] for one in given}


@pytest.mark.parametrize("required", [True, False])
def test_the_service_principal_says_whether_an_assignment_is_required(deploy: Deploy, required: bool) -> None:
    inputs = deploy({"signIn.assignmentRequired": required}).one("ServicePrincipal").inputs
    assert inputs["appRoleAssignmentRequired"] is required
