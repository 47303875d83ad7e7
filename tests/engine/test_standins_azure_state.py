"""The azure-native stand-in's types for where the state lies: how they nest, and what comes without being made."""

from __future__ import annotations

from typing import Any

import pytest

from engine.standins.azure_native.package import AzureNative
from tests.engine.arm_double import ArmDouble
from tests.engine.standin import Engine, Refused

SUBSCRIPTION = "33333333-3333-3333-3333-333333333333"
ACCOUNT, BLOBS = "azure-native:storage:StorageAccount", "azure-native:storage:BlobServiceProperties"
CONTAINER, KEY = "azure-native:storage:BlobContainer", "azure-native:keyvault:Key"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNT_ID = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stairflow"
KEY_ID = f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv-airflow/keys/state"

STATE_ACCOUNT: dict[str, Any] = {
    "accountName": "stairflow",
    "resourceGroupName": "rg",
    "location": "westeurope",
    "kind": "StorageV2",
    "sku": {"name": "Standard_ZRS"},
    "allowSharedKeyAccess": False,
    "enableHttpsTrafficOnly": True,
    "networkRuleSet": {"defaultAction": "Allow"},
    "tags": {"a": "b"},
}
BESIDE = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "tags": {"a": "b"}}
STATE_KEY: dict[str, Any] = {
    "keyName": "state",
    "vaultName": "kv-airflow",
    "resourceGroupName": "rg",
    "properties": {"kty": "RSA", "keySize": 3072, "keyOps": ["encrypt"], "attributes": {"expires": 1800000000}},
}


@pytest.fixture
def double() -> ArmDouble:
    return ArmDouble()


@pytest.fixture
def engine_side(double: ArmDouble) -> Engine:
    side = Engine(AzureNative("3.29.0", double.client))
    side.configure(tenantId="t", clientId="c", clientSecret="secret", subscriptionId=SUBSCRIPTION)
    return side


def test_of_an_account_some_stands_beside_properties_and_some_is_called_otherwise(
    engine_side: Engine, double: ArmDouble
) -> None:
    account = engine_side.create(ACCOUNT, "account", STATE_ACCOUNT)
    assert account.id == ACCOUNT_ID
    nested = {
        "allowSharedKeyAccess": False,
        "supportsHttpsTrafficOnly": True,
        "networkAcls": {"defaultAction": "Allow"},
    }
    assert double.bodies == [{**BESIDE, "properties": nested}]
    flat = {key: value for key, value in STATE_ACCOUNT.items() if key not in ("accountName", "resourceGroupName")}
    assert flat.items() <= account.outputs.items()
    assert account.outputs["azureApiVersion"] == "2024-01-01"
    assert engine_side.changes(account, STATE_ACCOUNT) == {}
    assert engine_side.changes(account, {**STATE_ACCOUNT, "location": "northeurope"}) == {"location": "UPDATE_REPLACE"}

    double.resources[ACCOUNT_ID]["properties"]["supportsHttpsTrafficOnly"] = False
    refreshed = engine_side.refresh(account)
    assert refreshed
    assert refreshed.inputs == {**STATE_ACCOUNT, "enableHttpsTrafficOnly": False}


def test_the_blob_service_is_changed_where_it_is_and_never_deleted(engine_side: Engine, double: ArmDouble) -> None:
    object_id = f"{ACCOUNT_ID}/blobServices/default"
    double.resources[object_id] = {"id": object_id, "name": "default", "properties": {}}
    wanted = {"accountName": "stairflow", "resourceGroupName": "rg", "blobServicesName": "default"}
    service = engine_side.create(BLOBS, "blobs", {**wanted, "isVersioningEnabled": True})
    assert (service.id, service.outputs["isVersioningEnabled"]) == (object_id, True)
    double.calls.clear()
    engine_side.delete(service)
    assert double.calls == []
    assert object_id in double.resources


def test_a_container_is_made_once(engine_side: Engine) -> None:
    wanted = {"accountName": "stairflow", "resourceGroupName": "rg", "containerName": "state", "publicAccess": "None"}
    container = engine_side.create(CONTAINER, "container", wanted)
    assert container.id == f"{ACCOUNT_ID}/blobServices/default/containers/state"
    with pytest.raises(Refused, match="cannot create already existing resource"):
        engine_side.create(CONTAINER, "container", wanted)


def test_a_key_nests_its_inputs_shows_its_outputs_flat_and_goes_through_the_vault(
    engine_side: Engine, double: ArmDouble
) -> None:
    key = engine_side.create(KEY, "key", STATE_KEY)
    assert key.id == KEY_ID
    assert double.bodies == [{"properties": {**STATE_KEY["properties"], "attributes": {"exp": 1800000000}}}]
    assert (key.outputs["keySize"], key.outputs["attributes"]) == (3072, {"expires": 1800000000})
    assert "properties" not in key.outputs
    double.calls.clear()
    engine_side.delete(key)
    assert double.calls[-1].startswith("DELETE kv-airflow.vault.azure.net/keys/state?")


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        (ACCOUNT, {**STATE_ACCOUNT, "sku": None}, "missing required property 'sku'"),
        (ACCOUNT, {**STATE_ACCOUNT, "accountName": "St"}, "'accountName' does not match"),
        (KEY, {**STATE_KEY, "properties": None}, "missing required property 'properties'"),
        (CONTAINER, {"accountName": "stairflow"}, "missing required property 'resourceGroupName'"),
    ],
)
def test_wrong_inputs_are_refused(kind: str, inputs: dict[str, Any], expected: str, engine_side: Engine) -> None:
    _, failures = engine_side.check(kind, "thing", inputs)
    assert any(expected in failure for failure in failures), failures
