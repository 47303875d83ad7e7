"""The azure-native stand-in: Resource Manager's calls, and the vault's own for what that can't do."""

from typing import Any

import pytest

from engine.standins.azure_native.package import AzureNative
from engine.standins.values import UNKNOWN, Secret, plain
from tests.engine.arm_double import CALLER, ArmDouble
from tests.engine.standin import Engine, Refused, Resource

GROUP = "azure-native:resources:ResourceGroup"
VAULT = "azure-native:keyvault:Vault"
SECRET = "azure-native:keyvault:Secret"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"

SUBSCRIPTION = "33333333-3333-3333-3333-333333333333"
TENANT = "22222222-2222-2222-2222-222222222222"
NAME = "9ee0fc01-8475-44aa-9841-1d4868343c67"
VAULT_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-airflow"
ARM = "management.azure.com"
KEYVAULT_API, ROLES_API = "api-version=2024-11-01", "api-version=2022-04-01"

AIRFLOW_VAULT: dict[str, Any] = {
    "resourceGroupName": "rg",
    "vaultName": "kv-airflow",
    "location": "westeurope",
    "properties": {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": TENANT,
        "enableRbacAuthorization": True,
        "createMode": "default",
    },
}
CLIENT_SECRET: dict[str, Any] = {
    "resourceGroupName": "rg",
    "vaultName": "kv-airflow",
    "secretName": "client-secret",
    "properties": {
        "attributes": {"expires": 1800000000},
        "contentType": "text/plain",
        "value": Secret("s3cret"),
    },
}
READER: dict[str, Any] = {
    "scope": VAULT_ID,
    "roleAssignmentName": NAME,
    "principalId": CALLER,
    "principalType": "ServicePrincipal",
    "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6",
}


@pytest.fixture
def double() -> ArmDouble:
    return ArmDouble()


@pytest.fixture
def engine_side(double: ArmDouble) -> Engine:
    side = Engine(AzureNative("3.29.0", double.client))
    side.configure(
        tenantId=TENANT, clientId=NAME, clientSecret="secret", subscriptionId=SUBSCRIPTION, location="northeurope"
    )
    return side


@pytest.fixture
def vault(engine_side: Engine) -> Resource:
    return engine_side.create(VAULT, "vault", AIRFLOW_VAULT)


def test_a_vault_is_looked_for_made_and_read(double: ArmDouble, vault: Resource) -> None:
    url = f"{ARM}{VAULT_ID}?{KEYVAULT_API}"
    assert double.calls == [f"GET {url}", f"PUT {url}", f"GET {url}"]
    assert double.bodies == [{"location": "westeurope", "properties": AIRFLOW_VAULT["properties"]}]
    assert double.scopes == ["https://management.azure.com/.default"]
    assert vault.id == VAULT_ID
    assert vault.outputs == {
        "azureApiVersion": "2024-11-01",
        "id": VAULT_ID,
        "location": "westeurope",
        "name": "kv-airflow",
        "properties": {
            "enableRbacAuthorization": True,
            "provisioningState": "Succeeded",
            "sku": {"family": "A", "name": "standard"},
            "tenantId": TENANT,
            "vaultUri": "https://kv-airflow.vault.azure.net/",
        },
        "type": "Microsoft.KeyVault/vaults",
    }


@pytest.mark.usefixtures("vault")
def test_what_is_there_already_is_not_taken_over(engine_side: Engine) -> None:
    with pytest.raises(Refused, match=f"cannot create already existing resource '{VAULT_ID}'"):
        engine_side.create(VAULT, "vault", AIRFLOW_VAULT)


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        (VAULT, {"resourceGroupName": "rg"}, "missing required property 'properties'"),
        (VAULT, {**AIRFLOW_VAULT, "properties": {"tenantId": TENANT}}, "missing required property 'properties.sku'"),
        (VAULT, {**AIRFLOW_VAULT, "vaultName": "kv"}, "'vaultName' does not match expression"),
        (SECRET, {**CLIENT_SECRET, "secretName": "a_b"}, "'secretName' does not match expression"),
        (ASSIGNMENT, {"scope": VAULT_ID}, "missing required property 'principalId'"),
    ],
)
def test_wrong_inputs_are_refused(kind: str, inputs: dict[str, Any], expected: str, engine_side: Engine) -> None:
    _, failures = engine_side.check(kind, "thing", inputs)
    assert any(expected in failure for failure in failures), failures


def test_names_that_nobody_gave_are_made_up_once(engine_side: Engine) -> None:
    unnamed = {key: value for key, value in AIRFLOW_VAULT.items() if key not in ("vaultName", "location")}
    inputs, _ = engine_side.check(VAULT, "kv", unnamed)
    assert inputs["vaultName"].startswith("kv")
    assert len(inputs["vaultName"]) == len("kv") + 8
    assert inputs["location"] == "northeurope"
    again, _ = engine_side.check(VAULT, "kv", unnamed, inputs)
    assert again == inputs
    secret, _ = engine_side.check(SECRET, "secret", {**CLIENT_SECRET, "secretName": None})
    assert secret["secretName"] == "secret"
    assignment, _ = engine_side.check(ASSIGNMENT, "reader", {**READER, "roleAssignmentName": None})
    assert len(assignment["roleAssignmentName"]) == 36


def test_a_preview_calls_nobody(engine_side: Engine, double: ArmDouble) -> None:
    outputs = engine_side.preview(VAULT, "vault", AIRFLOW_VAULT)
    assert double.calls == []
    assert outputs["properties"]["vaultUri"] is UNKNOWN
    assert outputs["properties"]["tenantId"] == TENANT
    secret = engine_side.preview(SECRET, "secret", {**CLIENT_SECRET, "vaultName": UNKNOWN})
    assert secret["properties"]["secretUri"] is UNKNOWN


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"location": "West Europe"}, {}),
        ({"location": "northeurope"}, {"location": "UPDATE_REPLACE"}),
        ({"vaultName": "kv-other"}, {"vaultName": "UPDATE_REPLACE"}),
        ({"tags": {"a": "b"}}, {"tags": "ADD"}),
        (
            {"properties": {**AIRFLOW_VAULT["properties"], "sku": {"family": "A", "name": "premium"}}},
            {"properties.sku.name": "UPDATE"},
        ),
    ],
)
def test_a_change_is_shown_as_what_it_is(
    change: dict[str, Any], expected: dict[str, str], engine_side: Engine, vault: Resource
) -> None:
    assert engine_side.changes(vault, {**AIRFLOW_VAULT, **change}) == expected


def test_a_given_name_is_freed_before_the_new_resource(engine_side: Engine, vault: Resource) -> None:
    elsewhere = {**AIRFLOW_VAULT, "location": "northeurope"}
    assert engine_side.diff(vault, elsewhere).deleteBeforeReplace
    unnamed = {key: value for key, value in AIRFLOW_VAULT.items() if key != "vaultName"}
    made_up = engine_side.create(VAULT, "kv", unnamed)
    assert not engine_side.diff(made_up, {**unnamed, "location": "northeurope"}).deleteBeforeReplace


def test_a_refresh_takes_over_what_moved_and_nothing_else(
    engine_side: Engine, double: ArmDouble, vault: Resource
) -> None:
    assert engine_side.refresh(vault) == vault
    double.resources[VAULT_ID]["properties"]["enablePurgeProtection"] = True
    refreshed = engine_side.refresh(vault)
    assert refreshed
    assert refreshed.inputs == {
        **AIRFLOW_VAULT,
        "properties": {**AIRFLOW_VAULT["properties"], "enablePurgeProtection": True},
    }
    del double.resources[VAULT_ID]
    assert engine_side.refresh(vault) is None


def test_an_import_gives_the_inputs_of_a_program(engine_side: Engine, vault: Resource) -> None:
    imported = engine_side.import_(VAULT, "vault", VAULT_ID)
    assert imported
    expected = {**AIRFLOW_VAULT, "properties": {**AIRFLOW_VAULT["properties"]}}
    del expected["properties"]["createMode"]  # only ever said, never answered
    assert imported.inputs == expected
    with pytest.raises(Refused, match="is not of the form /subscriptions/"):
        engine_side.import_(VAULT, "vault", VAULT_ID.replace("vaults", "safes"))


def test_a_secret_s_value_is_secret_and_its_uri_is_not(engine_side: Engine, double: ArmDouble, vault: Resource) -> None:
    secret = engine_side.create(SECRET, "secret", CLIENT_SECRET)
    on_the_wire = {**plain(CLIENT_SECRET["properties"]), "attributes": {"exp": 1800000000}}
    assert double.bodies[-1] == {"properties": on_the_wire}
    assert secret.inputs["properties"]["value"] == Secret("s3cret")
    assert secret.outputs["properties"] == {
        "attributes": {"created": 1, "enabled": True, "expires": 1800000000},
        "contentType": "text/plain",
        "secretUri": "https://kv-airflow.vault.azure.net/secrets/client-secret",
    }
    refreshed = engine_side.refresh(secret)
    assert refreshed == secret
    attributes = double.resources[secret.id]["properties"]["attributes"]
    attributes |= {"created": 2, "exp": 1900000000}  # renewed by somebody in the vault itself
    renewed = engine_side.refresh(secret)
    assert renewed
    assert renewed.inputs["properties"]["attributes"] == {"expires": 1900000000}
    rotated = {**CLIENT_SECRET, "properties": {**CLIENT_SECRET["properties"], "value": Secret("n3w")}}
    assert engine_side.changes(secret, rotated) == {"properties.value": "UPDATE"}
    engine_side.update(secret, rotated)
    assert double.bodies[-1]["properties"]["value"] == "n3w"


def test_a_deleted_secret_is_recovered_by_the_next_create(
    engine_side: Engine, double: ArmDouble, vault: Resource
) -> None:
    secret = engine_side.create(SECRET, "secret", CLIENT_SECRET)
    double.calls.clear()
    engine_side.delete(secret)
    data = "kv-airflow.vault.azure.net"
    assert double.calls == [f"DELETE {data}/secrets/client-secret?api-version=7.5"] * 2  # the first is challenged
    assert double.scopes[-1] == "https://vault.azure.net/.default"
    engine_side.delete(secret)  # gone already: no complaint
    double.calls.clear()
    engine_side.create(SECRET, "secret", CLIENT_SECRET)
    url = f"{ARM}{VAULT_ID}/secrets/client-secret?{KEYVAULT_API}"
    assert double.calls == [
        f"GET {url}",
        f"PUT {url}",
        f"GET {data}/deletedsecrets/client-secret?api-version=7.5",
        f"POST {data}/deletedsecrets/client-secret/recover?api-version=7.5",
        f"PUT {url}",
    ]


def test_a_vault_that_wants_a_token_for_somebody_else_gets_none(
    engine_side: Engine, double: ArmDouble, vault: Resource
) -> None:
    double.vault_resource = "https://evil.example"
    secret = engine_side.create(SECRET, "secret", CLIENT_SECRET)
    with pytest.raises(Refused, match=r"asks for a token for https://evil\.example, which is not its own domain"):
        engine_side.delete(secret)
    assert double.scopes == ["https://management.azure.com/.default"]


def test_a_role_assignment_nests_its_inputs_and_flattens_its_outputs(engine_side: Engine, double: ArmDouble) -> None:
    assignment = engine_side.create(ASSIGNMENT, "reader", READER)
    path = f"{VAULT_ID}/providers/Microsoft.Authorization/roleAssignments/{NAME}"
    assert double.calls[1] == f"PUT {ARM}{path}?{ROLES_API}"
    assert double.bodies == [
        {"properties": {key: READER[key] for key in ("principalId", "principalType", "roleDefinitionId")}}
    ]
    assert assignment.outputs["principalId"] == CALLER
    assert assignment.outputs["scope"] == VAULT_ID
    assert engine_side.changes(assignment, {**READER, "scope": "/subscriptions/other"}) == {"scope": "UPDATE_REPLACE"}
    imported = engine_side.import_(ASSIGNMENT, "reader", path)
    assert imported
    assert imported.inputs == {**READER, "scope": VAULT_ID}
    engine_side.delete(assignment)
    assert double.resources == {}


def test_an_operation_that_takes_its_time_is_followed(engine_side: Engine, double: ArmDouble) -> None:
    double.slow = True
    vault = engine_side.create(VAULT, "vault", AIRFLOW_VAULT)
    assert sum("/operations/1" in call for call in double.calls) == 2
    assert vault.outputs["name"] == "kv-airflow"
    engine_side.delete(vault)
    assert sum("/operations/1" in call for call in double.calls) == 4
    double.outcome = "Failed"
    with pytest.raises(Refused, match="VaultNameTaken: no"):
        engine_side.create(VAULT, "vault", AIRFLOW_VAULT)


@pytest.mark.usefixtures("vault")
def test_functions(engine_side: Engine) -> None:
    config = engine_side.invoke("azure-native:authorization:getClientConfig")
    assert config == {"clientId": NAME, "objectId": CALLER, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}
    found = engine_side.invoke("azure-native:keyvault:getVault", resourceGroupName="rg", vaultName="kv-airflow")
    assert found["properties"]["vaultUri"] == "https://kv-airflow.vault.azure.net/"
    with pytest.raises(Refused, match="no such resource"):
        engine_side.invoke("azure-native:keyvault:getVault", resourceGroupName="rg", vaultName="kv-other")


def test_a_resource_group_is_a_resource_too(engine_side: Engine, double: ArmDouble) -> None:
    group = engine_side.create(GROUP, "rg", {"location": "westeurope", "tags": {"owner": "data"}})
    assert double.bodies == [{"location": "westeurope", "tags": {"owner": "data"}}]
    assert group.outputs["tags"] == {"owner": "data"}


def test_without_a_subscription_the_variable_is_named(double: ArmDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"):
        monkeypatch.delenv(variable, raising=False)
    side = Engine(AzureNative("3.29.0", double.client))
    side.configure(tenantId=TENANT, clientId=NAME, clientSecret="secret")
    with pytest.raises(Refused, match="ARM_SUBSCRIPTION_ID"):
        side.create(VAULT, "vault", AIRFLOW_VAULT)
