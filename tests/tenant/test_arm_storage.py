"""Microsoft.Storage in Resource Manager: accounts, their blob service and containers."""

from typing import Any

import pytest

from entra_local.wire import JsonObject
from tests.tenant.world import GROUP, Tenant, body_of, refusal

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stairflow"
BLOBS = f"{ACCOUNT}/blobServices/default"
CONTAINER = f"{BLOBS}/containers/state"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"


def account_body(**properties: Any) -> JsonObject:
    sku = {"name": "Standard_ZRS"}
    return {"location": "West Europe", "kind": "StorageV2", "sku": sku, "properties": properties}


@pytest.fixture
def account(tenant: Tenant) -> Tenant:
    body_of(tenant.arm("PUT", ACCOUNT, account_body(allowSharedKeyAccess=False)))
    return tenant


def test_an_account_is_made_and_read(account: Tenant) -> None:
    found = body_of(account.arm("GET", ACCOUNT))
    assert (found["name"], found["location"], found["sku"]) == (
        "stairflow",
        "westeurope",
        {"name": "Standard_ZRS", "tier": "Standard"},
    )
    properties = found["properties"]
    assert properties["allowSharedKeyAccess"] is False
    assert properties["primaryEndpoints"] == {"blob": "https://stairflow.blob.core.windows.net/"}
    assert body_of(account.arm("GET", f"{GROUP}/providers/Microsoft.Storage/storageAccounts"))["value"] == [found]


def test_another_put_changes_what_it_names(account: Tenant) -> None:
    body_of(account.arm("PUT", ACCOUNT, account_body(minimumTlsVersion="TLS1_2")))
    properties = body_of(account.arm("GET", ACCOUNT))["properties"]
    assert (properties["minimumTlsVersion"], properties["allowSharedKeyAccess"]) == ("TLS1_2", False)


@pytest.mark.parametrize(
    ("path", "change", "status", "code"),
    [
        (ACCOUNT.replace("stairflow", "St-Airflow"), {}, 400, "AccountNameInvalid"),
        (ACCOUNT, {"kind": "Tape"}, 400, "BadRequest"),
        (ACCOUNT, {"sku": {"name": "Cheap"}}, 400, "BadRequest"),
        (ACCOUNT, {"sku": "Standard_LRS"}, 400, "InvalidRequestContent"),
        (ACCOUNT, {"location": None}, 400, "BadRequest"),
        (ACCOUNT.replace("rg-airflow", "rg-other"), {}, 404, "ResourceGroupNotFound"),
    ],
)
def test_wrong_accounts_are_refused(tenant: Tenant, path: str, change: JsonObject, status: int, code: str) -> None:
    assert refusal(tenant.arm("PUT", path, account_body() | change))[:2] == (status, code)


def test_a_name_is_taken_once_everywhere_and_a_location_stays(account: Tenant) -> None:
    account.arm("PUT", GROUP.replace("rg-airflow", "rg-other"), {"location": "westeurope"})
    other = ACCOUNT.replace("rg-airflow", "rg-other")
    assert refusal(account.arm("PUT", other, account_body()))[:2] == (409, "StorageAccountAlreadyTaken")
    moved = account_body() | {"location": "northeurope"}
    assert refusal(account.arm("PUT", ACCOUNT, moved))[:2] == (409, "InvalidResourceLocation")


def test_the_blob_service_comes_with_the_account_and_is_changed(account: Tenant) -> None:
    assert body_of(account.arm("GET", BLOBS))["properties"]["deleteRetentionPolicy"] == {"enabled": False}
    kept = {"enabled": True, "days": 90}
    wanted = {"properties": {"isVersioningEnabled": True, "deleteRetentionPolicy": kept}}
    body_of(account.arm("PUT", BLOBS, wanted))
    properties = body_of(account.arm("GET", BLOBS))["properties"]
    assert (properties["isVersioningEnabled"], properties["deleteRetentionPolicy"]) == (True, kept)

    wanted["properties"]["deleteRetentionPolicy"] = {"enabled": True, "days": 0}
    assert refusal(account.arm("PUT", BLOBS, wanted))[:2] == (400, "BadRequest")
    assert refusal(account.arm("GET", f"{ACCOUNT}/blobServices/mine"))[:2] == (501, "NotImplemented")


def test_a_container_shows_nothing_to_the_public_unless_the_account_lets_it(account: Tenant) -> None:
    assert refusal(account.arm("GET", CONTAINER))[:2] == (404, "ContainerNotFound")
    public = {"properties": {"publicAccess": "Blob"}}
    assert refusal(account.arm("PUT", CONTAINER, public))[:2] == (400, "BadRequest")
    made = body_of(account.arm("PUT", CONTAINER, {"properties": {}}), 201)
    assert made["properties"]["publicAccess"] == "None"
    assert body_of(account.arm("GET", f"{BLOBS}/containers"))["value"] == [made]
    assert refusal(account.arm("PUT", f"{BLOBS}/containers/No--Good", {}))[:2] == (400, "BadRequest")


def test_roles_are_given_on_what_exists_and_go_with_it(account: Tenant) -> None:
    reader = account.application("reader")
    name = "11111111-2222-3333-4444-555555555555"
    given = f"{CONTAINER}/providers/Microsoft.Authorization/roleAssignments/{name}"
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    wanted = {"properties": {"principalId": reader["servicePrincipalId"], "roleDefinitionId": role}}
    other = given.replace("stairflow", "stother")
    assert refusal(account.arm("PUT", other, wanted))[:2] == (404, "ResourceNotFound")

    body_of(account.arm("PUT", CONTAINER, {}), 201)
    body_of(account.arm("PUT", given, wanted), 201)
    assert account.arm("GET", CONTAINER, application=reader).status == 200
    assert refusal(account.arm("GET", ACCOUNT, application=reader))[:2] == (403, "AuthorizationFailed")
    assert account.arm("DELETE", CONTAINER).status == 200
    assert refusal(account.arm("GET", given))[:2] == (404, "RoleAssignmentNotFound")


def test_a_resource_group_takes_its_accounts_with_it(account: Tenant) -> None:
    body_of(account.arm("PUT", CONTAINER, {}), 201)
    assert account.arm("DELETE", GROUP).status == 200
    account.arm("PUT", GROUP, {"location": "westeurope"})
    assert refusal(account.arm("GET", ACCOUNT))[:2] == (404, "ResourceNotFound")
    body_of(account.arm("PUT", ACCOUNT, account_body()))
    assert refusal(account.arm("GET", CONTAINER))[:2] == (404, "ContainerNotFound")
    assert account.arm("DELETE", ACCOUNT).status == 200
    assert account.arm("DELETE", ACCOUNT).status == 204
