"""No body makes Graph fail: it is stored and served, or refused."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entra_local.wire import JsonObject
from tests.tenant.directory import ADA, ADMIN, ON_CALL, Graph, reference, role
from tests.tenant.test_applications import FEDERATED
from tests.tenant.test_groups import GROUP, USER
from tests.tenant.test_policies import LOCATIONS, POLICIES, POLICY, lifetime
from tests.tenant.world import GRAPH

text = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2))

APPLICATION = {
    "displayName": "x",
    "web": {"redirectUris": ["https://a.example/x"], "logoutUrl": "https://a.example/out"},
    "api": {"oauth2PermissionScopes": [], "requestedAccessTokenVersion": 2},
    "appRoles": [role()],
    "requiredResourceAccess": [{"resourceAppId": ADMIN["appId"], "resourceAccess": [{"id": ADA, "type": "Scope"}]}],
    "optionalClaims": {"idToken": [{"name": "email"}]},
    "identifierUris": ["api://x"],
    "keyCredentials": [],
    "passwordCredentials": [{"displayName": "p"}],
    "owners@odata.bind": [reference(ADA)["@odata.id"]],
}
LOCATION = {
    "@odata.type": "#microsoft.graph.ipNamedLocation",
    "displayName": "x",
    "ipRanges": [{"cidrAddress": "10.0.0.0/8"}],
    "isTrusted": True,
}
GROUP_REQUEST = GROUP | {"membershipRule": None, "owners@odata.bind": [], "members@odata.bind": []}
REQUESTS: list[tuple[str, str, JsonObject]] = [
    ("POST", "/applications", APPLICATION),
    ("PATCH", f"/applications/{ADMIN['id']}", APPLICATION),
    ("POST", f"/applications/{ADMIN['id']}/addPassword", {"passwordCredential": {"displayName": "p"}}),
    ("POST", f"/applications/{ADMIN['id']}/removePassword", {"keyId": ADA}),
    ("POST", f"/applications/{ADMIN['id']}/federatedIdentityCredentials", FEDERATED),
    ("POST", f"/applications/{ADMIN['id']}/owners/$ref", reference(ADA)),
    ("POST", "/servicePrincipals", {"appId": ADMIN["appId"], "tags": [], "samlSingleSignOnSettings": {}}),
    ("PATCH", f"/servicePrincipals/{ADMIN['servicePrincipalId']}", {"tags": [], "keyCredentials": []}),
    (
        "POST",
        f"/servicePrincipals/{ADMIN['servicePrincipalId']}/appRoleAssignedTo",
        {"principalId": ADA, "resourceId": ADMIN["servicePrincipalId"], "appRoleId": ADA},
    ),
    (
        "POST",
        "/oauth2PermissionGrants",
        {"clientId": ADA, "resourceId": ADA, "consentType": "AllPrincipals", "scope": "openid"},
    ),
    ("POST", "/groups", GROUP_REQUEST),
    ("PATCH", f"/groups/{ON_CALL}", GROUP_REQUEST),
    ("POST", "/users", USER),
    ("PATCH", f"/users/{ADA}", USER),
    ("PUT", f"/users/{ADA}/manager/$ref", reference(ADA)),
    ("POST", "/policies/tokenLifetimePolicies", lifetime("8:00:00")),
    ("POST", "/policies/claimsMappingPolicies", lifetime("8:00:00")),
    ("POST", POLICIES, POLICY),
    ("POST", LOCATIONS, LOCATION),
    ("POST", "/directoryObjects/getByIds", {"ids": [ADA], "types": ["user"]}),
    ("POST", f"/users/{ADA}/getMemberObjects", {"securityEnabledOnly": True}),
    ("POST", "/$batch", {"requests": [{"id": "1", "method": "GET", "url": "/users", "headers": {}, "dependsOn": []}]}),
]


def changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with one thing somewhere in it replaced by anything."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: changed(draw, value[name])}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [changed(draw, value[0]), *value[1:]]
    return draw(values)


@st.composite
def odd_bodies(draw: st.DrawFn, body: JsonObject) -> JsonObject:
    """The body with one to three properties replaced."""
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(body)))
        body = {**body, name: changed(draw, body[name])}
    return body


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=[f"{item[0]} {item[1]}" for item in REQUESTS])
def test_any_body_is_answered(graph: Graph, method: str, path: str, body: JsonObject) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(odd=odd_bodies(body))
    def answered(odd: JsonObject) -> None:
        reply = graph.tenant.send(method, f"{GRAPH}/v1.0{path}", json.dumps(odd).encode(), graph.token)
        assert reply.status < 500
        reply.encoded()
        # What was stored must not break what reads it.
        collection = path.split("/")[1]
        if reply.status == 201 and collection in ("applications", "groups", "users", "servicePrincipals"):
            graph.get(f"/{collection}")

    answered()
