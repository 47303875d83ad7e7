"""Refresh tokens: how long they live, what ends them, and how Entra words that."""

from collections.abc import Callable

import pytest

from entra_local import clock
from entra_local.wire import JsonObject
from tests.tenant.browser import APP, Browser, answer_of, person, refusal_of
from tests.tenant.directory import Graph
from tests.tenant.world import body_of

ADA = person(1, "Ada Lovelace")
GRACE = person(2, "Grace Hopper")
UPN: str = ADA["userPrincipalName"]
SCOPE = "openid profile offline_access User.Read"


@pytest.fixture
def browser(graph: Graph) -> Browser:
    graph.tenant.seed({"users": [ADA, GRACE], "applications": [APP]})
    return Browser(graph.tenant)


@pytest.fixture
def token(browser: Browser) -> str:
    return str(browser.tokens(UPN, scope=SCOPE)["refresh_token"])


def test_a_refresh_gives_new_tokens_of_the_same_session(browser: Browser) -> None:
    before = browser.tokens(UPN, scope=SCOPE)
    after = body_of(browser.refresh(before["refresh_token"]))
    first, second = browser.verified(before["id_token"]), browser.verified(after["id_token"])
    for name in ("sid", "sub", "oid", "tid", "aud"):
        assert first[name] == second[name]
    assert first["uti"] != second["uti"]
    assert "nonce" not in second
    assert after["refresh_token"] != before["refresh_token"]
    assert browser.refresh(after["refresh_token"]).status == 200


def test_a_refresh_sees_the_directory_as_it_is(browser: Browser, token: str) -> None:
    assigned = [{"principal": ADA["id"], "role": "Admin"}]
    browser.tenant.seed({"applications": [APP | {"assignments": assigned}]})
    assert browser.verified(body_of(browser.refresh(token))["id_token"])["roles"] == ["Admin"]


def test_a_refresh_may_ask_for_less_but_not_for_more(browser: Browser, token: str) -> None:
    less = body_of(browser.refresh(token, scope="User.Read"))
    assert less["scope"] == "User.Read"
    assert "id_token" not in less
    assert refusal_of(browser.refresh(token, scope="User.ReadBasic.All")) == ("invalid_grant", 65001)


def _revoke(graph: Graph) -> None:
    assert graph.post(f"/users/{ADA['id']}/revokeSignInSessions", {}, 200)["value"] is True


def _set_password(graph: Graph) -> None:
    graph.patch(f"/users/{UPN}", {"passwordProfile": {"password": "a new one"}})


@pytest.mark.parametrize("revoke", [_revoke, _set_password])
def test_what_ends_every_sign_in_of_a_person(
    graph: Graph, browser: Browser, token: str, revoke: Callable[[Graph], None]
) -> None:
    code = answer_of(browser.ask())["code"]
    other = Browser(browser.tenant)
    others = other.tokens(GRACE["userPrincipalName"], scope=SCOPE)["refresh_token"]
    revoke(graph)
    assert refusal_of(browser.refresh(token)) == ("invalid_grant", 50173)
    assert refusal_of(browser.redeem(code)) == ("invalid_grant", 50173)
    assert answer_of(browser.ask(prompt="none"))["error"] == "login_required"
    assert other.refresh(others).status == 200
    assert "code" in answer_of(other.ask(prompt="none"))


def test_after_a_revocation_one_signs_in_anew(graph: Graph, browser: Browser, token: str) -> None:
    _revoke(graph)
    assert browser.refresh(browser.tokens(UPN, scope=SCOPE)["refresh_token"]).status == 200
    seen = graph.get(f"/users/{ADA['id']}", select="signInSessionsValidFromDateTime")
    assert clock.parse(seen["signInSessionsValidFromDateTime"]) <= clock.now()


def test_a_new_password_is_asked_for(graph: Graph, browser: Browser) -> None:
    _set_password(graph)
    page = browser.ask()
    assert "code" in answer_of(browser.choose(page, UPN, password="a new one"))
    assert graph.refused("PATCH", f"/users/{UPN}", 400, {"passwordProfile": {"password": ""}})


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"accountEnabled": False}, ("invalid_grant", 50057)),
        (None, ("invalid_grant", 500341)),
    ],
    ids=["disabled", "deleted"],
)
def test_people_who_are_gone(
    graph: Graph, browser: Browser, token: str, change: JsonObject | None, refusal: tuple[str, int]
) -> None:
    if change is None:
        graph.delete(f"/users/{ADA['id']}")
    else:
        graph.patch(f"/users/{ADA['id']}", change)
    assert refusal_of(browser.refresh(token)) == refusal


def test_consent_that_is_taken_away(graph: Graph, browser: Browser, token: str) -> None:
    (grant,) = graph.get(f"/servicePrincipals/{APP['servicePrincipalId']}/oauth2PermissionGrants")["value"]
    graph.delete(f"/oauth2PermissionGrants/{grant['id']}")
    assert refusal_of(browser.refresh(token))[1] == 65001


def test_a_persons_own_consent_is_that_persons_only(graph: Graph, browser: Browser) -> None:
    (grant,) = graph.get(f"/servicePrincipals/{APP['servicePrincipalId']}/oauth2PermissionGrants")["value"]
    graph.delete(f"/oauth2PermissionGrants/{grant['id']}")
    own = {name: grant[name] for name in ("clientId", "resourceId", "scope")}
    graph.post("/oauth2PermissionGrants", own | {"consentType": "Principal", "principalId": ADA["id"]})
    assert "code" in browser.sign_in(UPN, scope=SCOPE)
    refused = browser.choose(browser.ask(prompt="login"), GRACE["userPrincipalName"])
    assert "AADSTS65001" in str(refused.body)


@pytest.mark.parametrize(("days", "good"), [(89, True), (90, False)])
def test_refresh_tokens_expire(
    browser: Browser, token: str, monkeypatch: pytest.MonkeyPatch, days: int, good: bool
) -> None:
    later = clock.seconds() + days * 24 * 3600
    monkeypatch.setattr(clock, "seconds", lambda: later)
    reply = browser.refresh(token)
    assert reply.status == 200 if good else refusal_of(reply) == ("invalid_grant", 70008)


@pytest.mark.parametrize(
    ("value", "refusal"),
    [("1.nonsense", ("invalid_grant", 9002313)), ("", ("invalid_request", 900144))],
)
def test_what_is_no_refresh_token(browser: Browser, value: str, refusal: tuple[str, int]) -> None:
    assert refusal_of(browser.refresh(value)) == refusal


def test_a_refresh_token_is_one_applications(graph: Graph, browser: Browser, token: str) -> None:
    other = graph.tenant.application("other", tenantId=APP["tenantId"])
    reply = browser.refresh(token, client_id=other["appId"], client_secret=other["secret"])
    assert refusal_of(reply) == ("invalid_grant", 70000)


def test_neither_codes_nor_tokens_nor_cookies_are_stored(browser: Browser, token: str) -> None:
    code = answer_of(browser.ask())["code"]
    stored = "".join(
        row[0] + row[1] for row in browser.tenant.world.store.connection.execute("SELECT id, body FROM documents")
    )
    assert ADA["id"] in stored
    for secret in (token, code, browser.cookies["ENTRA_LOCAL_SESSION"]):
        assert secret not in stored
