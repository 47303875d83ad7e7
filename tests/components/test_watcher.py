"""The watcher is somebody else: an identity that nobody signs in to holds what reads the directory."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.access.permissions import APP_ROLE_IDS, GIVEN_BY_0_1
from airflow_entra.components.moving import Held, held_by_sign_on
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from tests.components.harness import GRAPH_ITSELF, Deploy, Deployment, FakeTenant, stack_settings

WATCH = {"signIn.revocation": "watch"}
WATCHED = {APP_ROLE_IDS[name] for name in WATCH_PERMISSIONS}
FEDERATED = {
    "mode": "federated",
    "federated": {"issuer": "https://oidc.contoso.com/", "subject": "system:serviceaccount:airflow:airflow-api-server"},
}
EXISTING = {"objectId": "11111111-2222-4333-8444-555555555555", "clientId": "66666666-2222-4333-8444-555555555555"}


def given(deployed: Deployment) -> dict[str, str]:
    """Who is given which permission of Graph, by the resource's name."""
    found = [one for one in deployed.all("AppRoleAssignment") if one.inputs["resourceObjectId"] == GRAPH_ITSELF]
    assert {one.inputs["appRoleId"] for one in found} <= WATCHED
    return {one.name: one.inputs["principalObjectId"] for one in found}


def test_its_registration_asks_for_the_permissions_and_nothing_else(deploy: Deploy) -> None:
    deployed = deploy(WATCH)

    inputs = deployed.called("Application", "watcher-application").inputs
    (access,) = inputs["requiredResourceAccesses"]
    assert {(one["type"], one["id"]) for one in access["resourceAccesses"]} == {("Role", id_) for id_ in WATCHED}
    assert not {"web", "appRoles", "optionalClaims", "publicClient", "singlePageApplication"} & inputs.keys()
    assert inputs["owners"] == deployed.called("Application", "application").inputs["owners"]
    names = {f"watcher-permission-{name}" for name in WATCH_PERMISSIONS}
    assert given(deployed) == dict.fromkeys(names, "watcher-service-principal-object-id")


def test_its_secret_is_its_own_in_the_same_vault(deploy: Deploy) -> None:
    deployed = deploy(WATCH)

    secret = deployed.called("Secret", "watcher-client-secret").inputs
    assert secret["vaultName"] == deployed.called("Secret", "client-secret").inputs["vaultName"]
    assert secret["secretName"] == "airflow-oauth-client-secret-watcher"
    assert secret["properties"]["value"] == "value of watcher-slot-a"
    assert {one.name for one in deployed.all("ApplicationPassword")} == {
        *("slot-a", "slot-b"),
        *("watcher-slot-a", "watcher-slot-b"),
    }
    facts = deployed.outputs["watcher"]
    assert (facts["mode"], facts["slot"], facts["secretName"]) == ("vaultSecret", "slot-a", secret["secretName"])
    assert "value of" not in str(deployed.outputs)


def test_readers_of_somebody_elses_vault_may_read_both_secrets(deploy: Deploy) -> None:
    vault = (
        "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kvs"
    )
    reader = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
    deployed = deploy({**WATCH, "credential.vault": {"existing": vault, "readers": [reader]}})

    scopes = {one.name: one.inputs["scope"] for one in deployed.all("RoleAssignment")}
    assert scopes == {
        f"secrets-user/{reader}": f"{vault}/secrets/airflow-oauth-client-secret",
        f"watcher-secrets-user/{reader}": f"{vault}/secrets/airflow-oauth-client-secret-watcher",
    }


def test_beside_a_service_account_it_is_another_one(deploy: Deploy) -> None:
    deployed = deploy({**WATCH, "credential": FEDERATED})

    trusted = {one.name: one.inputs["subject"] for one in deployed.all("ApplicationFederatedIdentityCredential")}
    assert trusted == {
        "federated": "system:serviceaccount:airflow:airflow-api-server",
        "watcher-federated": "system:serviceaccount:airflow:airflow-api-server-watcher",
    }
    assert deployed.outputs["watcher"]["subject"] == trusted["watcher-federated"]


def test_it_may_be_a_workload_of_its_own_beside_a_secret(deploy: Deploy) -> None:
    trust = {"issuer": "https://oidc.contoso.com/", "subject": "system:serviceaccount:airflow:watch"}
    deployed = deploy({**WATCH, "watcher": {"federated": trust}})

    assert deployed.one("ApplicationFederatedIdentityCredential").inputs["subject"] == trust["subject"]
    assert [one.name for one in deployed.all("Secret")] == ["client-secret"]


def test_an_identity_that_exists_gets_the_permissions_and_nothing_is_made(deploy: Deploy) -> None:
    deployed = deploy({**WATCH, "watcher": {"existing": EXISTING}})

    assert [one.name for one in deployed.all("Application")] == ["application"]
    assert set(given(deployed).values()) == {EXISTING["objectId"]}
    assert deployed.outputs["watcher"] == {
        "clientId": EXISTING["clientId"],
        "servicePrincipalObjectId": EXISTING["objectId"],
        "mode": "existing",
    }


@pytest.mark.parametrize("consent", ["request", "existing", "none"])
def test_who_may_not_consent_declares_no_permission(deploy: Deploy, consent: str) -> None:
    assert given(deploy({**WATCH, "tenant.manage.consent": consent})) == {}


def test_nothing_of_it_is_there_where_nothing_watches(deploy: Deploy) -> None:
    deployed = deploy()

    assert not [name for _, name in deployed.names if "watcher" in name]
    assert "watcher" not in deployed.outputs


def test_what_an_older_release_gave_stays_declared_as_it_was(deploy: Deploy) -> None:
    deployed = deploy(WATCH, held=GIVEN_BY_0_1)

    (access,) = deployed.called("Application", "application").inputs["requiredResourceAccesses"]
    own = {one["id"] for one in access["resourceAccesses"] if one["type"] == "Role"}
    assert own == {APP_ROLE_IDS[name] for name in GIVEN_BY_0_1}
    kept = {name for name, principal in given(deployed).items() if principal == "service-principal-object-id"}
    assert kept == {f"application-permission-{name}" for name in GIVEN_BY_0_1}


BOTH = {APP_ROLE_IDS[name] for name in GIVEN_BY_0_1}


@pytest.mark.parametrize(
    ("changes", "tenant", "held", "told"),
    [
        ({}, FakeTenant(), (), 0),
        ({}, FakeTenant(manifest=BOTH), GIVEN_BY_0_1, 1),
        ({}, FakeTenant(denied=True), GIVEN_BY_0_1, 2),
        ({"watcher": {"moved": True}}, FakeTenant(manifest=BOTH), (), 0),
        ({"tenant.manage.consent": "request"}, FakeTenant(manifest=BOTH), (), 0),
        ({"signIn.revocation": "refresh"}, FakeTenant(manifest=BOTH), (), 0),
    ],
)
def test_only_what_is_there_already_is_kept(
    changes: dict[str, Any], tenant: FakeTenant, held: tuple[str, ...], told: int
) -> None:
    found = held_by_sign_on(DeclaredStack("prod", stack_settings({**WATCH, **changes})), tenant)  # type: ignore[arg-type]

    assert (found.permissions, len(found.warnings)) == (held, told)
    assert all("moved: true" in text for text in found.warnings[-1:])
    assert tenant.asked in ([], ["manifest of airflow-entra:prod"])


def test_nothing_is_asked_of_a_tenant_that_nobody_watches() -> None:
    assert held_by_sign_on(DeclaredStack("prod", stack_settings({})), FakeTenant(denied=True)) == Held()  # type: ignore[arg-type]


def test_its_secret_ends_with_the_sign_ons(deploy: Deploy) -> None:
    deployed = deploy(WATCH)

    ends = {one.name: one.inputs["endDate"] for one in deployed.all("ApplicationPassword")}
    assert ends["watcher-slot-a"] == ends["slot-a"]
