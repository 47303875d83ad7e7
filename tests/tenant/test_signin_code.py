"""The authorization code flow: from the application's request to its tokens, and what goes wrong on the way."""

import base64
from urllib.parse import quote

import pytest

from entra_local import clock
from tests.tenant.browser import APP, REDIRECT, Browser, answer_of, page_of, person, refusal_of
from tests.tenant.world import LOGIN, TENANT, Tenant, body_of

ADA = person(1, "Ada Lovelace")
UPN: str = ADA["userPrincipalName"]
OTHER = {
    "id": "b2000000-0000-4000-8000-000000000001",
    "appId": "b2000000-0000-4000-8000-000000000002",
    "servicePrincipalId": "b2000000-0000-4000-8000-000000000003",
    "displayName": "Another application",
    "secret": "the-secret-of-another",
    "web": {"redirectUris": [REDIRECT]},
    "delegatedPermissions": ["openid"],
}


@pytest.fixture
def browser(tenant: Tenant) -> Browser:
    tenant.seed({"users": [ADA], "applications": [APP, OTHER]})
    return Browser(tenant)


def test_a_person_signs_in(browser: Browser) -> None:
    answer = browser.sign_in(UPN)
    assert answer["state"] == "the-state"
    tokens = body_of(browser.redeem(answer["code"]))
    claims = browser.verified(tokens["id_token"])
    assert (
        claims.items()
        >= {
            "aud": APP["appId"],
            "iss": f"{LOGIN}/{TENANT}/v2.0",
            "tid": TENANT,
            "oid": ADA["id"],
            "name": "Ada Lovelace",
            "preferred_username": UPN,
            "email": ADA["mail"],
            "nonce": "the-nonce",
            "ver": "2.0",
            "sid": answer["session_state"],
        }.items()
    )
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["nbf"] == claims["iat"]
    assert {"sub", "uti"} <= set(claims)
    assert not {"roles", "groups", "wids", "upn", "acct"} & set(claims)
    assert tokens["token_type"] == "Bearer"
    assert 3600 <= tokens["expires_in"] <= 5400
    assert "refresh_token" not in tokens


def test_the_subject_is_another_one_for_every_application_and_the_same_one_every_time(browser: Browser) -> None:
    first = browser.claims(UPN)
    assert browser.claims(UPN, prompt="login")["sub"] == first["sub"]
    other = Browser(browser.tenant, OTHER).claims(UPN, scope="openid")
    assert (other["tid"], other["iss"]) == (first["tid"], first["iss"])
    assert other["sub"] != first["sub"]


def test_scopes_decide_what_an_id_token_tells(browser: Browser) -> None:
    bare = browser.claims(UPN, scope="openid")
    assert not {"oid", "name", "preferred_username", "email"} & set(bare)
    assert "email" not in browser.claims(UPN, prompt="login", scope="openid profile")


def test_without_openid_there_is_no_id_token(browser: Browser) -> None:
    assert "id_token" not in browser.tokens(UPN, scope="User.Read")


# client authentication


def test_a_client_may_authenticate_by_a_header(browser: Browser) -> None:
    credential = f"{quote(APP['appId'])}:{quote(APP['secret'])}"
    header = {"authorization": "Basic " + base64.b64encode(credential.encode()).decode()}
    code = browser.sign_in(UPN)["code"]
    assert browser.redeem(code, header, client_id=None, client_secret=None).status == 200


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("Basic !", {}),
        ("Basic " + base64.b64encode(b"another:secret").decode(), {"client_secret": None}),
        ("Basic " + base64.b64encode(f"{APP['appId']}:{APP['secret']}".encode()).decode(), {}),
    ],
    ids=["malformed", "another client", "twice"],
)
def test_a_header_that_makes_no_sense(browser: Browser, header: str, fields: dict[str, str | None]) -> None:
    code = browser.sign_in(UPN)["code"]
    assert refusal_of(browser.redeem(code, {"authorization": header}, **fields)) == ("invalid_client", 7000215)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"client_secret": "wrong"}, ("invalid_client", 7000215)),
        ({"client_secret": None}, ("invalid_client", 7000218)),
        ({"client_id": None}, ("invalid_request", 900144)),
        ({"client_id": "99999999-0000-0000-0000-000000000000"}, ("unauthorized_client", 700016)),
        ({"client_id": OTHER["appId"], "client_secret": OTHER["secret"]}, ("invalid_grant", 70000)),
        ({"code": None}, ("invalid_request", 900144)),
        ({"code": "1.nonsense"}, ("invalid_grant", 9002313)),
        ({"redirect_uri": None}, ("invalid_request", 900144)),
        ({"redirect_uri": REDIRECT + "/"}, ("invalid_grant", 500112)),
        ({"code_verifier": "w" * 43}, ("invalid_grant", 501481)),
        ({"code_verifier": "é" * 43}, ("invalid_grant", 501481)),
        ({"code_verifier": None}, ("invalid_grant", 50148)),
    ],
)
def test_refusals_of_a_code(browser: Browser, fields: dict[str, str | None], refusal: tuple[str, int]) -> None:
    code = browser.sign_in(UPN)["code"]
    assert refusal_of(browser.redeem(code, **fields)) == refusal
    assert browser.redeem(code).status == 200, "a wrong request does not use the code up"


def test_an_expired_secret_is_told_from_a_wrong_one(browser: Browser) -> None:
    past = {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2020-01-02T00:00:00Z"}
    path = f"/applications/{APP['id']}/addPassword"
    added = body_of(browser.tenant.graph("POST", path, {"passwordCredential": past}))
    reply = browser.redeem(browser.sign_in(UPN)["code"], client_secret=added["secretText"])
    assert refusal_of(reply) == ("invalid_client", 7000222)


def test_a_code_is_good_once_and_a_second_try_revokes_what_it_gave(browser: Browser) -> None:
    scope = "openid offline_access"
    code = browser.sign_in(UPN, scope=scope)["code"]
    tokens = body_of(browser.redeem(code))
    another = browser.tokens(UPN, scope=scope, prompt="login")
    renewed = body_of(browser.refresh(tokens["refresh_token"]))
    assert refusal_of(browser.redeem(code)) == ("invalid_grant", 54005)
    for token in (tokens["refresh_token"], renewed["refresh_token"]):
        assert refusal_of(browser.refresh(token)) == ("invalid_grant", 50173)
    assert browser.refresh(another["refresh_token"]).status == 200


@pytest.mark.parametrize(("seconds", "good"), [(599, True), (600, False), (24 * 3600 + 500, False)])
def test_a_code_is_good_for_ten_minutes(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, seconds: int, good: bool
) -> None:
    code = browser.sign_in(UPN)["code"]
    later = clock.seconds() + seconds
    monkeypatch.setattr(clock, "seconds", lambda: later)
    answer_of(browser.choose(browser.ask(prompt="login"), UPN))
    reply = browser.redeem(code)
    assert good == (reply.status == 200)
    if not good:
        assert refusal_of(reply) == ("invalid_grant", 70008)


def test_expired_codes_are_forgotten_a_day_later(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    code = browser.sign_in(UPN)["code"]
    later = clock.seconds() + 600 + 24 * 3600
    monkeypatch.setattr(clock, "seconds", lambda: later)
    browser.sign_in(UPN, prompt="login")
    assert refusal_of(browser.redeem(code)) == ("invalid_grant", 9002313)


def test_a_challenge_in_plain_text(browser: Browser) -> None:
    answer = browser.sign_in(UPN, code_challenge="v" * 43, code_challenge_method=None)
    assert browser.redeem(answer["code"], code_verifier="v" * 43).status == 200


def test_pkce_is_optional_but_nobody_can_take_it_out(browser: Browser) -> None:
    bare: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    assert browser.redeem(browser.sign_in(UPN, **bare)["code"], code_verifier=None).status == 200
    code = browser.sign_in(UPN, prompt="login", **bare)["code"]
    assert refusal_of(browser.redeem(code)) == ("invalid_grant", 50148)


def test_a_public_platform_takes_pkce(browser: Browser) -> None:
    uri = "https://spa.contoso.example/callback"
    browser.tenant.seed({"applications": [APP | {"spa": {"redirectUris": [uri]}}]})
    told = answer_of(browser.ask(redirect_uri=uri, code_challenge=None), uri)
    assert "AADSTS9002325" in told["error_description"]
    assert page_of(browser.ask(redirect_uri=uri)).accounts == [UPN]


# the authorization request


@pytest.mark.parametrize(
    ("changed", "error", "number"),
    [
        ({"response_type": "id_token"}, "unsupported_response_type", 700054),
        ({"response_type": "code id_token"}, "unsupported_response_type", 700054),
        ({"response_type": "token"}, "unsupported_response_type", 700051),
        ({"response_type": "nonsense"}, "unsupported_response_type", 70005),
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_mode": "web_message"}, "invalid_request", 70007),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "openid No.Such"}, "invalid_scope", 70011),
        ({"scope": f"User.Read {OTHER['appId']}/.default"}, "invalid_request", 28000),
        ({"scope": "https://unknown.example/.default"}, "invalid_resource", 500011),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"code_challenge_method": "S512"}, "invalid_request", 50149),
        ({"prompt": "nonsense"}, "invalid_request", 90023),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_errors_that_the_application_is_told(
    browser: Browser, changed: dict[str, str | None], error: str, number: int
) -> None:
    told = answer_of(browser.ask(**changed))
    assert (told["error"], told["state"]) == (error, "the-state")
    assert told["error_description"].startswith(f"AADSTS{number}: ")


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"client_id": None}, 900144),
        ({"client_id": "99999999-0000-0000-0000-000000000000"}, 700016),
        ({"redirect_uri": "https://evil.example/"}, 50011),
        ({"redirect_uri": REDIRECT + "?next=https://evil.example"}, 50011),
        ({"redirect_uri": REDIRECT.upper()}, 50011),
        ({"redirect_uri": REDIRECT.replace("https://", "https://evil@")}, 50011),
    ],
)
def test_errors_that_stay_here(browser: Browser, changed: dict[str, str | None], number: int) -> None:
    reply = browser.ask(**changed)
    assert reply.status == 400
    assert "Location" not in reply.headers
    assert f"AADSTS{number}: " in page_of(reply).text


def test_the_only_redirect_uri_may_be_left_out(browser: Browser) -> None:
    assert "code" in browser.sign_in(UPN, redirect_uri=None)
    two = APP | {"web": {"redirectUris": [REDIRECT, REDIRECT + "/2"]}}
    browser.tenant.seed({"applications": [two]})
    assert "AADSTS50011" in page_of(browser.ask(redirect_uri=None)).text


def test_a_disabled_application_signs_nobody_in(browser: Browser) -> None:
    path = f"/servicePrincipals/{APP['servicePrincipalId']}"
    assert browser.tenant.graph("PATCH", path, {"accountEnabled": False}).status == 204
    assert "AADSTS7000112" in page_of(browser.ask()).text


def test_an_unknown_tenant_is_a_page(browser: Browser) -> None:
    reply = browser.send("GET", f"{LOGIN}/other.example/oauth2/v2.0/authorize?client_id={APP['appId']}")
    assert "AADSTS90002" in page_of(reply).text


def test_a_request_may_come_as_a_form(browser: Browser) -> None:
    url = f"{browser.base}/oauth2/v2.0/authorize"
    fields = {"client_id": APP["appId"], "response_type": "code", "scope": "openid", "redirect_uri": REDIRECT}
    assert "code" in answer_of(browser.choose(browser.send("POST", url, fields), UPN))


# how the answer travels


def test_a_query_in_the_redirect_uri_is_kept(browser: Browser) -> None:
    uri = REDIRECT + "?tenant=a%20b"
    browser.tenant.seed({"applications": [APP | {"web": {"redirectUris": [uri]}}]})
    location = browser.choose(browser.ask(redirect_uri=uri), UPN).headers["Location"]
    assert location.startswith(f"{uri}&code=")


def test_the_answer_in_a_fragment(browser: Browser) -> None:
    location = browser.choose(browser.ask(response_mode="fragment"), UPN).headers["Location"]
    assert location.startswith(f"{REDIRECT}#code=")
    assert location.endswith("&state=the-state")


def test_the_answer_in_a_form(browser: Browser) -> None:
    state = '"><script>alert(1)</script>'
    reply = browser.choose(browser.ask(response_mode="form_post", state=state), UPN)
    form = page_of(reply)
    assert form.action == REDIRECT
    assert form.fields["state"] == state
    assert browser.redeem(form.fields["code"]).status == 200
    assert form.tags.count("script") == 1
    policy = reply.headers["Content-Security-Policy"]
    assert "form-action https://airflow.contoso.example" in policy
    assert "script-src 'nonce-" in policy


def test_codes_are_kept_out_of_caches_and_referrers(browser: Browser) -> None:
    headers = browser.choose(browser.ask(), UPN).headers
    assert "no-store" in headers["Cache-Control"]
    assert headers["Referrer-Policy"] == "no-referrer"
