"""What must be granted: the exact calls, from the same tables as the hand-over."""

from __future__ import annotations

from airflow_entra.access.azure_roles import ROLE_NAMES, SECRETS_OFFICER, SECRETS_USER
from airflow_entra.access.grants import Made, asks, azure_roles
from airflow_entra.access.identity_permissions import permission_id
from airflow_entra.access.names import role_assignment_name
from airflow_entra.access.pipeline import pipeline
from airflow_entra.access.requests import Ask
from tests.access.pipelines import REPOSITORY, shipped, stack

PRINCIPAL = "5b1f8d6e-2c4a-4f7b-9d30-7e6a5c4b3a21"
VAULT_GROUP = "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg-airflow"


def of(found: tuple[Ask, ...], name: str) -> list[Ask]:
    return [ask for ask in found if f" {name} " in ask.title]


def test_graph_permissions_are_asked_for_one_by_one_and_by_id() -> None:
    declared = pipeline(REPOSITORY, {"prod": stack()})
    made = {"production": Made("client", PRINCIPAL)}
    graph, *azure = of(asks(declared, {"prod": stack()}, made), "airflow-entra-production")
    wanted = declared.deployers[0].permissions
    get, *posts = graph.calls
    assert get.url.endswith("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id")
    assert [call.body["appRoleId"] for call in posts if call.body] == [permission_id(name) for name in wanted]
    assert {call.url for call in posts} == {
        f"https://graph.microsoft.com/v1.0/servicePrincipals/{PRINCIPAL}/appRoleAssignments"
    }
    assert all(name in graph.title and permission_id(name) in " ".join(graph.points) for name in wanted)
    assert "as strong as a Global Administrator. `manage.assignments: request` does without it" in " ".join(
        graph.points
    )
    assert "az ad app permission admin-consent --id client" in graph.afterwards
    assert graph.permission == "AppRoleAssignment.ReadWrite.All, or the role Privileged Role Administrator"
    assert len(azure) == 2


def test_before_anything_is_made_ids_are_placeholders() -> None:
    declared = pipeline(REPOSITORY, {"prod": stack()})
    text = str(asks(declared, {"prod": stack()}, {}))
    assert "<object id of airflow-entra-production>" in text
    assert "<client id of airflow-entra-preview>" in text


def test_a_vault_of_the_stack_takes_roles_on_its_group_and_gives_two_only() -> None:
    one = stack()
    deployer = pipeline(REPOSITORY, {"prod": one}).deployers[0]
    roles = azure_roles(deployer, {"prod": one})
    assert [(ROLE_NAMES[each.role], each.scope) for each in roles] == [
        ("Key Vault Contributor", VAULT_GROUP),
        ("Role Based Access Control Administrator", VAULT_GROUP),
    ]
    assert roles[1].only == (SECRETS_USER, SECRETS_OFFICER)
    (_, call) = (ask.calls[0] for ask in asked() if ask.part == "azure_roles")
    assert call.method == "PUT"
    assert role_assignment_name(VAULT_GROUP, PRINCIPAL, roles[1].role) in call.url
    assert call.body
    assert call.body["properties"]["condition"].count(f"{{{SECRETS_USER}, {SECRETS_OFFICER}}}") == 2


def asked() -> list[Ask]:
    stacks = {"prod": stack()}
    found = asks(pipeline(REPOSITORY, stacks), stacks, {"production": Made("client", PRINCIPAL)})
    return of(found, "airflow-entra-production")


def test_in_a_shared_vault_everything_is_about_the_one_secret() -> None:
    stacks = shipped()
    deployer = next(one for one in pipeline(REPOSITORY, stacks).deployers if one.key == "staging")
    roles = azure_roles(deployer, stacks)
    assert {each.scope.rpartition("/secrets/")[2] for each in roles} == {"airflow-staging-client-secret"}
    assert [ROLE_NAMES[each.role] for each in roles] == ["Key Vault Contributor", "Key Vault Secrets Officer"]


def test_a_private_endpoint_takes_the_network() -> None:
    subnet = f"{VAULT_GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet"
    one = stack(**{"credential.vault.privateEndpointSubnet": subnet})
    deployer = pipeline(REPOSITORY, {"prod": one}).deployers[0]
    scopes = [each.scope for each in azure_roles(deployer, {"prod": one}) if "Network" in ROLE_NAMES[each.role]]
    assert scopes == [VAULT_GROUP, subnet]


def test_registering_a_private_endpoint_takes_its_zone() -> None:
    network = f"{VAULT_GROUP}/providers/Microsoft.Network"
    zone = f"{network}/privateDnsZones/privatelink.vaultcore.azure.net"
    said = {"credential.vault.privateEndpointSubnet": f"{network}/virtualNetworks/vnet/subnets/snet"}
    for whose, scopes in ((zone, [zone]), ("elsewhere", [])):
        one = stack(**said, **{"credential.vault.privateDnsZone": whose})
        deployer = pipeline(REPOSITORY, {"prod": one}).deployers[0]
        asked = azure_roles(deployer, {"prod": one})
        assert [each.scope for each in asked if "DNS" in ROLE_NAMES[each.role]] == scopes


def test_previews_read_every_vault_and_federated_stacks_need_nothing_in_azure() -> None:
    stacks = shipped()
    preview = pipeline(REPOSITORY, stacks).preview
    assert {ROLE_NAMES[each.role] for each in azure_roles(preview, stacks)} == {"Reader"}
    assert azure_roles(preview, {"dev": stacks["dev"]}) == ()
    everything = asks(pipeline(REPOSITORY, stacks), stacks, {})
    assert "rg-airflow-local" not in str(everything)  # no pipeline deploys it
