"""The way to Entra and back, and everybody who would like to step into it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.airflow.browser import Browser, Page
from tests.airflow.people import ADMIN, GUEST, VIEWER, TestPerson
from tests.airflow.site import Site

EVIL = "evil.example"
_ELSEWHERE = (
    f"//{EVIL}/",
    f"///{EVIL}/",
    f"https:{EVIL}",
    f"https:/{EVIL}",
    f"https://{EVIL}/",
    f"HTTPS://{EVIL}/",
    f"\\\\{EVIL}\\",
    f"/\\{EVIL}/",
    f"/\t/{EVIL}/",
    f"/home\r\nLocation: https://{EVIL}/",
    f"/home%0d%0aLocation:%20https://{EVIL}/",
    f"/%2f{EVIL}/",
    f"/%5c{EVIL}/",
    f"/home/..//{EVIL}/",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    f"http://localhost@{EVIL}/",
    "{origin}@" + EVIL + "/",
    "{origin}." + EVIL + "/",
    "http://user:password@{host}/home",
    "{origin}1/home",
)


def test_what_is_asked_of_entra(site: Site) -> None:
    asked, again = _asked(site, site.browser()), _asked(site, site.browser())
    assert asked["redirect_uri"] == site.callback_url
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert asked["nonce"]
    assert asked["state"]
    assert "openid" in asked["scope"].split()
    once = ("code_challenge", "nonce", "state")
    assert not {asked[name] for name in once} & {again[name] for name in once}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": EVIL},
        {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444", "X-Forwarded-Prefix": "/x"},
        {"Forwarded": f"host={EVIL};proto=https", "X-Original-Host": EVIL, "X-Host": EVIL},
    ],
    ids=["Host", "X-Forwarded", "Forwarded"],
)
def test_the_way_back_is_the_declared_one_whatever_a_request_says(site: Site, headers: dict[str, str]) -> None:
    browser = site.browser()
    asked = _asked(site, browser, headers=headers)
    assert asked["redirect_uri"] == site.callback_url
    arrived = browser.http.get(_to_callback(site, VIEWER, browser), headers=headers)
    assert EVIL not in arrived.headers["location"]
    assert site.is_signed_in(browser)


def test_a_code_is_worth_one_sign_in(site: Site) -> None:
    browser = site.browser()
    callback = _to_callback(site, VIEWER, browser)
    assert browser.get(callback).status == 200
    assert site.is_signed_in(browser)
    again = browser.get(callback)
    assert _title(again) == "This sign-in can't be finished"
    assert again.status == 403
    # In another browser, with a state of its own.
    thief = site.browser()
    state = _asked(site, thief)["state"]
    stolen = thief.get(_with(callback, state=state))
    assert stolen.status == 502
    assert not site.is_signed_in(thief)


def test_a_code_that_nobody_used_yet_is_worth_nothing_to_who_took_it(site: Site) -> None:
    """PKCE: the code was asked for with another browser's verifier, which no link carries."""
    victim, thief = site.browser(), site.browser()
    callback = _to_callback(site, ADMIN, victim)
    state = _asked(site, thief)["state"]
    stolen = thief.get(_with(callback, state=state))
    assert stolen.status == 502
    assert not site.is_signed_in(thief)


def test_nobody_is_signed_in_as_who_sent_them_the_link(site: Site) -> None:
    """Login CSRF: an attacker has a victim finish the attacker's own sign-in."""
    attacker, victim = site.browser(), site.browser()
    callback = _to_callback(site, VIEWER, attacker)
    _asked(site, victim)
    page = victim.get(callback)
    assert (page.status, _title(page)) == (403, "This sign-in can't be finished")
    assert not site.is_signed_in(victim)


@pytest.mark.parametrize("state", [None, "", "another"])
def test_the_state_must_be_this_browsers(site: Site, state: str | None) -> None:
    browser = site.browser()
    page = browser.get(_with(_to_callback(site, VIEWER, browser), state=state))
    assert (page.status, _title(page)) == (403, "This sign-in can't be finished")
    assert len(page.hops) == 1
    assert not site.is_signed_in(browser)


@pytest.mark.parametrize(
    ("error", "description"),
    [
        ("access_denied", "AADSTS65004: User declined to consent to access the app."),
        ("invalid_client", "AADSTS650053: <script>alert('x')</script> doesn't exist on the resource \"'>."),
        ("server_error", None),
        ("<img src=x onerror=alert(1)>", ""),
    ],
)
def test_an_error_of_entra_is_told_and_ends_there(site: Site, error: str, description: str | None) -> None:
    browser = site.browser()
    state = _asked(site, browser)["state"]
    answer = {"error": error, "state": state} | ({"error_description": description} if description else {})
    page = browser.get(f"{site.callback_url}?{urlencode(answer)}")
    assert page.status == 403
    assert len(page.hops) == 1, "it goes on by itself, and would go round"
    assert (description or error) in page.text
    assert not page.soup.find_all(["script", "img"])
    assert site.login_url in {str(link["href"]) for link in page.soup.find_all("a")}
    assert "default-src 'none'" in page.response.headers["content-security-policy"]
    assert not site.is_signed_in(browser)
    assert _title(browser.get(str(page.response.url))) == "This sign-in can't be finished", "an answer counts once"


def test_an_error_that_nobody_asked_for_says_nothing_of_its_own(site: Site) -> None:
    page = site.browser().get(f"{site.callback_url}?error=x&error_description=Call+555-0100&state=x")
    assert _title(page) == "This sign-in can't be finished"
    assert "555-0100" not in page.text


def test_an_error_of_somebodys_own_writes_one_short_line_and_nothing_into_the_audit_log(site: Site) -> None:
    """Whoever isn't signed in may come back from Entra with whatever they like to say."""
    browser = site.browser()
    state = _asked(site, browser)["state"]
    written, audited = len(site.log()), site.rows("SELECT count(*) FROM log")
    said = "x\r\n[2026-01-01] INFO forged\u2028forged\x1b[2Jforged " + "y" * 2_000
    page = browser.get(
        f"{site.callback_url}?{urlencode({'error': said[:40], 'error_description': said, 'state': state})}"
    )
    assert page.status == 403
    ours = [line for line in site.log()[written:].splitlines() if "forged" in line and "oauth-authorized" not in line]
    assert len(ours) == 1
    assert "Entra answered x [2026-01-01]" in ours[0]
    assert "\x1b" not in ours[0].partition("Entra answered")[2]
    assert len(ours[0]) < 1_500
    assert site.rows("SELECT count(*) FROM log") == audited


@pytest.mark.parametrize("wanted", _ELSEWHERE)
def test_a_sign_in_ends_at_this_airflow(site: Site, wanted: str) -> None:
    wanted = wanted.replace("{origin}", site.url).replace("{host}", urlsplit(site.url).netloc)
    browser = site.browser()
    answer = browser.http.get(_to_callback(site, VIEWER, browser, wanted))
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{site.url}/"
    # and once more for who is signed in already
    answer = browser.http.get(site.login_url, params={"next": wanted})
    assert answer.headers["location"] == f"{site.url}/"
    answer = browser.http.get(f"{site.login_url}?next=/home&next={wanted.encode('unicode_escape').decode()}")
    assert urlsplit(answer.headers["location"]).netloc == urlsplit(site.url).netloc


@pytest.mark.parametrize(
    "wanted", ["/home?status=active&search=a%20b", "/dags/sales_daily/grid#x", "{origin}/home?x=1"]
)
def test_a_sign_in_goes_on_to_where_a_person_wanted(site: Site, wanted: str) -> None:
    wanted = wanted.replace("{origin}", site.url)
    browser = site.browser()
    answer = browser.http.get(_to_callback(site, VIEWER, browser, wanted))
    assert answer.headers["location"] == (wanted if wanted.startswith("http") else site.url + wanted)


@pytest.mark.parametrize("wanted", ["/af-other/", "/", "/af/../other", "https://airflow.contoso.com/other"])
def test_a_sign_in_ends_below_the_path_of_this_airflow(company_site: Site, wanted: str) -> None:
    """Its host may have others behind it. 2.11 is at the root of its own, where only another host is outside."""
    if not company_site.is_3:
        wanted = f"https://airflow.contoso.com{urlsplit(wanted).path}"
    browser = company_site.browser()
    answer = browser.http.get(_to_callback(company_site, VIEWER, browser, wanted))
    assert answer.headers["location"] == f"{company_site.url}/"


@pytest.mark.parametrize("wanted", [f"https://{EVIL}/", f"//{EVIL}/", f"/\\{EVIL}/"])
def test_airflows_own_door_leads_to_no_other_site(site: Site, wanted: str) -> None:
    """Where Airflow itself sends somebody who isn't signed in, before our login page is asked."""
    browser = site.browser()
    door = f"{site.url}/api/v2/auth/login" if site.is_3 else f"{site.url}/home"
    page = browser.get(door, params={"next": wanted}, until="/authorize")
    if page.status == 400:
        return  # 3.x has a look at it itself
    *ours, entra = [urlsplit(hop) for hop in page.hops]
    assert {hop.netloc for hop in ours} == {urlsplit(site.url).netloc}
    assert parse_qs(entra.query)["redirect_uri"] == [site.callback_url]
    page = browser.submit(browser.get(page.hops[-1]), "authorize", username=VIEWER.user_name, until=site.callback_url)
    answer = browser.http.get(page.hops[-1])
    assert answer.headers["location"].startswith(f"{site.url}/")


def test_whoever_was_refused_can_take_another_account(site: Site) -> None:
    browser, refused = site.sign_in(GUEST)
    assert refused.status == 403
    links = {link.get_text(): str(link["href"]) for link in refused.soup.find_all("a")}
    again = browser.get(links["Start again"])
    assert again.status == 403, "Entra knows who it is: the same answer, and no loop"
    page = browser.get(links["Try another account"])
    assert page.query()["prompt"] == "select_account"
    assert browser.submit(page, "authorize", username=VIEWER.user_name).status == 200
    assert site.is_signed_in(browser)


def test_cookies_are_as_configured(site: Site) -> None:
    browser = site.browser()
    _secured(browser.http.get(_to_callback(site, VIEWER, browser)), secure=False, least=2 if site.is_3 else 1)


def test_cookies_of_a_site_with_https_are_for_https_alone(company_site: Site) -> None:
    browser = company_site.browser()
    answer = browser.http.get(_to_callback(company_site, VIEWER, browser))
    _secured(answer, secure=True, least=2 if company_site.is_3 else 1)


def _secured(answer: httpx.Response, *, secure: bool, least: int) -> None:
    cookies = [one for one in answer.headers.get_list("set-cookie") if "Max-Age=0" not in one]
    assert len(cookies) >= least
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax"} <= attributes, cookie.partition("=")[0]
        assert ("secure" in attributes) == secure, cookie.partition("=")[0]


def _asked(site: Site, browser: Browser, headers: dict[str, str] | None = None) -> dict[str, str]:
    """What Airflow's login page sends a browser to Entra with."""
    answer = browser.http.get(site.login_url, headers=headers)
    assert answer.status_code == 302
    where = urlsplit(answer.headers["location"])
    assert where.path.endswith("/oauth2/v2.0/authorize")
    return {name: values[0] for name, values in parse_qs(where.query).items()}


def _to_callback(site: Site, person: TestPerson, browser: Browser, next_url: str | None = None) -> str:
    """Where Entra sends the browser after the sign-in: nobody has called it yet."""
    _, page = site.sign_in(person, browser, next_url=next_url, until=site.callback_url)
    assert page.hops[-1].startswith(site.callback_url), page.text
    return page.hops[-1]


def _with(url: str, **changes: str | None) -> str:
    parameters = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | changes
    kept = {name: value for name, value in parameters.items() if value is not None}
    return f"{url.partition('?')[0]}?{urlencode(kept)}"


def _title(page: Page) -> str:
    heading = page.soup.find("h1")
    return heading.get_text() if heading else page.text
