"""How people's browsers get a token, and what it says: the corners that the documented examples don't show."""

from collections.abc import Mapping
from typing import Any

import pytest

from policies.claims import GROUP_CLAIMS_LIMITED, GROUPS_BY_ID, NO_MAPPED_CLAIMS, TOKENS_V2
from policies.clients import NO_IMPLICIT_GRANT, NO_PUBLIC_CLIENT, PKCE_CAPABLE
from policies.permissions import GRAPH, NO_HIGH_RISK_PERMISSION
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule

URI = "https://airflow.contoso.com/auth/oauth-authorized/azure"
ROLE_MANAGEMENT = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"


def problems(rule: Rule, type_: str, settings: Mapping[str, Value] | None = None, **props: Any) -> list[str]:
    resource = Resource(urn="one", type=type_, name="airflow", props=props)
    results = rule.check([resource], rule.with_defaults(settings or {}))
    return [result.problem for result in results if isinstance(result, Finding)]


def repaired(rule: Rule, type_: str, **props: Value) -> object:
    assert rule.repair
    return dict(rule.repair(Resource(urn="one", type=type_, name="airflow", props=props)))


@pytest.mark.parametrize("flag", ["accessTokenIssuanceEnabled", "idTokenIssuanceEnabled"])
def test_either_implicit_grant_is_refused(flag: str) -> None:
    web: Value = {"implicitGrant": {flag: True}, "redirectUris": [URI]}
    assert problems(NO_IMPLICIT_GRANT, "azuread:Application", web=web) == [
        f"web.implicitGrant.{flag} is true: tokens travel in the browser's address"
    ]


def test_the_implicit_grant_is_repaired_and_nothing_beside_it() -> None:
    web: Value = {"implicitGrant": {"idTokenIssuanceEnabled": True}, "redirectUris": [UNKNOWN]}
    off: Value = {"accessTokenIssuanceEnabled": False, "idTokenIssuanceEnabled": False}
    assert repaired(NO_IMPLICIT_GRANT, "azuread:Application", web=web) == {
        "web": {"implicitGrant": off, "redirectUris": [UNKNOWN]}
    }
    assert repaired(NO_IMPLICIT_GRANT, "azuread:Application", web={"redirectUris": [URI]}) == {}


@pytest.mark.parametrize("web", [None, UNKNOWN, {"implicitGrant": UNKNOWN}])
def test_an_implicit_grant_not_known_yet_is_left_alone(web: Value) -> None:
    assert problems(NO_IMPLICIT_GRANT, "azuread:Application", web=web) == []
    assert repaired(NO_IMPLICIT_GRANT, "azuread:Application", web=web) == {}


def test_a_public_client_is_refused_wherever_it_is_declared() -> None:
    assert len(problems(NO_PUBLIC_CLIENT, "azuread:Application", fallbackPublicClientEnabled=True)) == 1
    assert len(problems(NO_PUBLIC_CLIENT, "azuread:Application", publicClient={"redirectUris": [URI]})) == 1
    assert problems(NO_PUBLIC_CLIENT, "azuread:Application", publicClient={"redirectUris": [UNKNOWN]}) == []


def test_pkce_needs_the_web_platform_and_a_code_in_the_query() -> None:
    assert len(problems(PKCE_CAPABLE, "azuread:Application", singlePageApplication={"redirectUris": [URI]})) == 1
    assert len(problems(PKCE_CAPABLE, "azuread:Application", oauth2PostResponseRequired=True)) == 1
    assert problems(PKCE_CAPABLE, "azuread:Application", singlePageApplication={"redirectUris": []}) == []


@pytest.mark.parametrize(("claim", "refused"), [("All", 1), ("DirectoryRole", 1), ("SecurityGroup", 0), (UNKNOWN, 0)])
def test_group_claims(claim: Value, refused: int) -> None:
    assert len(problems(GROUP_CLAIMS_LIMITED, "azuread:Application", groupMembershipClaims=[claim])) == refused


@pytest.mark.parametrize("form", ["cloud_displayname", "sam_account_name", "emit_as_roles"])
def test_groups_are_never_told_by_name(form: str) -> None:
    claims: list[Value] = [{"name": "groups", "additionalProperties": [form]}]
    assert problems(GROUPS_BY_ID, "azuread:Application", optionalClaims={"accessTokens": claims}) == [
        f"accessTokens has the claim groups with {form}"
    ]


def test_claims_are_not_mapped() -> None:
    api: Value = {"mappedClaimsEnabled": True, "requestedAccessTokenVersion": 2}
    assert len(problems(NO_MAPPED_CLAIMS, "azuread:Application", api=api)) == 1
    assert repaired(NO_MAPPED_CLAIMS, "azuread:Application", api=api) == {
        "api": {"mappedClaimsEnabled": False, "requestedAccessTokenVersion": 2}
    }


def test_token_version() -> None:
    assert problems(TOKENS_V2, "azuread:Application", api={"requestedAccessTokenVersion": UNKNOWN}) == []
    assert problems(TOKENS_V2, "azuread:Application", api={"requestedAccessTokenVersion": "2"}) == []
    assert problems(TOKENS_V2, "azuread:Application") == ["requestedAccessTokenVersion is not set, so 1"]


def asking(id_: str, kind: str, api: str = GRAPH) -> dict[str, Any]:
    return {"requiredResourceAccesses": [{"resourceAppId": api, "resourceAccesses": [{"id": id_, "type": kind}]}]}


def test_a_high_risk_permission_is_named() -> None:
    assert problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", **asking(ROLE_MANAGEMENT, "Role")) == [
        "the application permission RoleManagement.ReadWrite.Directory is more than a sign-on needs"
    ]


def test_a_permission_that_people_give_is_another_one_when_nobody_is_signed_in() -> None:
    user_read = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
    assert problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", **asking(user_read, "Scope")) == []
    assert len(problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", **asking(user_read, "Role"))) == 1


EXCHANGE, EVERY_MAILBOX = "00000002-0000-0ff1-ce00-000000000000", "dc890d15-9560-4a4c-9b7f-a736ec74ec40"


@pytest.mark.parametrize("kind", ["Role", "Scope"])
def test_what_another_api_gives_has_to_be_listed(kind: str) -> None:
    asked = asking(EVERY_MAILBOX, kind, EXCHANGE)
    called = f"{'application' if kind == 'Role' else 'delegated'}:{EXCHANGE}/{EVERY_MAILBOX}"
    (problem,) = problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", **asked)
    assert f"permission {EXCHANGE}/{EVERY_MAILBOX} is more" in problem
    assert problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", {"allowed": [called]}, **asked) == []


def test_an_id_of_graphs_is_nothing_in_another_api() -> None:
    user_read = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
    assert len(problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", **asking(user_read, "Scope", EXCHANGE))) == 1


def test_a_known_permission_is_refused_before_it_is_given() -> None:
    assignment = "azuread:AppRoleAssignment"
    assert len(problems(NO_HIGH_RISK_PERMISSION, assignment, appRoleId=ROLE_MANAGEMENT)) == 1
    assert problems(NO_HIGH_RISK_PERMISSION, assignment, appRoleId=USER_READ_ALL) == []
    assert problems(NO_HIGH_RISK_PERMISSION, assignment, appRoleId=EVERY_MAILBOX) == [], "no-foreign-app-role's"


def test_what_people_granted_is_read_word_by_word() -> None:
    grant = "azuread:ServicePrincipalDelegatedPermissionGrant"
    assert problems(NO_HIGH_RISK_PERMISSION, grant, claimValues=["OpenId", "User.Read"]) == []
    assert len(problems(NO_HIGH_RISK_PERMISSION, grant, claimValues=["openid", "Mail.ReadWrite"])) == 1
    assert len(problems(NO_HIGH_RISK_PERMISSION, grant, claimValues=["openid Mail.ReadWrite"])) == 1


@pytest.mark.parametrize(
    "allowed", [f"application:{ROLE_MANAGEMENT}", "application:RoleManagement.ReadWrite.Directory"]
)
def test_what_is_allowed_is_a_setting(allowed: str) -> None:
    asked = asking(ROLE_MANAGEMENT, "Role")
    assert problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", {"allowed": [allowed]}, **asked) == []


USER_READ_ALL = "df021288-bdef-4463-88db-98f22de89214"


def test_reading_who_left_takes_two_permissions_of_the_application_and_no_more() -> None:
    assert problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", **asking(USER_READ_ALL, "Role")) == []
    assert problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", **asking(USER_READ_ALL, "Scope")) != []
    asked = asking(USER_READ_ALL, "Role")
    assert problems(NO_HIGH_RISK_PERMISSION, "azuread:Application", {"allowed": ["User.Read"]}, **asked) != []
