"""What a deployment takes of Microsoft Graph, and what a token proves that an identity lacks of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.access.azure_needs import Allowed
from airflow_entra.access.held import Held, held
from airflow_entra.access.identity_permissions import deploying
from airflow_entra.access.lacking import lacks_in_azure, lacks_in_graph
from airflow_entra.access.needs import LOOKS_AT_GROUPS, OWN, needs
from airflow_entra.finding import At
from airflow_entra.settings.model import StackSettings
from tests.access.pipelines import EVERYTHING, shipped, stack

APPLICATION = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
GROUPS_ADMINISTRATOR = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
AZ_LOGIN = (
    "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All AuditLog.Read.All "
    "DelegatedPermissionGrant.ReadWrite.All Directory.AccessAsUser.All email Group.ReadWrite.All openid profile "
    "User.Read.All User.ReadWrite.All"
)
"""The scopes of the Azure CLI's token for Microsoft Graph: https://github.com/Azure/azure-cli/issues/23906"""
ALL_MANAGED = dict.fromkeys(EVERYTHING, "managed")


def token(**claims: Any) -> str:
    parts = ({"alg": "none"}, {"oid": "5B1F8D6E-2C4A-4F7B-9D30-7E6A5C4B3A21", "app_displayname": "deploy"} | claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + ".x"


def application(roles: Sequence[str], wids: Sequence[str] = (APPLICATION,)) -> Held:
    found = held(token(idtyp="app", roles=list(roles), wids=list(wids)))
    assert found is not None
    return found


def person(scopes: str) -> Held:
    found = held(token(scp=scopes, wids=["62e90394-69f5-4237-9190-012177145e10"]))
    assert found is not None
    return found


def everything(**changes: Any) -> StackSettings:
    return stack(manage=ALL_MANAGED, **changes)


def lacked(settings: StackSettings, identity: Held) -> dict[str, str]:
    """By part as the file names it: what is said."""
    found = {}
    for finding in lacks_in_graph(settings, identity):
        assert isinstance(finding.where, At)
        assert finding.severity == "error"
        found[str(finding.where.loc[-1])] = str(finding)
    return found


STACKS = {
    **shipped(),
    "everything": everything(),
    "frequency": everything(**{"signIn.tokenLifetime": None, "signIn.signInFrequency": "8h"}),
    "watched": everything(**{"signIn.revocation": "watch"}),
}


@pytest.mark.parametrize("name", sorted(STACKS))
def test_the_printed_permissions_are_enough_and_none_of_them_may_be_missing(name: str) -> None:
    settings = STACKS[name]
    printed = deploying([settings])
    assert lacked(settings, application(printed)) == {}
    for missing in set(printed) - {LOOKS_AT_GROUPS}:
        said = lacked(settings, application([one for one in printed if one != missing]))
        assert any(missing in words for words in said.values()), missing


def test_groups_with_owners_take_a_look_at_people() -> None:
    """https://registry.terraform.io/providers/hashicorp/azuread/latest/docs/resources/group"""
    for name in ("dev", "prod"):
        assert "User.Read.All" in deploying([shipped()[name]])
    assert "User.Read.All" not in deploying([everything(**{"owners.groups": []})])


def test_an_owner_that_is_the_deploying_identity_itself_is_not_looked_up() -> None:
    enough = set(deploying([everything(**{"owners.groups": []})]))
    itself = everything(**{"owners.groups": ["5b1f8d6e-2c4a-4f7b-9d30-7e6a5c4b3a21"]})
    assert lacked(itself, application(sorted(enough))) == {}
    assert "groups" in lacked(everything(), application(sorted(enough)))


def test_with_ownedby_alone_each_part_is_named_with_who_grants_it_and_how_to_leave_it() -> None:
    said = lacked(everything(), application([OWN]))
    assert sorted(said) == ["assignments", "consent", "groups", "tokenLifetime"]
    assert "Group.ReadWrite.All and User.Read.All" in said["groups"]
    for part, words in said.items():
        assert f"manage.{part} is managed" in words
        assert "Privileged Role Administrator" in words
        assert f"write tenant.manage.{part}: request" in words


def test_what_is_left_to_others_is_not_missing() -> None:
    left = stack(manage=dict.fromkeys(EVERYTHING, "request"))
    assert lacked(left, application([OWN])) == {}
    assert list(lacked(left, application([]))) == ["airflow-entra:owners"]


@pytest.mark.parametrize(
    "wider", ["Directory.ReadWrite.All", "Application.ReadWrite.All"], ids=["directory", "applications"]
)
def test_a_wider_permission_does_as_well(wider: str) -> None:
    assert "airflow-entra:owners" not in lacked(everything(), application([wider]))


def test_a_role_of_the_directory_may_do_as_well_so_that_nothing_is_proven() -> None:
    assert lacked(everything(), application([], [APPLICATION, GROUPS_ADMINISTRATOR])) == {}


def test_without_the_roles_of_the_directory_in_the_token_nothing_is_proven() -> None:
    unsaid = held(token(idtyp="app", roles=[]))
    assert unsaid is not None
    assert lacked(everything(), unsaid) == {}


def test_a_token_of_az_login_never_reaches_policies_whatever_the_person_is() -> None:
    said = lacked(everything(), person(AZ_LOGIN))
    assert list(said) == ["tokenLifetime"]
    assert "no token of `az login` ever does" in said["tokenLifetime"]


@pytest.mark.parametrize("text", ["", "opaque", "a.b.c", "a.b.c.d.e", token(aud="x")])
def test_a_token_that_says_nothing_is_no_identity(text: str) -> None:
    assert held(text) is None


def test_each_need_is_said_once() -> None:
    for settings in STACKS.values():
        found = needs(settings)
        assert len(found) == len(set(found))


GROUP = "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg-airflow"
CONTRIBUTOR = Allowed(("*",), ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"))
VAULTS = Allowed(("Microsoft.Authorization/*/read", "Microsoft.KeyVault/*"), ())
GIVES = Allowed(("*/read", "Microsoft.Authorization/roleAssignments/write"), ())


def lacked_in_azure(settings: StackSettings, allowed: dict[str, tuple[Allowed, ...] | None]) -> list[str]:
    return [str(one) for one in lacks_in_azure(DeclaredStack("prod", settings), allowed)]


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ((VAULTS, GIVES), []),
        ((CONTRIBUTOR,), ["Role Based Access Control Administrator"]),
        ((GIVES,), ["Key Vault Contributor"]),
        ((VAULTS,), ["Role Based Access Control Administrator"]),
        ((), ["Key Vault Contributor", "Role Based Access Control Administrator"]),
    ],
)
def test_a_role_of_azure_that_is_missing_is_named(held: tuple[Allowed, ...], missing: list[str]) -> None:
    said = lacked_in_azure(everything(), {GROUP: held})
    assert len(said) == len(missing)
    for words, role in zip(said, missing, strict=True):
        assert f"{role} there, or more" in words
    assert all("write tenant.manage.vaultRoles: request" in words for words in said if "manage.vaultRoles" in words)


def test_what_azure_does_not_tell_stops_nothing() -> None:
    assert lacked_in_azure(everything(), {}) == []


def test_a_resource_group_that_is_not_there_is_named() -> None:
    (said,) = lacked_in_azure(everything(), {GROUP: None})
    assert f"there is no {GROUP} in Azure" in said


def test_a_vault_that_exists_may_have_its_roles_in_a_narrower_place() -> None:
    existing = {"existing": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-shared"}
    shared = everything(credential={"mode": "vaultSecret", "vault": existing})
    assert lacked_in_azure(shared, {GROUP: (), f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-shared": ()}) == []
