"""Resource groups, vaults and their secrets through Resource Manager."""

from typing import Any

import pytest

from entra_local.wire import JsonObject
from tests.tenant.azure import DELETED, SUB, VAULT, VAULTS, vault_body
from tests.tenant.world import ARM, GROUP, SUBSCRIPTION, TENANT, Tenant, body_of, refusal

# what every request needs


def test_a_request_needs_an_api_version(tenant: Tenant) -> None:
    reply = tenant.send("GET", f"{ARM}{GROUP}", token=tenant.token(ARM))
    assert refusal(reply)[:2] == (400, "MissingApiVersionParameter")


def test_a_request_needs_a_token_for_resource_manager(tenant: Tenant) -> None:
    for token in (None, "no.jwt.atall", tenant.token("https://vault.azure.net")):
        reply = tenant.send("GET", f"{ARM}{GROUP}?api-version=2022-09-01", token=token)
        assert refusal(reply)[:2] == (401, "InvalidAuthenticationToken")
        assert reply.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/subscriptions/9" + SUBSCRIPTION[1:], 404, "SubscriptionNotFound"),
        ("GET", f"{SUB}/resourceGroups/other", 404, "ResourceGroupNotFound"),
        ("GET", f"{SUB}/resourceGroups/other/providers/Microsoft.KeyVault/vaults", 404, "ResourceGroupNotFound"),
        ("GET", VAULT, 404, "ResourceNotFound"),
        ("GET", f"{VAULT}/secrets/s", 404, "ResourceNotFound"),
        ("GET", DELETED, 404, "DeletedVaultNotFound"),
        ("DELETE", f"{SUB}/resourceGroups/other", 404, "ResourceGroupNotFound"),
        ("POST", VAULT, 405, "MethodNotAllowed"),
        ("GET", f"{GROUP}/providers/Microsoft.Compute/virtualMachines/x", 501, "NotImplemented"),
    ],
)
def test_what_is_not_there(tenant: Tenant, method: str, path: str, status: int, code: str) -> None:
    assert refusal(tenant.arm(method, path))[:2] == (status, code)


@pytest.mark.parametrize("body", ["[]", "{", '"x"', '{"properties": []}'])
def test_a_malformed_body_is_named_as_such(tenant: Tenant, body: str) -> None:
    url = f"{ARM}{VAULT}?api-version=2024-11-01"
    assert refusal(tenant.send("PUT", url, body.encode(), tenant.token(ARM)))[:2] == (400, "InvalidRequestContent")


# subscriptions and resource groups


def test_a_caller_sees_the_subscriptions_where_it_has_a_role(vault: Tenant) -> None:
    reader = vault.application("reader", azureRoles=[{"scope": VAULT, "role": "Reader"}])
    nobody = vault.application("nobody")
    listed = [body_of(vault.arm("GET", "/subscriptions", None, who))["value"] for who in (reader, nobody)]
    assert [[item["subscriptionId"] for item in found] for found in listed] == [[SUBSCRIPTION], []]
    assert body_of(vault.arm("GET", SUB))["tenantId"] == TENANT


def test_a_resource_group_is_made_changed_and_removed(tenant: Tenant) -> None:
    path = f"{SUB}/resourceGroups/rg-new"
    assert tenant.arm("HEAD", path).status == 404
    made = body_of(tenant.arm("PUT", path, {"location": "North Europe"}), 201)
    assert made == {
        "id": path,
        "name": "rg-new",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "northeurope",
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }
    assert tenant.arm("HEAD", path).status == 204
    changed = body_of(tenant.arm("PUT", path, {"location": "northeurope", "tags": {"a": "b"}}))
    assert changed == body_of(tenant.arm("GET", path.upper().replace("/SUBSCRIPTIONS", "/subscriptions")))
    assert refusal(tenant.arm("PUT", path, {"location": "westeurope"}))[0] == 409
    assert {group["name"] for group in body_of(tenant.arm("GET", f"{SUB}/resourceGroups"))["value"]} == {
        "rg-airflow",
        "rg-new",
    }
    assert tenant.arm("DELETE", path).status == 200
    assert tenant.arm("HEAD", path).status == 404


def test_a_resource_group_takes_its_vaults_along(vault: Tenant) -> None:
    assert vault.arm("DELETE", GROUP).status == 200
    assert body_of(vault.arm("GET", DELETED))["properties"]["vaultId"] == VAULT


# vaults


def test_a_vault_comes_back_as_it_was_made(vault: Tenant) -> None:
    found = body_of(vault.arm("GET", VAULT))
    assert (found["id"], found["name"], found["type"]) == (VAULT, "kv-airflow", "Microsoft.KeyVault/vaults")
    assert (found["location"], found["tags"]) == ("westeurope", {"for": "airflow"})
    assert {
        "vaultUri": "https://kv-airflow.vault.azure.net/",
        "tenantId": TENANT,
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "provisioningState": "Succeeded",
    }.items() <= found["properties"].items()
    assert "enablePurgeProtection" not in found["properties"]
    for path in (VAULTS, f"{SUB}/providers/Microsoft.KeyVault/vaults"):
        assert body_of(vault.arm("GET", path))["value"] == [found]


def test_the_same_put_again_changes_nothing(vault: Tenant) -> None:
    before = body_of(vault.arm("GET", VAULT))
    assert body_of(vault.arm("PUT", VAULT, vault_body())) == before


def test_a_patch_changes_what_it_names(vault: Tenant) -> None:
    patched = body_of(vault.arm("PATCH", VAULT, {"properties": {"publicNetworkAccess": "Disabled"}}))
    assert patched["properties"]["publicNetworkAccess"] == "Disabled"
    assert patched["tags"] == {"for": "airflow"}
    assert body_of(vault.arm("PATCH", VAULT, {"tags": {}}))["tags"] == {}


@pytest.mark.parametrize("name", ["kv", "1-airflow", "kv--airflow", "kv-airflow-", "k" * 25, "kv_airflow"])
def test_a_vaults_name_has_rules(tenant: Tenant, name: str) -> None:
    assert refusal(tenant.arm("PUT", f"{VAULTS}/{name}", vault_body()))[:2] == (400, "VaultNameNotValid")
    checked = body_of(_check_name(tenant, name))
    assert (checked["nameAvailable"], checked["reason"]) == (False, "AccountNameInvalid")


@pytest.mark.parametrize("name", ["kv1", "k" * 24, "kv-air-flow-2"])
def test_names_at_the_edge_are_fine(tenant: Tenant, name: str) -> None:
    assert body_of(_check_name(tenant, name)) == {"nameAvailable": True}
    assert tenant.arm("PUT", f"{VAULTS}/{name}", vault_body()).status == 200


def test_a_vaults_name_is_taken_everywhere_without_case(vault: Tenant) -> None:
    body_of(vault.arm("PUT", f"{SUB}/resourceGroups/rg-2", {"location": "westeurope"}), 201)
    elsewhere = f"{SUB}/resourceGroups/rg-2/providers/Microsoft.KeyVault/vaults/KV-Airflow"
    assert refusal(vault.arm("PUT", elsewhere, vault_body()))[:2] == (409, "VaultAlreadyExists")
    assert body_of(_check_name(vault, "KV-Airflow"))["reason"] == "AlreadyExists"


@pytest.mark.parametrize(
    "properties",
    [
        {"softDeleteRetentionInDays": 6},
        {"softDeleteRetentionInDays": 91},
        {"softDeleteRetentionInDays": "90"},
        {"enableSoftDelete": False},
        {"enablePurgeProtection": False},
        {"tenantId": None},
        {"sku": None},
    ],
)
def test_a_vault_is_refused(tenant: Tenant, properties: JsonObject) -> None:
    assert refusal(tenant.arm("PUT", VAULT, vault_body(**properties)))[:2] == (400, "BadRequest")
    assert tenant.arm("GET", VAULT).status == 404


def test_retention_location_and_purge_protection_are_for_good(vault: Tenant) -> None:
    shorter = refusal(vault.arm("PUT", VAULT, vault_body(softDeleteRetentionInDays=7)))
    assert shorter[1:] == (
        "BadRequest",
        'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
    )
    moved = vault.arm("PUT", VAULT, vault_body() | {"location": "northeurope"})
    assert refusal(moved)[:2] == (409, "InvalidResourceLocation")
    protected = body_of(vault.arm("PUT", VAULT, vault_body(enablePurgeProtection=True)))
    assert protected["properties"]["enablePurgeProtection"] is True
    assert refusal(vault.arm("PATCH", VAULT, {"properties": {"enablePurgeProtection": False}}))[0] == 400
    kept = body_of(vault.arm("PUT", VAULT, vault_body()))
    assert kept["properties"]["enablePurgeProtection"] is True


@pytest.mark.parametrize(
    "properties",
    [
        {"tenantId": "contoso"},
        {"sku": {"family": "A", "name": "gold"}},
        {"enableRbacAuthorization": "true"},
        {"accessPolicies": [{"permissions": {"secrets": "get"}}]},
    ],
)
def test_a_vaults_property_of_the_wrong_type_is_refused(tenant: Tenant, properties: JsonObject) -> None:
    assert refusal(tenant.arm("PUT", VAULT, vault_body(**properties)))[:2] == (400, "InvalidRequestContent")


def test_a_vault_with_access_policies_asks_those_and_no_roles(tenant: Tenant) -> None:
    caller = tenant.application("caller", azureRoles=[{"scope": SUB, "role": "Key Vault Administrator"}])
    policy = {"tenantId": TENANT, "objectId": caller["servicePrincipalId"], "permissions": {"secrets": ["Get"]}}
    without = vault_body(enableRbacAuthorization=False, accessPolicies=[])
    body_of(tenant.arm("PUT", VAULT, without))
    body_of(tenant.arm("PUT", f"{VAULT}/secrets/one", {"properties": {"value": "tiger"}}))
    assert tenant.vault("GET", "kv-airflow", "/secrets/one", None, caller).status == 403
    body_of(tenant.arm("PATCH", VAULT, {"properties": {"accessPolicies": [policy]}}))
    assert body_of(tenant.vault("GET", "kv-airflow", "/secrets/one", None, caller))["value"] == "tiger"
    assert tenant.vault("PUT", "kv-airflow", "/secrets/one", {"value": "lion"}, caller).status == 403


# soft delete


def test_a_deleted_vault_keeps_its_name_until_it_is_recovered(vault: Tenant) -> None:
    made = body_of(vault.arm("GET", VAULT))
    assert vault.arm("DELETE", VAULT).status == 200
    assert vault.arm("DELETE", VAULT).status == 204
    assert vault.arm("GET", VAULT).status == 404
    deleted = body_of(vault.arm("GET", DELETED))
    assert deleted["properties"]["vaultId"] == VAULT
    assert deleted["properties"]["deletionDate"] < deleted["properties"]["scheduledPurgeDate"]
    assert body_of(vault.arm("GET", f"{SUB}/providers/Microsoft.KeyVault/deletedVaults"))["value"] == [deleted]
    assert vault.arm("GET", DELETED.replace("westeurope", "northeurope")).status == 404

    status, code, message = refusal(vault.arm("PUT", VAULT, vault_body()))
    assert (status, code) == (409, "ConflictError")
    assert message.startswith("A vault with the same name already exists in deleted state.")

    assert body_of(vault.arm("PUT", VAULT, vault_body(createMode="recover"))) == made
    assert body_of(vault.arm("GET", VAULT)) == made
    assert vault.arm("GET", DELETED).status == 404


def test_nothing_can_be_recovered_that_was_not_deleted(tenant: Tenant) -> None:
    reply = tenant.arm("PUT", VAULT, vault_body(createMode="recover"))
    assert refusal(reply)[:2] == (404, "DeletedVaultNotFound")


def test_a_purged_vaults_name_is_free_and_its_secrets_are_gone(vault: Tenant) -> None:
    body_of(vault.arm("PUT", f"{VAULT}/secrets/one", {"properties": {"value": "v"}}))
    vault.arm("DELETE", VAULT)
    assert vault.arm("POST", f"{DELETED}/purge").status == 200
    assert vault.arm("GET", DELETED).status == 404
    assert body_of(vault.arm("PUT", VAULT, vault_body()))["name"] == "kv-airflow"
    assert body_of(vault.arm("GET", f"{VAULT}/secrets"))["value"] == []


def test_purge_protection_forbids_a_purge(tenant: Tenant) -> None:
    body_of(tenant.arm("PUT", VAULT, vault_body(enablePurgeProtection=True)))
    tenant.arm("DELETE", VAULT)
    assert refusal(tenant.arm("POST", f"{DELETED}/purge"))[:2] == (405, "MethodNotAllowed")
    assert tenant.arm("GET", DELETED).status == 200


# secrets


def test_a_secrets_value_goes_in_and_never_out(vault: Tenant) -> None:
    body = {
        "properties": {"value": "tiger", "contentType": "text", "attributes": {"enabled": True, "exp": 2000000000}},
        "tags": {"slot": "a"},
    }
    made = body_of(vault.arm("PUT", f"{VAULT}/secrets/client-secret", body))
    read = body_of(vault.arm("GET", f"{VAULT}/secrets/client-secret"))
    assert made == read
    assert "tiger" not in str(read)
    properties = read["properties"]
    assert read["id"] == f"{VAULT}/secrets/client-secret"
    assert (read["tags"], properties["contentType"]) == ({"slot": "a"}, "text")
    assert {"enabled": True, "exp": 2000000000}.items() <= properties["attributes"].items()
    assert properties["secretUri"] == "https://kv-airflow.vault.azure.net/secrets/client-secret"
    assert properties["secretUriWithVersion"].startswith(properties["secretUri"] + "/")
    again = body_of(vault.arm("PUT", f"{VAULT}/secrets/client-secret", body))
    assert again["properties"]["secretUriWithVersion"] != properties["secretUriWithVersion"]


def test_no_value_lies_in_the_file_in_plain_text(vault: Tenant) -> None:
    value = "a-value-that-is-looked-for-in-the-file"
    body_of(vault.arm("PUT", f"{VAULT}/secrets/one", {"properties": {"value": value}}))
    (file,) = vault.world.store.connection.execute("SELECT file FROM pragma_database_list").fetchone()
    vault.world.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(file, "rb") as stored:  # noqa: PTH123 - SQLite says where
        content = stored.read()
    assert b"kv-airflow" in content, "this is the file with the vault"
    assert value.encode() not in content


@pytest.mark.parametrize(
    ("name", "properties"), [("a_b", {"value": "v"}), ("x" * 128, {"value": "v"}), ("a", {"value": 1})]
)
def test_a_secret_is_refused(vault: Tenant, name: str, properties: JsonObject) -> None:
    assert vault.arm("PUT", f"{VAULT}/secrets/{name}", {"properties": properties}).status == 400


def _check_name(tenant: Tenant, name: str) -> Any:
    path = f"{SUB}/providers/Microsoft.KeyVault/checkNameAvailability"
    return tenant.arm("POST", path, {"name": name, "type": "Microsoft.KeyVault/vaults"})


DENY = "/providers/Microsoft.Authorization/policyDefinitions"


@pytest.mark.parametrize(
    ("definition", "parameters", "field", "more"),
    [
        (
            "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
            {},
            "properties.enablePurgeProtection",
            {"properties": {"enablePurgeProtection": True}},
        ),
        (
            "405c5871-3e91-4644-8a63-58e19d68ff5b",
            {},
            "properties.publicNetworkAccess",
            {"properties": {"publicNetworkAccess": "disabled"}},
        ),
        (
            "871b6d14-10aa-478d-b590-94f262ecfa99",
            {"tagName": {"value": "costCenter"}},
            "tags['costCenter']",
            {"tags": {"costCenter": "1"}},
        ),
    ],
    ids=["purge protection", "public network", "tag"],
)
def test_azure_policy_denies_a_vault_and_says_so_beforehand(
    tenant: Tenant, definition: str, parameters: JsonObject, field: str, more: JsonObject
) -> None:
    body = {"properties": {"policyDefinitionId": f"{DENY}/{definition}", "parameters": parameters}}
    assert tenant.arm("PUT", f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/lz", body).status == 201
    bare = vault_body()
    right = bare | more | {"properties": bare["properties"] | more.get("properties", {})}
    check = f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"

    def denied(vault: JsonObject) -> list[str]:
        said = body_of(tenant.arm("POST", check, {"resourceDetails": {"resourceContent": vault}}))
        found = said["contentEvaluationResult"]["policyEvaluations"]
        return [one["evaluationDetails"]["evaluatedExpressions"][0]["path"] for one in found]

    assert denied(bare) == [field]
    assert denied(right) == []
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-new"
    assert refusal(tenant.arm("PUT", path, bare))[:2] == (403, "RequestDisallowedByPolicy")
    assert tenant.arm("PUT", path, right).status == 200


def test_deleted_vaults_are_seen_at_the_subscription_alone(vault: Tenant) -> None:
    """A role on the resource group shows none, not even those that lay in it; nothing lists them by group."""
    vault.arm("DELETE", VAULT)
    in_group = vault.application("in-group", azureRoles=[{"scope": GROUP, "role": "Owner"}])
    reader = vault.application("reader", azureRoles=[{"scope": SUB, "role": "Reader"}])
    for path in (DELETED, f"{SUB}/providers/Microsoft.KeyVault/deletedVaults"):
        status, code, message = refusal(vault.arm("GET", path, application=in_group))
        assert (status, code) == (403, "AuthorizationFailed")
        assert "Microsoft.KeyVault/locations/deletedVaults/read" in message
        body_of(vault.arm("GET", path, application=reader))
    assert vault.arm("GET", f"{GROUP}/providers/Microsoft.KeyVault/deletedVaults", application=reader).status == 501
