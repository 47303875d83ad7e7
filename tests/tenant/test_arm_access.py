"""Role assignments: made, found, taken away, and obeyed."""

from typing import Any
from uuid import uuid4

import pytest

from entra_local import clock
from entra_local.wire import JsonObject
from tests.tenant.azure import DELETED, SUB, VAULT, VAULTS, vault_body
from tests.tenant.world import ARM, DEPLOYER, GROUP, SUBSCRIPTION, TENANT, Tenant, body_of, refusal

SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
NAME = "9ee0fc01-8475-44aa-9841-1d4868343c67"
ME: str = DEPLOYER["servicePrincipalId"]


def assignments(scope: str, name: str = "") -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments" + (f"/{name}" if name else "")


def wanted(principal: str = ME, role: str = READER, **more: Any) -> JsonObject:
    definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"roleDefinitionId": definition, "principalId": principal, **more}}


@pytest.mark.parametrize("scope", [SUB, GROUP, VAULT, f"{VAULT}/secrets/client-secret"])
def test_an_assignment_lives_at_any_scope(vault: Tenant, scope: str) -> None:
    made = body_of(vault.arm("PUT", assignments(scope, NAME), wanted(description="for the tests")), 201)
    assert made["id"] == assignments(scope, NAME)
    assert made["properties"]["scope"] == scope
    assert made["properties"]["principalType"] == "ServicePrincipal"
    assert made["properties"]["roleDefinitionId"] == wanted()["properties"]["roleDefinitionId"]
    assert body_of(vault.arm("GET", assignments(scope, NAME))) == made
    assert body_of(vault.arm("DELETE", assignments(scope, NAME))) == made
    assert refusal(vault.arm("GET", assignments(scope, NAME)))[:2] == (404, "RoleAssignmentNotFound")
    assert vault.arm("DELETE", assignments(scope, NAME)).status == 204


@pytest.mark.parametrize("kind", ["ServicePrincipal", "Group"])
def test_a_principal_that_was_made_minutes_ago_is_known_by_its_kind_alone(tenant: Tenant, kind: str) -> None:
    if kind == "Group":
        body = {"displayName": "new", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}
        principal = body_of(tenant.graph("POST", "/groups", body), 201)["id"]
    else:
        app_id = body_of(tenant.graph("POST", "/applications", {"displayName": "new"}), 201)["appId"]
        principal = body_of(tenant.graph("POST", "/servicePrincipals", {"appId": app_id}), 201)["id"]
    put = assignments(GROUP, NAME)
    code, message = refusal(tenant.arm("PUT", put, wanted(principal)))[1:]
    assert code == "PrincipalNotFound"
    assert "set the role assignment principalType property" in message
    body_of(tenant.arm("PUT", put, wanted(principal, principalType=kind)), 201)
    with tenant.world.store.transaction():
        tenant.world.store.set(clock.SETTING, "400")
    tenant.arm("DELETE", put)
    body_of(tenant.arm("PUT", put, wanted(principal)), 201)


def test_the_same_assignment_twice(tenant: Tenant) -> None:
    made = body_of(tenant.arm("PUT", assignments(GROUP, NAME), wanted()), 201)
    assert body_of(tenant.arm("PUT", assignments(GROUP, NAME), wanted()))["id"] == made["id"]
    other = refusal(tenant.arm("PUT", assignments(GROUP, str(uuid4())), wanted()))
    assert other == (
        409,
        "RoleAssignmentExists",
        f"The role assignment already exists. The ID of the existing role assignment is {NAME.replace('-', '')}.",
    )
    body_of(tenant.arm("PUT", assignments(SUB, str(uuid4())), wanted()), 201)  # another scope is another assignment


def test_only_the_description_can_change(tenant: Tenant) -> None:
    body_of(tenant.arm("PUT", assignments(GROUP, NAME), wanted()), 201)
    changed = body_of(tenant.arm("PUT", assignments(GROUP, NAME), wanted(description="why")))
    assert changed["properties"]["description"] == "why"
    assert body_of(tenant.arm("GET", assignments(GROUP, NAME))) == changed
    reply = tenant.arm("PUT", assignments(GROUP, NAME), wanted(role=SECRETS_USER))
    assert refusal(reply)[1] == "RoleAssignmentUpdateNotPermitted"


@pytest.mark.parametrize(
    ("scope", "name", "body", "status", "code"),
    [
        (GROUP, "not-a-guid", wanted(), 400, "InvalidRoleAssignmentId"),
        (GROUP, NAME, wanted(role=str(uuid4())), 404, "RoleDefinitionDoesNotExist"),
        (GROUP, NAME, wanted(str(uuid4())), 400, "PrincipalNotFound"),
        (GROUP, NAME, wanted(principalType="Group"), 400, "UnmatchedPrincipalType"),
        (GROUP, NAME, wanted(condition="@Resource[x] StringEquals 'y'"), 501, "NotImplemented"),
        (GROUP, NAME, {}, 400, "InvalidRequestContent"),
        (GROUP, NAME, {"properties": {"principalId": ME}}, 400, "InvalidRequestContent"),
        (f"{SUB}/resourceGroups/other", NAME, wanted(), 404, "ResourceGroupNotFound"),
        (VAULT, NAME, wanted(), 404, "ResourceNotFound"),
        (f"{VAULT}/secrets/one", NAME, wanted(), 404, "ResourceNotFound"),
    ],
)
def test_refused_assignments(tenant: Tenant, scope: str, name: str, body: JsonObject, status: int, code: str) -> None:
    assert refusal(tenant.arm("PUT", assignments(scope, name), body))[:2] == (status, code)


def test_a_list_shows_what_is_above_and_below(vault: Tenant) -> None:
    reader = vault.application("reader", azureRoles=[{"scope": VAULT, "role": "Reader"}])
    at_vault = (VAULT, reader["servicePrincipalId"])
    at_top = (SUB, ME)
    assert _listed(vault, GROUP) == {at_vault, at_top}
    assert _listed(vault, GROUP, "atScope()") == {at_top}
    assert _listed(vault, VAULT, "atScope()") == {at_vault, at_top}
    assert _listed(vault, SUB, f"principalId eq '{ME}'") == {at_top}
    assert _listed(vault, VAULT, f"atScope() and principalId eq '{reader['servicePrincipalId']}'") == {at_vault}
    reply = vault.arm("GET", assignments(SUB) + "?$filter=roleName eq 'Owner'")
    assert refusal(reply)[:2] == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("id_", "name"),
    [
        ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
        (READER, "Reader"),
        (SECRETS_USER, "Key Vault Secrets User"),
        ("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "Key Vault Secrets Officer"),
        ("00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator"),
    ],
)
def test_built_in_roles_are_found_by_their_public_ids(tenant: Tenant, id_: str, name: str) -> None:
    found = body_of(tenant.arm("GET", f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{id_}"))
    assert (found["name"], found["properties"]["roleName"]) == (id_, name)


# who may do what


def test_without_a_role_everything_is_refused_in_azures_words(vault: Tenant) -> None:
    nobody = vault.application("nobody")
    status, code, message = refusal(vault.arm("GET", VAULT, None, nobody))
    assert (status, code) == (403, "AuthorizationFailed")
    assert message == (
        f"The client '{nobody['appId']}' with object id '{nobody['servicePrincipalId']}' does not have authorization"
        f" to perform action 'Microsoft.KeyVault/vaults/read' over scope '{VAULT}' or the scope is invalid. If access"
        " was recently granted, please refresh your credentials."
    )


@pytest.mark.parametrize(
    ("role", "read", "write", "assign"),
    [
        ("Owner", 200, 200, 201),
        ("Contributor", 200, 200, 403),
        ("Reader", 200, 403, 403),
        ("User Access Administrator", 200, 403, 201),
        ("Key Vault Contributor", 200, 200, 403),
        ("Key Vault Administrator", 200, 403, 403),
        ("Key Vault Secrets User", 403, 403, 403),
    ],
)
def test_a_role_allows_what_it_says_below_its_scope(
    vault: Tenant, role: str, read: int, write: int, assign: int
) -> None:
    caller = vault.application("caller", azureRoles=[{"scope": GROUP, "role": role}])
    assert vault.arm("GET", VAULT, None, caller).status == read
    assert vault.arm("PUT", VAULT, vault_body(), caller).status == write
    assert vault.arm("PUT", assignments(VAULT, NAME), wanted(), caller).status == assign


def test_a_role_reaches_neither_up_nor_sideways(vault: Tenant) -> None:
    body_of(vault.arm("PUT", f"{VAULTS}/kv-airflow2", vault_body()))
    caller = vault.application("caller", azureRoles=[{"scope": VAULT, "role": "Owner"}])
    assert vault.arm("GET", VAULT, None, caller).status == 200
    assert vault.arm("GET", f"{VAULTS}/kv-airflow2", None, caller).status == 403
    assert vault.arm("GET", GROUP, None, caller).status == 403


def test_a_new_assignment_counts_at_once_and_until_it_is_removed(vault: Tenant) -> None:
    caller = vault.application("caller")
    body = wanted(caller["servicePrincipalId"])
    assert vault.arm("GET", VAULT, None, caller).status == 403
    body_of(vault.arm("PUT", assignments(VAULT, NAME), body), 201)
    assert vault.arm("GET", VAULT, None, caller).status == 200
    assert vault.arm("DELETE", assignments(VAULT, NAME)).status == 200
    assert vault.arm("GET", VAULT, None, caller).status == 403


def test_a_groups_role_is_its_members_role(vault: Tenant) -> None:
    caller = vault.application("caller")
    inner, outer = str(uuid4()), str(uuid4())
    vault.seed(
        {
            "groups": [
                {"id": inner, "displayName": "inner", "members": [caller["servicePrincipalId"]]},
                {"id": outer, "displayName": "outer", "members": [inner]},
            ]
        }
    )
    made = body_of(vault.arm("PUT", assignments(VAULT, NAME), wanted(outer)), 201)
    assert made["properties"]["principalType"] == "Group"
    assert vault.arm("GET", VAULT, None, caller).status == 200


def test_deleting_a_vault_removes_its_assignments_and_recovery_restores_none(vault: Tenant) -> None:
    body_of(vault.arm("PUT", assignments(VAULT, NAME), wanted()), 201)
    body_of(vault.arm("PUT", assignments(f"{VAULT}/secrets/one", str(uuid4())), wanted()), 201)
    vault.arm("DELETE", VAULT)
    body_of(vault.arm("PUT", VAULT, vault_body(createMode="recover")))
    assert _listed(vault, VAULT) == {(SUB, ME)}


def test_only_an_owner_of_the_place_purges(vault: Tenant) -> None:
    keeper = vault.application("keeper", azureRoles=[{"scope": SUB, "role": "Key Vault Contributor"}])
    assert vault.arm("DELETE", VAULT, None, keeper).status == 200
    assert vault.arm("GET", DELETED, None, keeper).status == 200
    assert vault.arm("POST", f"{DELETED}/purge", None, keeper).status == 403


def test_another_tenants_token_is_refused(tenant: Tenant) -> None:
    other = str(uuid4())
    tenant.seed({"tenants": [{"id": other, "displayName": "Fabrikam", "domain": "fabrikam.example"}]})
    stranger = tenant.application(
        "stranger", tenantId=other, azureRoles=[{"scope": f"/subscriptions/{SUBSCRIPTION}", "role": "Owner"}]
    )
    signed_in = body_of(tenant.sign_in(stranger, tenant=other))
    reply = tenant.send("GET", f"{ARM}{GROUP}?api-version=2024-03-01", token=signed_in["access_token"])
    status, code, message = refusal(reply)
    assert (status, code) == (401, "InvalidAuthenticationTokenTenant")
    assert TENANT in message


def _listed(tenant: Tenant, scope: str, filter_: str = "") -> set[tuple[str, str]]:
    found = body_of(tenant.arm("GET", assignments(scope) + (f"?$filter={filter_}" if filter_ else "")))["value"]
    return {(item["properties"]["scope"], item["properties"]["principalId"]) for item in found}


LIMIT = (
    "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR "
    "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{given}}}))"
    " AND ((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/delete'}})) OR "
    "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{taken}}}))"
)
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"


def _role_assignment(principal: str, role: str, **more: str) -> JsonObject:
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"principalId": principal, "roleDefinitionId": definition, **more}}


def test_who_may_give_some_roles_gives_and_takes_those_only(tenant: Tenant) -> None:
    limited, other = tenant.application("limited"), tenant.application("other")
    base = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
    condition = LIMIT.format(given=READER, taken=READER)
    wanted = _role_assignment(limited["servicePrincipalId"], _ADMINISTRATOR, condition=condition)
    made = body_of(tenant.arm("PUT", f"{base}/{uuid4()}", wanted), 201)
    assert made["properties"]["condition"] == condition

    one, principal = f"{base}/{uuid4()}", other["servicePrincipalId"]
    refused = tenant.arm("PUT", one, _role_assignment(principal, _OWNER), application=limited)
    assert refusal(refused)[:2] == (403, "AuthorizationFailed")
    body_of(tenant.arm("PUT", one, _role_assignment(principal, READER), application=limited), 201)
    assert tenant.arm("DELETE", one, application=limited).status == 200
    theirs = f"{base}/{made['name']}"
    assert refusal(tenant.arm("DELETE", theirs, application=limited))[:2] == (403, "AuthorizationFailed")


@pytest.mark.parametrize("condition", ["true", LIMIT.format(given=READER, taken=_OWNER)])
def test_conditions_of_any_other_kind_are_not_served(tenant: Tenant, condition: str) -> None:
    principal = tenant.application("any")["servicePrincipalId"]
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
    wanted = _role_assignment(principal, _ADMINISTRATOR, condition=condition)
    assert refusal(tenant.arm("PUT", path, wanted))[:2] == (501, "NotImplemented")


def test_whoever_may_ask_hears_what_it_may_do_at_a_scope(tenant: Tenant) -> None:
    contributor = tenant.application("contributor", azureRoles=[{"scope": GROUP, "role": "Key Vault Contributor"}])
    path = f"{GROUP}/providers/Microsoft.Authorization/permissions"
    (said,) = body_of(tenant.arm("GET", path, None, contributor))["value"]
    assert "Microsoft.KeyVault/*" in said["actions"]
    assert "Microsoft.KeyVault/locations/deletedVaults/purge/action" in said["notActions"]
    assert tenant.arm("GET", path.replace("rg-airflow", "rg-none")).status == 404
    assert tenant.arm("GET", path, None, tenant.application("nobody")).status == 403
