from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.access import names
from airflow_entra.access.azure_roles import SECRETS_OFFICER, SECRETS_USER
from tests.components.harness import DEPLOYER, Deploy, FakeTenant

SUBSCRIPTION = "1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21"
OTHER = "e3f5a7b9-2c4d-4e6f-8a1b-9d0c7f5e3b07"
READER = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-airflow/providers/Microsoft.KeyVault/vaults/kv-airflow"


def existing(subscription: str = SUBSCRIPTION) -> dict[str, Any]:
    vault = f"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-shared"
    return {"mode": "vaultSecret", "vault": {"existing": vault, "readers": [READER]}, "secretName": "airflow"}


@pytest.mark.parametrize(("environment", "purge_protection"), [("production", True), ("staging", None)])
def test_a_created_vault_goes_by_roles_and_production_cannot_purge_it(
    deploy: Deploy, environment: str, purge_protection: bool | None
) -> None:
    vault = deploy({"environment": environment}).one("Vault").inputs
    properties = vault["properties"]
    assert (vault["vaultName"], vault["resourceGroupName"], vault["location"]) == (
        "kv-airflow",
        "rg-airflow",
        "westeurope",
    )
    assert properties["enableRbacAuthorization"] is True
    assert properties["softDeleteRetentionInDays"] == 90
    assert properties.get("enablePurgeProtection") is purge_protection
    assert "createMode" not in properties


def test_a_private_endpoint_is_the_only_way_to_the_vault(deploy: Deploy) -> None:
    network = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet"
    subnet = f"{network}/subnets/snet"
    deployed = deploy({"credential.vault.privateEndpointSubnet": subnet})

    properties = deployed.one("Vault").inputs["properties"]
    assert properties["publicNetworkAccess"] == "disabled"
    assert properties["networkAcls"] == {"bypass": "None", "defaultAction": "Deny"}
    endpoint = deployed.one("PrivateEndpoint").inputs
    assert endpoint["subnet"]["id"] == subnet
    (connection,) = endpoint["privateLinkServiceConnections"]
    assert (connection["privateLinkServiceId"], connection["groupIds"]) == (VAULT, ["vault"])


ZONE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/"
    "privatelink.vaultcore.azure.net"
)
SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet"
)


def test_the_private_endpoint_is_registered_in_the_zone_that_the_file_names(deploy: Deploy) -> None:
    deployed = deploy({"credential.vault.privateEndpointSubnet": SUBNET, "credential.vault.privateDnsZone": ZONE})
    group = deployed.one("PrivateDnsZoneGroup").inputs

    assert group["privateEndpointName"] == deployed.one("PrivateEndpoint").inputs["privateEndpointName"]
    assert group["privateDnsZoneConfigs"] == [{"name": "vault", "privateDnsZoneId": ZONE}]
    assert deployed.one("PrivateEndpoint").ignore_changes == ("customDnsConfigs",)


@pytest.mark.parametrize("whose", [{"credential.vault.privateDnsZone": "elsewhere"}, {}])
def test_a_record_that_others_keep_is_left_to_them(deploy: Deploy, whose: dict[str, str]) -> None:
    assert deploy({"credential.vault.privateEndpointSubnet": SUBNET, **whose}).all("PrivateDnsZoneGroup") == []


def test_a_soft_deleted_vault_is_recovered_and_that_is_forgotten_afterwards(deploy: Deploy) -> None:
    vault = deploy(tenant=FakeTenant(deleted_vaults={"kv-airflow"})).one("Vault")
    assert vault.inputs["properties"]["createMode"] == "recover"
    assert vault.ignore_changes == ("properties.createMode",)


def test_where_deleted_vaults_may_not_be_read_the_run_goes_on_and_says_so(deploy: Deploy) -> None:
    deployed = deploy(tenant=FakeTenant(denied=True))
    assert "createMode" not in deployed.one("Vault").inputs["properties"]
    assert any("deleted vaults" in warning for warning in deployed.outputs["warnings"])


def test_readers_may_read_and_who_deploys_may_delete(deploy: Deploy) -> None:
    roles = {one.name: one for one in deploy().all("RoleAssignment")}

    reader = roles[f"secrets-user/{READER}"].inputs
    assert reader["scope"] == VAULT
    assert reader["roleDefinitionId"].endswith(SECRETS_USER)
    assert reader["roleAssignmentName"] == names.role_assignment_name(VAULT, READER, SECRETS_USER)
    assert "principalType" not in reader  # not known here; "User" is the SDK's default, and wrong for a workload
    assert roles[f"secrets-user/{READER}"].ignore_changes == ("principalType",)
    officer = roles["deployer-secrets-officer"]
    assert officer.inputs["principalId"] == DEPLOYER
    assert officer.inputs["roleDefinitionId"].endswith(SECRETS_OFFICER)
    assert officer.ignore_changes == ("principalId", "principalType", "roleAssignmentName")


def test_a_role_says_what_kind_of_principal_gets_it(deploy: Deploy) -> None:
    """Azure doesn't know one that was made minutes ago otherwise."""
    tenant = FakeTenant(kinds={READER: "Group", DEPLOYER: "ServicePrincipal"})
    roles = {one.name: one.inputs for one in deploy(tenant=tenant).all("RoleAssignment")}
    assert roles[f"secrets-user/{READER}"]["principalType"] == "Group"
    assert roles["deployer-secrets-officer"]["principalType"] == "ServicePrincipal"


def test_in_an_existing_vault_only_the_secret_is_ours_and_is_what_readers_may_read(deploy: Deploy) -> None:
    deployed = deploy({"credential": existing()})
    assert deployed.all("Vault") == []
    assert deployed.one("RoleAssignment").inputs["scope"].endswith("/vaults/kv-shared/secrets/airflow")
    secret = deployed.one("Secret").inputs
    assert (secret["vaultName"], secret["resourceGroupName"], secret["secretName"]) == ("kv-shared", "rg", "airflow")
    assert deployed.outputs["credential"]["secretUri"] == "https://kv-shared.vault.azure.net/secrets/airflow"
    assert deployed.tenant.asked == [f"kind of {READER}"]


def test_a_vault_in_another_subscription_gets_a_provider_of_its_own(deploy: Deploy) -> None:
    deployed = deploy({"credential": existing(OTHER)})
    provider = deployed.one("azure-native")
    assert provider.inputs["subscriptionId"] == OTHER
    assert {one.name for one in deployed.resources if "vault-subscription" in one.provider} == {
        "client-secret",
        f"secrets-user/{READER}",
    }


def test_without_roles_to_manage_the_vault_is_made_all_the_same(deploy: Deploy) -> None:
    deployed = deploy({"tenant.manage.vaultRoles": "request"})
    assert deployed.all("RoleAssignment") == []
    deployed.one("Secret")
    assert deployed.outputs["handOver"]["open"] == [f"Let {READER} read the client secret"]
