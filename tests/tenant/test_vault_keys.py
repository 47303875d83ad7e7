"""Keys of a vault: made by Resource Manager, at work in the data plane, each operation by a role on the one key."""

import base64
from typing import Any

import pytest

from entra_local.wire import JsonObject, Reply
from tests.tenant.azure import VAULT
from tests.tenant.world import DEPLOYER, Tenant, body_of, refusal

HOST = "kv-airflow"
KEY = f"{VAULT}/keys/state"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"


def key_body(**properties: Any) -> JsonObject:
    return {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["encrypt", "decrypt"], **properties}}


@pytest.fixture
def key(vault: Tenant) -> Tenant:
    """A vault with a key, and a deployer who may use it."""
    body_of(vault.arm("PUT", KEY, key_body()))
    vault.seed({"applications": [DEPLOYER | {"azureRoles": [{"scope": KEY, "role": "Key Vault Crypto User"}]}]})
    return vault


def used(tenant: Tenant, operation: str, value: str, version: str = "", application: JsonObject = DEPLOYER) -> Reply:
    path = "/".join(part for part in ("/keys/state", version, operation) if part)
    return tenant.vault("POST", HOST, path, {"alg": "RSA-OAEP-256", "value": value}, application)


def text(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def test_a_key_is_made_once_and_never_changed(key: Tenant) -> None:
    made = body_of(key.arm("GET", KEY))
    properties = made["properties"]
    assert properties["keyUri"] == f"https://{HOST}.vault.azure.net/keys/state"
    assert properties["keyUriWithVersion"].startswith(properties["keyUri"] + "/")
    assert {"kty": "RSA", "keySize": 2048, "keyOps": ["encrypt", "decrypt"]}.items() <= properties.items()
    assert body_of(key.arm("PUT", KEY, key_body(keySize=4096))) == made
    assert body_of(key.arm("GET", f"{VAULT}/keys"))["value"] == [made]


@pytest.mark.parametrize("change", [{"kty": "EC"}, {"keySize": 1024}, {"keyOps": ["import"]}, {"keyOps": "encrypt"}])
def test_other_keys_are_refused(vault: Tenant, change: JsonObject) -> None:
    assert refusal(vault.arm("PUT", KEY, key_body(**change)))[:2] == (400, "BadRequest")
    assert refusal(vault.arm("GET", KEY))[:2] == (404, "NotFound")


def test_what_is_encrypted_is_decrypted_with_and_without_the_version(key: Tenant) -> None:
    version = body_of(key.arm("GET", KEY))["properties"]["keyUriWithVersion"].rpartition("/")[2]
    for with_version in ("", version):
        sealed = body_of(used(key, "encrypt", text("tiger"), with_version))
        assert sealed["kid"] == f"https://{HOST}.vault.azure.net/keys/state/{version}"
        assert sealed["value"] != text("tiger")
        assert body_of(used(key, "decrypt", sealed["value"], with_version))["value"] == text("tiger")
    assert refusal(used(key, "decrypt", sealed["value"], "another"))[:2] == (404, "KeyNotFound")
    assert refusal(used(key, "decrypt", text("no cipher")))[:2] == (400, "BadParameter")
    assert refusal(used(key, "encrypt", text("x" * 4000)))[:2] == (400, "BadParameter")
    assert refusal(key.vault("POST", HOST, "/keys/state/encrypt", {"alg": "none", "value": ""}))[0] == 400


def test_a_role_on_one_key_is_none_on_another(key: Tenant) -> None:
    body_of(key.arm("PUT", f"{VAULT}/keys/other", key_body()))
    refused = key.vault("POST", HOST, "/keys/other/encrypt", {"alg": "RSA-OAEP-256", "value": text("x")})
    assert refusal(refused)[:2] == (403, "Forbidden")
    stranger = key.application("stranger", azureRoles=[{"scope": VAULT, "role": "Key Vault Secrets Officer"}])
    assert refusal(used(key, "decrypt", text("x"), application=stranger))[:2] == (403, "Forbidden")


def test_a_key_does_what_it_is_for_while_it_is_enabled(vault: Tenant) -> None:
    vault.seed({"applications": [DEPLOYER | {"azureRoles": [{"scope": VAULT, "role": "Key Vault Administrator"}]}]})
    body_of(vault.arm("PUT", KEY, key_body(keyOps=["encrypt"])))
    assert used(vault, "encrypt", text("x")).status == 200
    assert refusal(used(vault, "decrypt", text("x")))[:2] == (403, "Forbidden")
    body_of(vault.arm("PUT", f"{VAULT}/keys/off", key_body(attributes={"enabled": False})))
    off = vault.vault("POST", HOST, "/keys/off/encrypt", {"alg": "RSA-OAEP-256", "value": text("x")})
    assert refusal(off)[:2] == (403, "Forbidden")


def test_a_deleted_key_keeps_its_name(vault: Tenant) -> None:
    vault.seed({"applications": [DEPLOYER | {"azureRoles": [{"scope": VAULT, "role": "Key Vault Administrator"}]}]})
    body_of(vault.arm("PUT", KEY, key_body()))
    assert vault.vault("DELETE", HOST, "/keys/state").status == 200
    assert refusal(vault.vault("DELETE", HOST, "/keys/state"))[:2] == (404, "KeyNotFound")
    assert refusal(vault.arm("PUT", KEY, key_body()))[:2] == (409, "Conflict")
