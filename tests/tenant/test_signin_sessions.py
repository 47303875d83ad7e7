"""Single sign-on and sign-out: what a browser's session is good for, and who is told when it ends."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from entra_local import clock
from tests.tenant.browser import APP, REDIRECT, Browser, answer_of, page_of, person
from tests.tenant.world import LOGIN, TENANT, Tenant

ADA = person(1, "Ada Lovelace")
GRACE = person(2, "Grace Hopper")
UPN: str = ADA["userPrincipalName"]
OTHER = APP | {
    "id": "b2000000-0000-4000-8000-000000000001",
    "appId": "b2000000-0000-4000-8000-000000000002",
    "servicePrincipalId": "b2000000-0000-4000-8000-000000000003",
    "displayName": "Airflow of another stack",
    "web": {"redirectUris": [REDIRECT], "logoutUrl": "https://other.contoso.example/out?x=1"},
    "appRoles": [],
}


@pytest.fixture
def browser(tenant: Tenant) -> Browser:
    tenant.seed({"users": [ADA, GRACE], "applications": [APP, OTHER]})
    return Browser(tenant)


def beside(browser: Browser) -> Browser:
    """The other application in the same browser."""
    other = Browser(browser.tenant, OTHER)
    other.cookies = browser.cookies
    return other


def log_out(browser: Browser, method: str = "GET", **given: str) -> tuple[int, str, list[str]]:
    """Status, where the browser is sent, and whom the page tells."""
    url = f"{browser.base}/oauth2/v2.0/logout"
    get = method == "GET"
    reply = browser.send("GET", f"{url}?{urlencode(given)}") if get else browser.send("POST", url, given)
    if reply.status == 302:
        return 302, reply.headers["Location"], []
    page = page_of(reply)
    return reply.status, page.onward, page.frames


def signed_in(browser: Browser) -> bool:
    return "code" in answer_of(browser.ask(prompt="none"))


def test_a_session_signs_in_to_every_application_without_a_page(browser: Browser) -> None:
    first = browser.sign_in(UPN)
    again, other = answer_of(browser.ask()), answer_of(beside(browser).ask())
    assert first["session_state"] == again["session_state"] == other["session_state"]
    assert len({first["code"], again["code"], other["code"]}) == 3


def test_a_session_is_one_browsers(browser: Browser) -> None:
    browser.sign_in(UPN)
    assert not signed_in(Browser(browser.tenant))


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_a_prompt_shows_the_page_again(browser: Browser, prompt: str) -> None:
    before = browser.sign_in(UPN)
    page = browser.ask(prompt=prompt)
    assert page_of(page).accounts == [UPN, GRACE["userPrincipalName"]]
    assert answer_of(browser.choose(page, UPN))["session_state"] == before["session_state"]


def test_another_person_takes_the_browser_over(browser: Browser) -> None:
    before = browser.sign_in(UPN)
    cookies = dict(browser.cookies)
    after = browser.sign_in(GRACE["userPrincipalName"], prompt="select_account")
    assert after["session_state"] != before["session_state"]
    browser.cookies = cookies
    assert not signed_in(browser), "the session that the cookie stood for has ended"


def test_a_session_ends_by_itself(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.sign_in(UPN)
    later = clock.seconds() + 24 * 3600
    monkeypatch.setattr(clock, "seconds", lambda: later - 1)
    assert signed_in(browser)
    monkeypatch.setattr(clock, "seconds", lambda: later)
    assert not signed_in(browser)


def test_a_disabled_person_is_refused_in_spite_of_the_session(browser: Browser) -> None:
    browser.sign_in(UPN)
    browser.tenant.seed({"users": [ADA | {"accountEnabled": False}]})
    told = answer_of(browser.ask(prompt="none"))
    assert told["error"] == "interaction_required"
    assert "AADSTS50057" in told["error_description"]
    page = browser.ask()
    assert "AADSTS50057" in page_of(page).text
    assert "code" in answer_of(browser.choose(page, GRACE["userPrincipalName"]))


def test_consent_that_is_missing_is_told_to_a_silent_request(browser: Browser) -> None:
    browser.sign_in(UPN)
    assert answer_of(browser.ask(prompt="none", scope="openid User.ReadBasic.All"))["error"] == "consent_required"


@pytest.mark.parametrize("cookie", ["", "nonsense", "é", '"'])
def test_a_cookie_of_ones_own_making(browser: Browser, cookie: str) -> None:
    browser.sign_in(UPN)
    browser.cookies["ENTRA_LOCAL_SESSION"] = cookie
    assert not signed_in(browser)


# sign-out


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signing_out_ends_the_session_and_tells_the_applications(browser: Browser, method: str) -> None:
    session = browser.sign_in(UPN)["session_state"]
    answer_of(beside(browser).ask())
    cookies = dict(browser.cookies)
    status, onward, frames = log_out(browser, method)
    assert (status, onward) == (200, "")
    assert [frame.partition("?")[0] for frame in frames] == [APP["web"]["logoutUrl"], OTHER["web"]["logoutUrl"][:-4]]
    for frame in frames:
        told = parse_qs(urlsplit(frame).query)
        assert told["sid"] == [session]
        assert told["iss"] == [f"{LOGIN}/{TENANT}/v2.0"]
    assert browser.cookies["ENTRA_LOCAL_SESSION"] == ""
    browser.cookies = cookies
    assert not signed_in(browser), "a replayed cookie is worth nothing"


def test_an_application_that_was_not_used_is_not_told(browser: Browser) -> None:
    browser.sign_in(UPN)
    assert len(log_out(browser)[2]) == 1


def test_the_page_may_frame_the_applications_and_nothing_else(browser: Browser) -> None:
    browser.sign_in(UPN)
    reply = browser.send("GET", f"{browser.base}/oauth2/v2.0/logout")
    policy = reply.headers["Content-Security-Policy"]
    assert "frame-src https://airflow.contoso.example;" in f"{policy};"
    assert "script-src" not in policy


def test_the_browser_goes_back_to_a_registered_address_only(browser: Browser) -> None:
    token = browser.tokens(UPN)["id_token"]
    status, onward, frames = log_out(browser, id_token_hint=token, post_logout_redirect_uri=REDIRECT, state="s 1")
    assert (status, onward) == (200, f"{REDIRECT}?state=s+1")
    assert len(frames) == 1


def test_with_nobody_to_tell_the_browser_goes_back_at_once(browser: Browser) -> None:
    given = {"client_id": APP["appId"], "post_logout_redirect_uri": REDIRECT}
    assert log_out(browser, **given) == (302, REDIRECT, [])


@pytest.mark.parametrize(
    "given",
    [
        {"post_logout_redirect_uri": REDIRECT},
        {"post_logout_redirect_uri": "https://evil.example/", "client_id": APP["appId"]},
        {"post_logout_redirect_uri": "javascript:alert(1)", "client_id": APP["appId"]},
        {"post_logout_redirect_uri": REDIRECT, "client_id": "99999999-0000-0000-0000-000000000000"},
        {"post_logout_redirect_uri": REDIRECT, "id_token_hint": "nonsense"},
        {"post_logout_redirect_uri": REDIRECT, "id_token_hint": "nonsense", "client_id": APP["appId"]},
        {"client_id": APP["appId"]},
    ],
)
def test_the_browser_stays_where_nothing_says_otherwise(browser: Browser, given: dict[str, str]) -> None:
    assert log_out(browser, **given) == (200, "", [])


def test_a_hint_must_be_ours_and_the_applications_own(browser: Browser) -> None:
    token = browser.tokens(UPN)["id_token"]
    forged = token[:-8] + ("A" * 8)
    for hint, client in ((forged, APP), (token, OTHER)):
        given = {"id_token_hint": hint, "client_id": client["appId"], "post_logout_redirect_uri": REDIRECT}
        assert log_out(browser, **given)[1] == ""


def test_an_old_hint_still_counts(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    past = clock.seconds() - 30 * 24 * 3600
    with monkeypatch.context() as patch:
        patch.setattr(clock, "seconds", lambda: past)
        token = browser.tokens(UPN)["id_token"]
    assert log_out(browser, id_token_hint=token, post_logout_redirect_uri=REDIRECT) == (302, REDIRECT, [])


def test_signing_out_of_nothing_is_no_error(browser: Browser) -> None:
    assert log_out(browser) == (200, "", [])
    unknown = browser.send("GET", f"{LOGIN}/other.example/oauth2/v2.0/logout")
    assert "AADSTS90002" in page_of(unknown).text
