"""A person's own token at Graph and at the userinfo endpoint, and the sign-in log."""

import json
from typing import Any

import jwt
import pytest

from entra_local.signin.models import log
from entra_local.wire import JsonObject, Reply
from tests.tenant.browser import APP, Browser, person, refusal_of
from tests.tenant.directory import ADMIN, Graph
from tests.tenant.world import TENANT, body_of, refusal

ADA = person(1, "Ada Lovelace", givenName="Ada", surname="Lovelace")
UPN: str = ADA["userPrincipalName"]
DIRECT, OUTER, OFFICE = (f"d0000000-0000-4000-8000-{number:012d}" for number in range(3))
GROUPS: list[JsonObject] = [
    {"id": DIRECT, "displayName": "direct", "members": [ADA["id"]]},
    {"id": OUTER, "displayName": "outer", "members": [DIRECT]},
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
def browser(graph: Graph) -> Browser:
    groups = [group | {"tenantId": TENANT} for group in GROUPS]
    graph.tenant.seed({"users": [ADA], "groups": groups, "applications": [APP]})
    return Browser(graph.tenant)


class Person:
    """Graph as somebody who signed in sees it."""

    def __init__(self, browser: Browser, *scopes: str, base: str = "https://graph.microsoft.com") -> None:
        permitted = [*APP["delegatedPermissions"], *scopes]
        browser.tenant.seed({"applications": [APP | {"delegatedPermissions": permitted}]})
        self.tokens = browser.tokens(UPN, prompt="login", scope=" ".join(["openid", *scopes]))
        self.tenant = browser.tenant
        self.base = base

    def ask(self, method: str, path: str, body: Any = None) -> Reply:
        content = b"" if body is None else json.dumps(body).encode()
        return self.tenant.send(method, self.base + path, content, self.tokens["access_token"])


@pytest.mark.parametrize("base", ["https://graph.microsoft.com", "http://localhost:8080"])
def test_me(browser: Browser, base: str) -> None:
    me = body_of(Person(browser, "User.Read", base=base).ask("GET", "/v1.0/me?$select=id,userPrincipalName"))
    assert (me["id"], me["userPrincipalName"]) == (ADA["id"], UPN)


def test_my_groups(browser: Browser) -> None:
    me = Person(browser, "GroupMember.Read.All")
    for name in ("getMemberObjects", "getMemberGroups"):
        all_ids = body_of(me.ask("POST", f"/v1.0/me/{name}", {"securityEnabledOnly": False}))["value"]
        security = body_of(me.ask("POST", f"/v1.0/me/{name}", {"securityEnabledOnly": True}))["value"]
        assert set(all_ids) == {DIRECT, OUTER, OFFICE}
        assert set(security) == {DIRECT, OUTER}
    assert {item["id"] for item in body_of(me.ask("GET", "/v1.0/me/memberOf"))["value"]} == {DIRECT, OFFICE}
    assert len(body_of(me.ask("GET", "/v1.0/me/transitiveMemberOf"))["value"]) == 3


def test_scopes_are_obeyed(browser: Browser) -> None:
    without = Person(browser)
    for method, path in (("GET", "/v1.0/me"), ("POST", "/v1.0/me/getMemberObjects"), ("GET", "/v1.0/me/memberOf")):
        assert refusal(without.ask(method, path, {}))[:2] == (403, "Authorization_RequestDenied")
    reader = Person(browser, "User.Read")
    for path in ("/v1.0/users", "/v1.0/groups", "/v1.0/auditLogs/signIns", f"/v1.0/groups/{DIRECT}/members"):
        assert reader.ask("GET", path).status == 403
    assert reader.ask("POST", "/v1.0/me/revokeSignInSessions", {}).status == 403


def test_somebody_without_a_directory_role_writes_nothing_whatever_the_scopes(graph: Graph, browser: Browser) -> None:
    (grant,) = graph.get(f"/servicePrincipals/{APP['servicePrincipalId']}/oauth2PermissionGrants")["value"]
    graph.patch(f"/oauth2PermissionGrants/{grant['id']}", {"scope": "openid Group.ReadWrite.All"})
    token = browser.tokens(UPN, scope="https://graph.microsoft.com/.default")["access_token"]
    path = f"https://graph.microsoft.com/v1.0/groups/{DIRECT}"
    assert browser.tenant.send("GET", path, token=token).status == 200
    assert browser.tenant.send("PATCH", path, b'{"description": "x"}', token).status == 403
    assert browser.tenant.send("DELETE", path, token=token).status == 403


def test_me_is_nobody_for_an_application(graph: Graph) -> None:
    assert "delegated" in graph.refused("GET", "/me", 400)


def test_a_token_of_somebody_who_is_gone(graph: Graph, browser: Browser) -> None:
    me = Person(browser, "User.Read")
    graph.patch(f"/users/{ADA['id']}", {"accountEnabled": False})
    assert refusal(me.ask("GET", "/v1.0/me"))[:2] == (401, "Authorization_IdentityNotFound")
    assert me.ask("GET", "/oidc/userinfo").status == 401


def test_an_id_token_is_no_access_token(browser: Browser) -> None:
    token = browser.tokens(UPN)["id_token"]
    assert browser.tenant.send("GET", "https://graph.microsoft.com/v1.0/me", token=token).status == 401


# userinfo


@pytest.mark.parametrize("base", ["https://graph.microsoft.com", "http://localhost:8080"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo(browser: Browser, base: str, method: str) -> None:
    me = Person(browser, "profile", "email", base=base)
    access = jwt.decode(me.tokens["access_token"], options={"verify_signature": False})
    assert access["sub"]
    assert body_of(me.ask(method, "/oidc/userinfo")) == {
        "sub": browser.verified(me.tokens["id_token"])["sub"],
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "email": ADA["mail"],
    }


def test_userinfo_wants_a_persons_token(graph: Graph, browser: Browser) -> None:
    url = "https://graph.microsoft.com/oidc/userinfo"
    for token in (None, "nonsense", graph.token):
        reply = graph.tenant.send("GET", url, token=token)
        assert refusal_of(reply)[0] == "invalid_token"
        assert "WWW-Authenticate" in reply.headers
    token = browser.tokens(UPN, scope="User.Read")["access_token"]
    assert refusal_of(graph.tenant.send("GET", url, token=token))[0] == "insufficient_scope"


# the log


def test_sign_ins_and_refusals_are_in_the_log(graph: Graph, browser: Browser) -> None:
    _let_read(graph)
    code = browser.sign_in(UPN)["code"]
    browser.ask()
    browser.choose(browser.ask(prompt="login"), "nobody@contoso.example")
    browser.ask(redirect_uri="https://evil.example")
    browser.redeem(code, client_secret="wrong")
    secret, mismatch, unknown, silent, first = graph.get("/auditLogs/signIns")["value"]
    assert (
        first.items()
        >= {
            "userPrincipalName": UPN,
            "userId": ADA["id"],
            "userDisplayName": "Ada Lovelace",
            "appId": APP["appId"],
            "appDisplayName": APP["displayName"],
            "ipAddress": "127.0.0.1",
            "isInteractive": True,
        }.items()
    )
    assert first["status"]["errorCode"] == 0
    assert (silent["isInteractive"], silent["status"]["errorCode"]) == (False, 0)
    assert (unknown["userPrincipalName"], unknown["status"]["errorCode"]) == ("nobody@contoso.example", 50034)
    assert "does not exist" in unknown["status"]["failureReason"]
    assert mismatch["status"]["errorCode"] == 50011
    assert secret["status"]["errorCode"] == 7000215
    assert graph.get(f"/auditLogs/signIns/{first['id']}")["correlationId"] == first["correlationId"]
    failed = graph.get("/auditLogs/signIns", filter="status/errorCode eq 50034")
    assert failed["value"] == [unknown]


def test_the_log_takes_its_own_permission(graph: Graph) -> None:
    assert graph.refused("GET", "/auditLogs/signIns", 403)


def test_an_attempt_keeps_the_id_that_its_caller_gave_it(graph: Graph, browser: Browser) -> None:
    _let_read(graph)
    wanted = "12345678-1234-4234-8234-123456789012"
    browser.ask(**{"client-request-id": wanted, "redirect_uri": "https://evil.example"})
    (entry,) = graph.get("/auditLogs/signIns")["value"]
    assert entry["correlationId"] == wanted


def test_the_log_is_bounded(graph: Graph, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    _let_read(graph)
    monkeypatch.setattr(log, "KEPT", 3)
    for name in ("a", "b", "c", "d", "e"):
        browser.choose(browser.ask(), f"{name}@contoso.example")
    kept = [entry["userPrincipalName"] for entry in graph.get("/auditLogs/signIns")["value"]]
    assert kept == ["e@contoso.example", "d@contoso.example", "c@contoso.example"]


def _let_read(graph: Graph) -> None:
    """Give the application of the tests the permission, and a token that says so."""
    reader: JsonObject = ADMIN | {"permissions": [*ADMIN["permissions"], "AuditLog.Read.All"]}
    graph.tenant.seed({"applications": [reader]})
    graph.token = Graph(graph.tenant, reader).token
