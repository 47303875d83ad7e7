"""No body makes Resource Manager or Key Vault fail: it is stored and served, or refused."""

import json
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entra_local.wire import JsonObject, Reply
from tests.tenant.azure import SUB, VAULT, VAULTS, vault_body
from tests.tenant.world import DEPLOYER, GROUP, Tenant, body_of, refusal

NAME = "9ee0fc01-8475-44aa-9841-1d4868343c67"
ASSIGNMENT = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{NAME}"
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"

text = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | text
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2))
odd = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def changed(body: JsonObject, *names: str) -> st.SearchStrategy[JsonObject]:
    """The body with one or two of its properties, or properties of `properties`, replaced by anything."""
    inner = st.dictionaries(st.sampled_from(names), values, max_size=2)
    outer = st.dictionaries(st.sampled_from(["location", "tags", "properties"]), values, max_size=1)
    return st.builds(lambda a, b: {**body, "properties": {**body["properties"], **a}, **b}, inner, outer)


@odd
@given(
    body=changed(
        vault_body(),
        *("tenantId", "sku", "accessPolicies", "enableRbacAuthorization", "softDeleteRetentionInDays", "createMode"),
        *("enablePurgeProtection", "enableSoftDelete", "vaultUri", "provisioningState"),
    )
)
def test_vaults(tenant: Tenant, body: JsonObject) -> None:
    name = f"kv-{uuid4().hex[:8]}"
    if _settled(tenant.arm("PUT", f"{VAULTS}/{name}", body)):
        body_of(tenant.arm("GET", f"{VAULTS}/{name}"))
        assert tenant.vault("GET", name, "/secrets/x").status in (401, 403, 404)
        assert tenant.arm("DELETE", f"{VAULTS}/{name}").status == 200
        assert body_of(tenant.arm("GET", f"{SUB}/providers/Microsoft.KeyVault/deletedVaults"))["value"]


@odd
@given(
    body=changed(
        {"properties": {"value": "tiger"}}, *("value", "attributes", "contentType", "enabled"), *("exp", "nbf")
    )
)
def test_secrets(vault: Tenant, body: JsonObject) -> None:
    if _settled(vault.arm("PUT", f"{VAULT}/secrets/one", body)):
        body_of(vault.arm("GET", f"{VAULT}/secrets/one"))
    properties = body["properties"]
    if isinstance(properties, dict):
        _settled(vault.arm("PATCH", f"{VAULT}/secrets/one", {"properties": {**properties, "value": None}}))


@odd
@given(
    body=changed(
        {"properties": {"principalId": DEPLOYER["servicePrincipalId"], "roleDefinitionId": READER}},
        *("principalId", "roleDefinitionId", "principalType", "description", "condition"),
    )
)
def test_role_assignments(tenant: Tenant, body: JsonObject) -> None:
    if _settled(tenant.arm("PUT", ASSIGNMENT, body)):
        body_of(tenant.arm("GET", ASSIGNMENT))
        body_of(tenant.arm("DELETE", ASSIGNMENT))


@odd
@given(body=st.dictionaries(st.sampled_from(["value", "attributes", "tags", "contentType"]), values))
def test_the_data_plane(vault: Tenant, body: JsonObject) -> None:
    role = {"scope": VAULT, "role": "Key Vault Administrator"}
    vault.seed({"applications": [DEPLOYER | {"azureRoles": [role]}]})
    if _settled(vault.vault("PUT", "kv-airflow", "/secrets/one", body)):
        assert vault.vault("GET", "kv-airflow", "/secrets/one").status in (200, 403)
    _settled(vault.vault("PATCH", "kv-airflow", "/secrets/one", body))


def test_half_a_surrogate_pair_is_no_text(vault: Tenant) -> None:
    odd_text = json.loads('"\\ud800"')
    assert refusal(vault.arm("PUT", f"{VAULT}/secrets/one", {"properties": {"value": odd_text}}))[0] == 400


def _settled(reply: Reply) -> bool:
    """Whether it was stored; a refusal is the caller's fault, or names what the tenant does not serve."""
    reply.encoded()
    assert reply.status in (200, 201) or 400 <= reply.status < 500 or reply.status == 501
    return reply.status < 400
