"""A refusal in the middle of a deployment is explained in the words of the comparison before it."""

from __future__ import annotations

import pytest

from airflow_entra.access.needed import NEEDED
from airflow_entra.access.refused import explained

SAID = """\
Diagnostics:
  {kind} ({name}):
    error: {reason}

  pulumi:pulumi:Stack (airflow-entra-dev):
    error: update failed
"""
DENIED = "POST /beta/groups: 403 Authorization_RequestDenied: Insufficient privileges to complete the operation."
OFFICIAL = (
    "creating group: unexpected status 403 (403 Forbidden) with error: Authorization_RequestDenied: Insufficient "
    "privileges to complete the operation."
)


@pytest.mark.parametrize("reason", [DENIED, OFFICIAL])
@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("azuread:index:GroupWithoutMembers", "airflow-dev-admins", "groups: request"),
        ("azuread:index/groupWithoutMembers:GroupWithoutMembers", "airflow-dev-admins", "User.Read.All where"),
        ("azuread:index:AppRoleAssignment", "Admin/airflow-dev-admins", "assignments: request"),
        ("azuread:index:AppRoleAssignment", "watcher-permission-User.Read.All", "consent: request"),
        ("azuread:index:ServicePrincipalDelegatedPermissionGrant", "admin-consent", "DelegatedPermissionGrant"),
        ("pulumi-python:dynamic/entra:TokenLifetimePolicy", "token-lifetime-policy", "tokenLifetime: request"),
        ("azuread:index:ConditionalAccessPolicy", "sign-in-frequency-policy", "Policy.Read.All"),
        ("azuread:index:Application", "application", "an owner of the application"),
        ("azure-native:keyvault:Vault", "vault", "a role of Azure where the vault is"),
        ("azure-native:authorization:RoleAssignment", "secrets-user/1", "vaultRoles: request"),
    ],
)
def test_a_refusal_names_the_permission_and_the_way_out(kind: str, name: str, words: str, reason: str) -> None:
    (said,) = explained(SAID.format(kind=kind, name=name, reason=reason))
    assert words in said
    assert "have it granted by somebody with" in said


def test_every_part_of_the_table_is_explained() -> None:
    kinds = {
        "groups": "azuread:index:GroupWithoutMembers",
        "assignments": "azuread:index:AppRoleAssignment",
        "consent": "azuread:index:ServicePrincipalDelegatedPermissionGrant",
        "token_lifetime": "pulumi-python:dynamic/entra:TokenLifetimeAssignment",
        "conditional_access": "azuread:index:ConditionalAccessPolicy",
    }
    assert set(kinds) == set(NEEDED)
    for part, needed in NEEDED.items():
        (said,) = explained(SAID.format(kind=kinds[part], name="x", reason=DENIED))
        assert all(permission in said for permission in needed.graph)


@pytest.mark.parametrize("reason", ["POST /beta/groups: 429 TooManyRequests: later", "name 'x403x' is taken"])
def test_what_is_no_refusal_is_not_explained(reason: str) -> None:
    assert explained(SAID.format(kind="azuread:index:GroupWithoutMembers", name="x", reason=reason)) == ()


def test_a_part_that_was_refused_often_is_explained_once() -> None:
    said = "".join(
        SAID.format(kind="azuread:index:GroupWithoutMembers", name=str(one), reason=DENIED) for one in range(3)
    )
    assert len(explained(said)) == 1
