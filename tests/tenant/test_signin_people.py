"""The sign-in page: who is offered, who is refused, and that nobody can bend it."""

import re

import pytest

from tests.tenant.browser import APP, Browser, answer_of, page_of, person
from tests.tenant.directory import OTHER_TENANT
from tests.tenant.world import LOGIN, TENANT, Tenant

ADA = person(1, "Ada Lovelace")
GRACE = person(2, "Grace Hopper", password="correct horse")
GONE = person(3, "Gone Person", accountEnabled=False)
ON_CALL = "d0000000-0000-4000-8000-000000000001"
NESTED = "d0000000-0000-4000-8000-000000000002"
GROUPS = [
    {"id": ON_CALL, "displayName": "on-call", "members": [ADA["id"]]},
    {"id": NESTED, "displayName": "around it", "members": [ON_CALL]},
]


@pytest.fixture
def browser(tenant: Tenant) -> Browser:
    tenant.seed({"users": [ADA, GRACE, GONE], "groups": GROUPS, "applications": [APP]})
    return Browser(tenant)


def test_the_page_names_the_application_and_offers_the_people(browser: Browser) -> None:
    reply = browser.ask()
    page = page_of(reply)
    assert reply.status == 200
    assert "Pick an account" in page.text
    assert "Airflow (test)" in page.text
    assert page.accounts == [user["userPrincipalName"] for user in (ADA, GONE, GRACE)]
    assert page.names == {"ticket", "username"}
    assert page.action == f"/{TENANT}/oauth2/v2.0/authorize"
    assert "script" not in page.tags


def test_a_crowd_is_not_listed(browser: Browser) -> None:
    browser.tenant.seed({"users": [person(number, f"p{number}") for number in range(10, 38)]})
    assert page_of(browser.ask()).accounts == []
    assert "code" in browser.sign_in("P10@Contoso.Example")


def test_an_empty_name_shows_the_page_again(browser: Browser) -> None:
    again = browser.choose(browser.ask(), "  ")
    assert "AADSTS" not in page_of(again).text
    assert "code" in answer_of(browser.choose(again, ADA["userPrincipalName"]))


def test_the_hint_is_typed_in_already(browser: Browser) -> None:
    reply = browser.ask(login_hint='ada@contoso.example"><b>')
    assert isinstance(reply.body, str)
    assert 'value="ada@contoso.example&#34;&gt;&lt;b&gt;"' in reply.body


def test_a_button_counts_more_than_what_is_typed(browser: Browser) -> None:
    page = page_of(browser.ask(login_hint="nobody@contoso.example"))
    sent = [("ticket", page.fields["ticket"]), ("username", ADA["userPrincipalName"]), ("username", "nobody")]
    assert "code" in answer_of(browser.send("POST", f"{browser.base}/oauth2/v2.0/authorize", sent))


def test_whatever_has_a_name_is_escaped(browser: Browser) -> None:
    evil = "</style><script>alert(1)</script>"
    browser.tenant.seed(
        {
            "tenants": [{"id": TENANT, "displayName": evil}],
            "users": [person(7, "Evil", displayName=evil)],
            "applications": [APP | {"displayName": evil}],
        }
    )
    for reply in (browser.ask(), browser.choose(browser.ask(), evil), browser.ask(redirect_uri=evil)):
        page = page_of(reply)
        assert "script" not in page.tags
        assert evil in page.text


def test_the_pages_are_locked_down(browser: Browser) -> None:
    for reply in (browser.ask(), browser.ask(redirect_uri="https://evil.example")):
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert reply.headers["X-Frame-Options"] == "DENY"
        assert "no-store" in reply.headers["Cache-Control"]
    assert "form-action 'self' https://airflow.contoso.example" in browser.ask().headers["Content-Security-Policy"]


# passwords


def test_a_password_is_asked_for_only_where_one_is_set(browser: Browser) -> None:
    asked = browser.choose(browser.ask(), GRACE["userPrincipalName"])
    page = page_of(asked)
    assert page.names == {"ticket", "username", "password"}
    wrong = browser.choose(asked, GRACE["userPrincipalName"], password="wrong")
    assert "AADSTS50126" in page_of(wrong).text
    assert "code" in answer_of(browser.choose(wrong, GRACE["userPrincipalName"], password="correct horse"))


def test_enter_picks_nobody_and_leads_on(browser: Browser) -> None:
    page = browser.ask()
    # A browser presses the first button of a form for Enter in a text field.
    assert page_of(page).buttons[0] == ""
    assert page_of(browser.choose(page, GRACE["userPrincipalName"])).buttons == ["", "other"]


def test_from_the_password_one_may_go_back(browser: Browser) -> None:
    asked = browser.choose(browser.ask(), GRACE["userPrincipalName"])
    again = browser.choose(asked, GRACE["userPrincipalName"], other="1")
    assert "Pick an account" in page_of(again).text


def test_name_and_password_may_come_at_once(browser: Browser) -> None:
    reply = browser.choose(browser.ask(), GRACE["userPrincipalName"], password="correct horse")
    assert "code" in answer_of(reply)


def test_a_seed_changes_and_takes_away_passwords(browser: Browser) -> None:
    browser.choose(browser.ask(), GRACE["userPrincipalName"], password="correct horse")
    browser.tenant.seed({"users": [GRACE | {"password": "another", "keep": True}]})
    assert "code" in answer_of(browser.ask()), "a proposal changes nothing"
    browser.tenant.seed({"users": [GRACE | {"password": "another"}]})
    wrong = browser.choose(browser.ask(), GRACE["userPrincipalName"], password="correct horse")
    assert "AADSTS50126" in page_of(wrong).text
    browser.tenant.seed({"users": [GRACE | {"password": None}]})
    assert "code" in browser.sign_in(GRACE["userPrincipalName"])


# refusals


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (GONE["userPrincipalName"], 50057),
        ("nobody@contoso.example", 50034),
        ("nobody", 50034),
        ("ada@fabrikam.example", 50020),
    ],
)
def test_people_who_are_refused(browser: Browser, name: str, number: int) -> None:
    browser.tenant.seed({"tenants": [{"id": OTHER_TENANT, "domain": "fabrikam.example"}]})
    reply = browser.choose(browser.ask(), name)
    text = page_of(reply).text
    assert f"AADSTS{number}: " in text
    assert re.search(r"Correlation ID: [0-9a-f-]{36} Trace ID: [0-9a-f-]{36} Timestamp: \d{4}-", text)
    assert "ENTRA_LOCAL_SESSION" not in browser.cookies
    assert "code" in answer_of(browser.choose(reply, ADA["userPrincipalName"])), "another account may be chosen"


@pytest.mark.parametrize(
    ("assigned", "admitted"),
    [(None, False), (ADA["id"], True), (ON_CALL, True), (NESTED, False)],
    ids=["nobody", "the person", "a group", "a group around it"],
)
def test_an_application_may_want_people_to_be_assigned(browser: Browser, assigned: str | None, admitted: bool) -> None:
    assignments = [{"principal": assigned}] if assigned else []
    wanted = APP | {"appRoleAssignmentRequired": True, "assignments": assignments}
    browser.tenant.seed({"applications": [wanted]})
    reply = browser.choose(browser.ask(), ADA["userPrincipalName"])
    if admitted:
        assert "code" in answer_of(reply)
    else:
        assert "AADSTS50105: " in page_of(reply).text


@pytest.mark.parametrize(
    ("given", "scope", "missing"),
    [
        ([], "openid", "openid"),
        (["openid"], "openid profile", "profile"),
        (["openid", "profile"], "openid User.Read", "User.Read"),
        (["openid"], "openid offline_access", "offline_access"),
        ([], "https://graph.microsoft.com/.default", "https://graph.microsoft.com/.default"),
    ],
)
def test_what_nobody_consented_to_is_refused(browser: Browser, given: list[str], scope: str, missing: str) -> None:
    fresh = APP | {
        "id": "b3000000-0000-4000-8000-000000000001",
        "appId": "b3000000-0000-4000-8000-000000000002",
        "servicePrincipalId": "b3000000-0000-4000-8000-000000000003",
        "appRoles": [],
        "delegatedPermissions": given,
    }
    browser.tenant.seed({"applications": [fresh]})
    other = Browser(browser.tenant, fresh)
    text = page_of(other.choose(other.ask(scope=scope), ADA["userPrincipalName"])).text
    assert "AADSTS65001: " in text
    assert f"Without consent: {missing}." in text


def test_where_people_have_to_be_assigned_they_can_t_consent(browser: Browser) -> None:
    """An administrator consents for everybody, else nobody signs in: whatever the tenant lets people consent to."""
    browser.tenant.seed(
        {
            "applications": [
                APP
                | {
                    "id": "b3000000-0000-4000-8000-000000000001",
                    "appId": "b3000000-0000-4000-8000-000000000002",
                    "servicePrincipalId": "b3000000-0000-4000-8000-000000000003",
                    "delegatedPermissions": [],
                    "appRoleAssignmentRequired": True,
                    "assignments": [{"principal": ADA["id"]}],
                }
            ]
        }
    )
    other = Browser(browser.tenant, APP | {"appId": "b3000000-0000-4000-8000-000000000002"})
    text = page_of(other.choose(other.ask(scope="openid"), ADA["userPrincipalName"])).text
    assert "AADSTS90094: Airflow (test) needs permission" in text


# the form


def test_a_page_works_in_the_browser_that_asked_for_it_only(browser: Browser) -> None:
    page = browser.ask()
    stranger = Browser(browser.tenant)
    assert "AADSTS90100" in page_of(stranger.choose(page, ADA["userPrincipalName"])).text
    stranger.ask()
    assert "AADSTS90100" in page_of(stranger.choose(page, ADA["userPrincipalName"])).text
    assert "code" in answer_of(browser.choose(page, ADA["userPrincipalName"]))


def test_a_ticket_of_ones_own_making(browser: Browser) -> None:
    url = f"{browser.base}/oauth2/v2.0/authorize"
    for ticket in ("", "nonsense", "gAAAAA==", "é"):
        reply = browser.send("POST", url, {"ticket": ticket, "username": ADA["userPrincipalName"]})
        assert "AADSTS90100" in page_of(reply).text


def test_two_pages_in_one_browser(browser: Browser) -> None:
    first, second = browser.ask(state="one"), browser.ask(state="two")
    assert answer_of(browser.choose(first, ADA["userPrincipalName"]))["state"] == "one"
    assert answer_of(browser.choose(second, ADA["userPrincipalName"]))["state"] == "two"


def test_a_page_is_no_way_around_a_redirect_uri_that_was_taken_away(browser: Browser) -> None:
    page = browser.ask()
    browser.tenant.seed({"applications": [APP | {"web": {"redirectUris": []}}]})
    reply = browser.choose(page, ADA["userPrincipalName"])
    assert "AADSTS50011" in page_of(reply).text


@pytest.mark.parametrize("others", ["a={1:2}", "b", "=;", 'c="un;finished', "ümlaut=ö"])
def test_cookies_of_other_programs_at_localhost_do_no_harm(browser: Browser, others: str) -> None:
    browser.sign_in(ADA["userPrincipalName"])
    header = others + "".join(f"; {name}={value}" for name, value in browser.cookies.items())
    url = f"{browser.base}/oauth2/v2.0/authorize?client_id={APP['appId']}&response_type=code&scope=openid"
    assert "code" in answer_of(browser.tenant.send("GET", url, headers={"cookie": header}))


def test_addresses_of_an_application_cannot_bend_a_policy(browser: Browser) -> None:
    uri = "https://a.example;script-src *;/cb"
    odd = {"redirectUris": [uri], "logoutUrl": "javascript:alert(1)"}
    browser.tenant.seed({"applications": [APP | {"web": odd}]})
    page = browser.ask(redirect_uri=uri)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    browser.choose(page, ADA["userPrincipalName"])
    assert page_of(browser.send("GET", f"{browser.base}/oauth2/v2.0/logout")).frames == []


def test_an_address_beyond_ascii(browser: Browser) -> None:
    uri = "https://airflow.contoso.example/ö ü"
    browser.tenant.seed({"applications": [APP | {"web": {"redirectUris": [uri]}}]})
    location = browser.choose(browser.ask(redirect_uri=uri), ADA["userPrincipalName"]).headers["Location"]
    assert location.startswith("https://airflow.contoso.example/%C3%B6%20%C3%BC?code=")


def test_cookies_are_secure_where_the_connection_is(tenant: Tenant) -> None:
    tenant.seed({"users": [ADA], "applications": [APP]})
    for base, secure in ((LOGIN, True), ("http://localhost:8080", False), ("http://127.0.0.1:8080", False)):
        browser = Browser(tenant, base=base)
        page = browser.ask()
        for reply in (page, browser.choose(page, ADA["userPrincipalName"])):
            cookie = reply.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
            assert f"Path=/{TENANT}" in cookie
            assert ("Secure" in cookie) == secure
