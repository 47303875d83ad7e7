"""What tokens say about a person: roles and groups as the application is declared, optional claims, lifetimes."""

import json
from collections.abc import Sequence
from typing import Any

import jwt
import pytest

from entra_local.wire import JsonObject
from tests.tenant.browser import APP, Browser, person
from tests.tenant.directory import OTHER_TENANT, Graph
from tests.tenant.world import LOGIN, TENANT, Tenant, body_of

ADA = person(1, "Ada Lovelace")
UPN: str = ADA["userPrincipalName"]
GUEST = person(
    2,
    "Guest Person",
    userPrincipalName="guest_fabrikam.example#EXT#@contoso.example",
    mail="guest@fabrikam.example",
    userType="Guest",
)
DIRECT, OUTER, OUTERMOST, UNRELATED, OFFICE = (f"d0000000-0000-4000-8000-{number:012d}" for number in range(5))
_GROUPS: list[JsonObject] = [
    {"id": DIRECT, "displayName": "direct", "members": [ADA["id"]]},
    {"id": OUTER, "displayName": "outer", "members": [DIRECT]},
    {"id": OUTERMOST, "displayName": "outermost", "members": [OUTER, APP["servicePrincipalId"]]},
    {"id": UNRELATED, "displayName": "unrelated"},
    {
        "id": OFFICE,
        "displayName": "office",
        "mailEnabled": True,
        "securityEnabled": False,
        "groupTypes": ["Unified"],
        "members": [ADA["id"]],
    },
]


@pytest.fixture
def browser(tenant: Tenant) -> Browser:
    tenant.seed(
        {"users": [ADA, GUEST], "groups": [group | {"tenantId": TENANT} for group in _GROUPS], "applications": [APP]}
    )
    return Browser(tenant)


def declare(browser: Browser, *assignments: JsonObject, **properties: Any) -> None:
    """Declare the application anew, with these assignments too."""
    browser.tenant.seed({"applications": [APP | {"assignments": list(assignments)} | properties]})


def optional(*names: str | JsonObject, kind: str = "idToken") -> JsonObject:
    """Optional claims by name."""
    return {kind: [name if isinstance(name, dict) else {"name": name} for name in names]}


# home

SYNCED = person(
    3,
    "Synced Member",
    userPrincipalName="synced_fabrikam.example#EXT#@contoso.example",
    mail="synced@fabrikam.example",
    homeTenantId=OTHER_TENANT,
    creationType="Invitation",
)


def test_a_token_names_the_tenant_that_somebody_is_of_where_it_is_another(graph: Graph, browser: Browser) -> None:
    """Cross-tenant synchronisation makes members: `acct` tells guests apart, `idp` says where somebody is of."""
    browser.tenant.seed({"users": [SYNCED]})
    declare(browser, optionalClaims=optional("acct"))
    assert "idp" not in browser.claims(UPN)
    member = browser.claims(SYNCED["userPrincipalName"], prompt="login")
    for person_, issuers in ((ADA, []), (SYNCED, ["ExternalAzureAD"]), (GUEST, ["ExternalAzureAD"])):
        stored = graph.get(f"/users/{person_['id']}", 200, select="identities,userType")
        assert [identity["issuer"] for identity in stored["identities"]] == issuers
    assert (member["acct"], member["idp"]) == (0, f"https://sts.windows.net/{OTHER_TENANT}/")
    guest = browser.claims(GUEST["userPrincipalName"], prompt="login")
    assert guest["acct"] == 1
    assert guest["idp"].startswith("https://sts.windows.net/")
    assert guest["idp"] != member["idp"]


# roles


def test_roles_come_from_a_direct_assignment_and_from_groups_without_nesting(browser: Browser) -> None:
    declare(
        browser,
        {"principal": ADA["id"], "role": "Viewer"},
        {"principal": DIRECT, "role": "Admin"},
        {"principal": OUTER, "role": "Viewer"},
        {"principal": ADA["id"]},
    )
    assert browser.claims(UPN)["roles"] == ["Admin", "Viewer"]


def test_a_nested_group_gives_nothing(browser: Browser) -> None:
    declare(browser, {"principal": OUTER, "role": "Admin"})
    assert "roles" not in browser.claims(UPN)


def test_a_service_principal_in_a_group_gets_no_role(browser: Browser) -> None:
    declare(browser, {"principal": OUTERMOST, "role": "Admin"})
    token = body_of(browser.tenant.sign_in(APP, scope=f"api://{APP['appId']}/.default"))["access_token"]
    assert "roles" not in _read(token)


def test_a_disabled_role_still_reaches_who_has_it(browser: Browser) -> None:
    disabled = [role | {"isEnabled": False} for role in APP["appRoles"]]
    declare(browser, {"principal": ADA["id"], "role": "Admin"}, appRoles=disabled)
    assert browser.claims(UPN)["roles"] == ["Admin"]


def test_roles_follow_the_directory_at_once(browser: Browser) -> None:
    declare(browser, {"principal": DIRECT, "role": "Admin"})
    assert browser.claims(UPN)["roles"] == ["Admin"]
    assert browser.tenant.graph("DELETE", f"/groups/{DIRECT}/members/{ADA['id']}/$ref").status == 204
    assert "roles" not in browser.claims(UPN, prompt="login")


# groups


@pytest.mark.parametrize(
    ("wanted", "groups", "wids"),
    [
        (None, [], False),
        ("None", [], False),
        ("SecurityGroup", [DIRECT, OUTER, OUTERMOST], False),
        ("ApplicationGroup", [DIRECT], False),
        ("DirectoryRole", [], True),
        ("All", [DIRECT, OUTER, OUTERMOST, OFFICE], True),
        ("ApplicationGroup,SecurityGroup", [DIRECT, OUTER, OUTERMOST], False),
    ],
)
def test_group_claims(browser: Browser, wanted: str | None, groups: Sequence[str], wids: bool) -> None:
    assigned = [{"principal": id_, "role": "Viewer"} for id_ in (DIRECT, OUTER, UNRELATED)]
    declare(browser, *assigned, groupMembershipClaims=wanted)
    claims = browser.claims(UPN)
    assert claims.get("groups", []) == sorted(groups)
    assert ("wids" in claims) == wids
    assert claims["roles"] == ["Viewer"], "groups come beside the roles"


@pytest.mark.parametrize(("count", "listed"), [(200, True), (201, False)])
def test_too_many_groups_are_left_out_and_can_be_asked_for(browser: Browser, count: int, listed: bool) -> None:
    many = [
        {"id": f"e0000000-0000-4000-8000-{number:012d}", "displayName": f"g-{number}", "members": [ADA["id"]]}
        for number in range(count - 3)
    ]
    browser.tenant.seed({"groups": many})
    declare(browser, groupMembershipClaims="SecurityGroup")
    tokens = browser.tokens(UPN, scope="openid profile User.Read")
    claims = browser.verified(tokens["id_token"])
    if listed:
        assert len(claims["groups"]) == count
        assert "_claim_names" not in claims
        return
    assert "groups" not in claims
    assert claims["_claim_names"] == {"groups": "src1"}
    assert claims["_claim_sources"]["src1"]["endpoint"].endswith(f"/{ADA['id']}/getMemberObjects")
    url = "https://graph.microsoft.com/v1.0/me/getMemberObjects"
    body = json.dumps({"securityEnabledOnly": True}).encode()
    asked = body_of(browser.tenant.send("POST", url, body, tokens["access_token"]))
    assert len(asked["value"]) == count


def test_groups_may_come_as_roles_or_by_name(browser: Browser) -> None:
    def declared(*options: str) -> JsonObject:
        claim = {"name": "groups", "additionalProperties": list(options)}
        assigned = {"principal": DIRECT, "role": "Viewer"}
        declare(browser, assigned, groupMembershipClaims="ApplicationGroup", optionalClaims=optional(claim))
        return browser.claims(UPN, prompt="login")

    named = declared("cloud_displayname")
    assert (named["groups"], named["roles"]) == (["direct"], ["Viewer"])
    as_roles = declared("emit_as_roles")
    assert as_roles["roles"] == [DIRECT]
    assert "groups" not in as_roles


# optional claims, names


def test_optional_claims_come_where_they_are_declared(browser: Browser) -> None:
    declare(browser, optionalClaims=optional("acct", "email", "upn", "auth_time", "given_name", "nonsense"))
    claims = browser.claims(UPN, scope="openid profile")
    assert (claims["acct"], claims["email"], claims["upn"]) == (0, ADA["mail"], UPN)
    assert claims["auth_time"] <= claims["iat"]
    assert not {"given_name", "nonsense"} & set(claims), "what the person does not have is left out"


def test_optional_claims_of_an_access_token_are_its_own(browser: Browser) -> None:
    declare(browser, optionalClaims=optional("upn", kind="accessToken"))
    assert "upn" not in browser.claims(UPN)


def test_a_person_without_mail_has_no_email_claim(browser: Browser) -> None:
    without = person(3, "Nomail Person", mail=None)
    browser.tenant.seed({"users": [without]})
    declare(browser, optionalClaims=optional("email"))
    assert "email" not in browser.claims(without["userPrincipalName"])


def test_names_of_the_whole_world(browser: Browser) -> None:
    name = "Zoë Ångström-王秀英 🦊"
    browser.tenant.seed({"users": [person(4, "Zoe", displayName=name)]})
    assert browser.claims("zoe@contoso.example")["name"] == name


@pytest.mark.parametrize("typed", [GUEST["userPrincipalName"], GUEST["mail"]])
def test_a_guest(browser: Browser, typed: str) -> None:
    declare(browser, optionalClaims=optional("acct", "upn"))
    claims = browser.claims(typed, scope="openid profile")
    assert claims["acct"] == 1
    assert claims["preferred_username"] == GUEST["userPrincipalName"]
    assert claims["email"] == GUEST["mail"], "of guests it is there without being asked for"
    assert "upn" not in claims


@pytest.mark.parametrize(
    ("option", "upn"),
    [
        ("include_externally_authenticated_upn", "guest_fabrikam.example#EXT#@contoso.example"),
        ("include_externally_authenticated_upn_without_hash", "guest_fabrikam.example_EXT_@contoso.example"),
    ],
)
def test_a_guests_upn_has_to_be_wanted(browser: Browser, option: str, upn: str) -> None:
    declare(browser, optionalClaims=optional({"name": "upn", "additionalProperties": [option]}))
    assert browser.claims(GUEST["mail"])["upn"] == upn


# access tokens


def test_an_access_token_for_graph(browser: Browser) -> None:
    tokens = browser.tokens(UPN, scope="openid profile offline_access User.Read")
    claims = _read(tokens["access_token"])
    assert (
        claims.items()
        >= {
            "aud": "00000003-0000-0000-c000-000000000000",
            "appid": APP["appId"],
            "idtyp": "user",
            "oid": ADA["id"],
            "scp": "User.Read openid profile",
            "tid": TENANT,
            "unique_name": UPN,
            "ver": "1.0",
        }.items()
    )
    assert tokens["scope"] == claims["scp"]
    assert claims["exp"] - claims["iat"] == tokens["expires_in"]


def test_an_access_token_for_the_application_itself(browser: Browser) -> None:
    declare(browser, {"principal": DIRECT, "role": "Admin"}, api={"requestedAccessTokenVersion": 2})
    tokens = browser.tokens(UPN, scope=f"openid profile {APP['appId']}/.default")
    claims = _read(tokens["access_token"])
    assert (claims["aud"], claims["azp"], claims["ver"]) == (APP["appId"], APP["appId"], "2.0")
    assert claims["iss"] == f"{LOGIN}/{TENANT}/v2.0"
    assert claims["roles"] == ["Admin"]
    assert claims["sub"] == browser.verified(tokens["id_token"])["sub"]


# lifetimes


def test_a_policy_on_the_application_rules_what_is_meant_for_it(graph: Graph, browser: Browser) -> None:
    _assign(graph, f"/applications/{APP['id']}", "8:00:00")
    tokens = browser.tokens(UPN, scope=f"openid profile {APP['appId']}/.default")
    assert tokens["expires_in"] == 8 * 3600
    assert _seconds(tokens["id_token"]) == 8 * 3600
    # Graph is another resource, and its tokens are not this application's business.
    assert 3600 <= browser.tokens(UPN, prompt="login")["expires_in"] <= 5400


def test_an_organisation_default_wins_over_the_application_and_loses_to_the_service_principal(
    graph: Graph, browser: Browser
) -> None:
    _assign(graph, f"/applications/{APP['id']}", "8:00:00")
    made = _policy(graph, "0:30:00", isOrganizationDefault=True)
    tokens = browser.tokens(UPN)
    assert (_seconds(tokens["id_token"]), tokens["expires_in"]) == (1800, 1800)
    _assign(graph, f"/servicePrincipals/{APP['servicePrincipalId']}", "2:00:00")
    assert _seconds(browser.tokens(UPN, prompt="login")["id_token"]) == 7200
    graph.delete(f"/policies/tokenLifetimePolicies/{made['id']}")
    assert browser.tokens(UPN, prompt="login")["expires_in"] >= 3600


def _policy(graph: Graph, lifetime: str, **more: Any) -> JsonObject:
    definition = json.dumps({"TokenLifetimePolicy": {"Version": 1, "AccessTokenLifetime": lifetime}})
    return graph.post("/policies/tokenLifetimePolicies", {"displayName": "p", "definition": [definition], **more})


def _assign(graph: Graph, owner: str, lifetime: str) -> None:
    reference = f"https://graph.microsoft.com/v1.0/policies/tokenLifetimePolicies/{_policy(graph, lifetime)['id']}"
    graph.post(f"{owner}/tokenLifetimePolicies/$ref", {"@odata.id": reference}, 204)


def _seconds(token: str) -> int:
    claims = _read(token)
    return int(claims["exp"] - claims["iat"])


def _read(token: str) -> JsonObject:
    claims: JsonObject = jwt.decode(token, options={"verify_signature": False})
    return claims
