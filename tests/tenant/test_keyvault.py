"""Key Vault's data plane: the challenge, versions, soft delete, and roles on data actions."""

import re

import pytest

from entra_local.wire import JsonObject
from tests.tenant.azure import VAULT, vault_body
from tests.tenant.world import DEPLOYER, TENANT, Tenant, body_of, refusal
from tests.tenant.world import VAULT as VAULT_SCOPE

HOST = "kv-airflow"
URI = f"https://{HOST}.vault.azure.net"
SECRET = "/secrets/client-secret"


@pytest.fixture
def officer(vault: Tenant) -> Tenant:
    """The vault's tenant, whose deployer may do everything with secrets: an Owner alone may not."""
    role = {"scope": VAULT, "role": "Key Vault Secrets Officer"}
    vault.seed({"applications": [DEPLOYER | {"azureRoles": [role]}]})
    return vault


def test_who_comes_without_a_token_is_told_where_to_get_one(vault: Tenant) -> None:
    for method, path in (("GET", "/secrets/x"), ("PUT", "/secrets/x"), ("DELETE", "/deletedsecrets/x")):
        reply = vault.send(method, f"{URI}{path}?api-version=7.5")
        assert refusal(reply)[:2] == (401, "Unauthorized")
        assert reply.headers["WWW-Authenticate"] == (
            f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"'
        )


def test_a_token_for_another_service_is_challenged_too(vault: Tenant) -> None:
    token = vault.token("https://management.azure.com")
    reply = vault.send("GET", f"{URI}{SECRET}?api-version=7.5", token=token)
    assert refusal(reply)[:2] == (401, "Unauthorized")
    assert "resource=" in reply.headers["WWW-Authenticate"]


def test_a_vault_that_is_not_there_or_deleted_answers_nothing(vault: Tenant) -> None:
    assert refusal(vault.vault("GET", "other", SECRET))[:2] == (404, "VaultNotFound")
    vault.arm("DELETE", VAULT)
    assert refusal(vault.vault("GET", HOST, SECRET))[:2] == (404, "VaultNotFound")


def test_a_request_needs_an_api_version(officer: Tenant) -> None:
    reply = officer.send("GET", f"{URI}/secrets", token=officer.token(VAULT_SCOPE))
    assert refusal(reply)[:2] == (400, "BadParameter")


def test_a_secret_is_set_read_and_listed(officer: Tenant) -> None:
    wanted = {"value": "tiger", "contentType": "text/plain", "tags": {"slot": "a"}, "attributes": {"exp": 2000000000}}
    made = body_of(officer.vault("PUT", HOST, SECRET, wanted))
    assert re.fullmatch(f"{URI}{SECRET}/[0-9a-f]{{32}}", made["id"])
    assert {"value": "tiger", "contentType": "text/plain", "tags": {"slot": "a"}}.items() <= made.items()
    attributes = made["attributes"]
    assert {"enabled": True, "exp": 2000000000, "recoveryLevel": "Recoverable+Purgeable"}.items() <= attributes.items()
    assert isinstance(attributes["created"], int)
    assert body_of(officer.vault("GET", HOST, SECRET)) == made
    assert body_of(officer.vault("GET", HOST, SECRET + "/")) == made
    assert body_of(officer.vault("GET", HOST, made["id"].removeprefix(URI))) == made
    (listed,) = body_of(officer.vault("GET", HOST, "/secrets"))["value"]
    assert listed["id"] == f"{URI}{SECRET}"
    assert "value" not in listed


def test_a_new_value_is_a_new_version(officer: Tenant) -> None:
    first, second = (body_of(officer.vault("PUT", HOST, SECRET, {"value": value})) for value in ("one", "two"))
    assert body_of(officer.vault("GET", HOST, SECRET))["value"] == "two"
    assert body_of(officer.vault("GET", HOST, first["id"].removeprefix(URI)))["value"] == "one"
    versions = body_of(officer.vault("GET", HOST, f"{SECRET}/versions"))["value"]
    assert {version["id"] for version in versions} == {first["id"], second["id"]}
    assert all("value" not in version for version in versions)
    assert refusal(officer.vault("GET", HOST, f"{SECRET}/{'0' * 32}"))[:2] == (404, "SecretNotFound")


def test_attributes_change_without_a_new_version(officer: Tenant) -> None:
    made = body_of(officer.vault("PUT", HOST, SECRET, {"value": "one"}))
    changed = body_of(officer.vault("PATCH", HOST, SECRET + "/", {"attributes": {"enabled": False}}))
    assert changed["id"] == made["id"]
    status, code, _ = refusal(officer.vault("GET", HOST, SECRET))
    assert (status, code) == (403, "Forbidden")
    body_of(officer.vault("PATCH", HOST, made["id"].removeprefix(URI), {"attributes": {"enabled": True}}))
    assert body_of(officer.vault("GET", HOST, SECRET))["value"] == "one"


def test_what_resource_manager_writes_the_vault_reads(officer: Tenant) -> None:
    body_of(officer.arm("PUT", f"{VAULT}/secrets/from-arm", {"properties": {"value": "tiger"}}))
    assert body_of(officer.vault("GET", HOST, "/secrets/from-arm"))["value"] == "tiger"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/secrets/a_b", {"value": "v"}),
        ("/secrets/" + "x" * 128, {"value": "v"}),
        ("/secrets/x", {"value": "v" * 25_601}),
        ("/secrets/x", {"value": None}),
        ("/secrets/x", {}),
        ("/secrets/x", {"value": "v", "attributes": {"exp": "tomorrow"}}),
        ("/secrets/x", {"value": "v", "attributes": {"enabled": 1}}),
        ("/secrets/x", {"value": "v", "attributes": []}),
        ("/secrets/x", {"value": "v", "tags": {"a": 1}}),
        ("/secrets/x", {"value": "v", "contentType": ["text"]}),
    ],
)
def test_a_secret_is_refused(officer: Tenant, path: str, body: JsonObject) -> None:
    assert refusal(officer.vault("PUT", HOST, path, body))[:2] == (400, "BadParameter")


def test_the_longest_value_and_name_are_fine(officer: Tenant) -> None:
    path = "/secrets/" + "x" * 127
    body_of(officer.vault("PUT", HOST, path, {"value": "v" * 25_600}))
    assert len(body_of(officer.vault("GET", HOST, path))["value"]) == 25_600


# soft delete


def test_a_deleted_secret_holds_its_name_until_it_is_recovered(officer: Tenant) -> None:
    made = body_of(officer.vault("PUT", HOST, SECRET, {"value": "tiger"}))
    deleted = body_of(officer.vault("DELETE", HOST, SECRET))
    assert deleted["recoveryId"] == f"{URI}/deletedsecrets/client-secret"
    assert deleted["scheduledPurgeDate"] - deleted["deletedDate"] == 90 * 24 * 3600
    assert "value" not in deleted
    assert body_of(officer.vault("GET", HOST, "/deletedsecrets/client-secret")) == deleted
    assert body_of(officer.vault("GET", HOST, "/deletedsecrets"))["value"] == [deleted]
    assert refusal(officer.vault("GET", HOST, SECRET))[:2] == (404, "SecretNotFound")

    refused = body_of(officer.vault("PUT", HOST, SECRET, {"value": "lion"}), 409)["error"]
    assert (refused["code"], refused["innererror"]["code"]) == ("Conflict", "ObjectIsDeletedButRecoverable")
    through_arm = officer.arm("PUT", f"{VAULT}/secrets/client-secret", {"properties": {"value": "lion"}})
    assert refusal(through_arm)[0] == 409

    body_of(officer.vault("POST", HOST, "/deletedsecrets/client-secret/recover"))
    assert body_of(officer.vault("GET", HOST, SECRET)) == made
    assert refusal(officer.vault("GET", HOST, "/deletedsecrets/client-secret"))[0] == 404


def test_a_purged_secret_is_gone(officer: Tenant) -> None:
    body_of(officer.vault("PUT", HOST, SECRET, {"value": "tiger"}))
    body_of(officer.vault("DELETE", HOST, SECRET))
    assert officer.vault("DELETE", HOST, "/deletedsecrets/client-secret").status == 204
    assert officer.vault("DELETE", HOST, "/deletedsecrets/client-secret").status == 404
    body_of(officer.vault("PUT", HOST, SECRET, {"value": "lion"}))
    assert len(body_of(officer.vault("GET", HOST, f"{SECRET}/versions"))["value"]) == 1


def test_purge_protection_holds_for_secrets(officer: Tenant) -> None:
    body_of(officer.arm("PUT", VAULT, vault_body(enablePurgeProtection=True)))
    made = body_of(officer.vault("PUT", HOST, SECRET, {"value": "tiger"}))
    assert made["attributes"]["recoveryLevel"] == "Recoverable"
    body_of(officer.vault("DELETE", HOST, SECRET))
    assert refusal(officer.vault("DELETE", HOST, "/deletedsecrets/client-secret"))[:2] == (403, "Forbidden")


# who may do what


@pytest.mark.parametrize(
    ("role", "read", "list_", "write", "delete"),
    [
        ("Owner", 403, 403, 403, 403),
        ("Contributor", 403, 403, 403, 403),
        ("Key Vault Reader", 403, 200, 403, 403),
        ("Key Vault Secrets User", 200, 200, 403, 403),
        ("Key Vault Secrets Officer", 200, 200, 200, 200),
        ("Key Vault Administrator", 200, 200, 200, 200),
    ],
)
def test_data_actions_follow_the_role(
    officer: Tenant, role: str, read: int, list_: int, write: int, delete: int
) -> None:
    body_of(officer.vault("PUT", HOST, SECRET, {"value": "tiger"}))
    caller = officer.application("caller", azureRoles=[{"scope": VAULT, "role": role}])
    assert officer.vault("GET", HOST, SECRET, None, caller).status == read
    assert officer.vault("GET", HOST, "/secrets", None, caller).status == list_
    assert officer.vault("PUT", HOST, SECRET, {"value": "lion"}, caller).status == write
    assert officer.vault("DELETE", HOST, SECRET, None, caller).status == delete


def test_a_role_on_one_secret_opens_that_one_only(officer: Tenant) -> None:
    for name in ("mine", "mine-too"):
        body_of(officer.vault("PUT", HOST, f"/secrets/{name}", {"value": name}))
    caller = officer.application(
        "caller", azureRoles=[{"scope": f"{VAULT}/secrets/mine", "role": "Key Vault Secrets User"}]
    )
    assert body_of(officer.vault("GET", HOST, "/secrets/mine", None, caller))["value"] == "mine"
    assert refusal(officer.vault("GET", HOST, "/secrets/mine-too", None, caller))[0] == 403


def test_a_refusal_says_what_was_missing_where(officer: Tenant) -> None:
    caller = officer.application("caller")
    error = body_of(officer.vault("GET", HOST, SECRET, None, caller), 403)["error"]
    assert error["innererror"]["code"] == "ForbiddenByRbac"
    assert f"appid={caller['appId']};oid={caller['servicePrincipalId']}" in error["message"]
    assert "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'" in error["message"]
    assert "Vault: kv-airflow;location=westeurope" in error["message"]
