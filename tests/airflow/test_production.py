"""The production configuration, as rendered and unchanged, at Azure's own names and behind a company's proxy."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx

from airflow_entra.access import DeclaredStack
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.render import FILES, Places, Target, facts, render
from airflow_entra.settings import load
from airflow_entra_auth.variables import SESSION_KEY
from tests.airflow import stacks
from tests.airflow.browser import Browser
from tests.airflow.company import Company
from tests.airflow.gate import Gate
from tests.airflow.people import GUEST, MANY_GROUPS, NESTED, NOBODY, STRANDED, VIEWER
from tests.airflow.site import COOKIES, HANDLE, LOGIN_HOST, Site
from tests.airflow.waiting import until

GRAPH_HOST = "graph.microsoft.com"
ELSEWHERE = "airflow.example.org"


def test_airflow_runs_what_render_writes_for_production_and_nothing_else(company: Company, company_site: Site) -> None:
    home, stack = company_site.running.home, company_site.stack
    known = facts(
        DeclaredStack(stack, load(company.world.stack_file(stack))),
        company.world.outputs(stack),
        version=company_site.version,
        places=Places.below(str(home.folder)),
    )
    assert known.airflow.url == company_site.url == stacks.URLS[stack][company_site.version]
    assert f"https://{LOGIN_HOST}" in render("roles", known)
    targets: tuple[Target, ...] = ("webserver-config", "env", "server-env", "roles")
    for target in targets:
        assert (home.folder / FILES[target]).read_text("utf-8") == render(target, known)
    options = {name for name in company_site.environment if name.startswith("AIRFLOW")} - {SESSION_KEY}
    rendered = render("env", known) + render("server-env", known)
    assert options == {line.partition("=")[0] for line in rendered.splitlines() if line.startswith("AIRF")}
    assert _set_by_hand(home) & options == set()


def test_people_sign_in_by_https_alone_and_their_cookies_stay_there(company_site: Site) -> None:
    browser, page = company_site.sign_in(VIEWER)
    assert page.status == 200, page.text
    assert page.url.startswith(f"{company_site.url}/")
    assert {urlsplit(hop).scheme for hop in page.hops} == {"https"}
    assert {urlsplit(hop).hostname for hop in page.hops} == {urlsplit(company_site.url).hostname, LOGIN_HOST}
    assert company_site.is_signed_in(browser)
    assert company_site.roles_of(VIEWER) == {"Viewer"}
    cookies = [one for one in browser.cookies.jar if one.domain == urlsplit(company_site.url).hostname]
    assert {one.name for one in cookies} >= {HANDLE} | ({"_token"} if company_site.is_3 else set())
    assert {one.name for one in cookies} <= set(COOKIES)
    for cookie in cookies:
        assert cookie.secure, cookie.name
        assert cookie.has_nonstandard_attr("HttpOnly"), cookie.name
        assert cookie.get_nonstandard_attr("SameSite") == "Lax", cookie.name
        assert cookie.path.startswith(urlsplit(company_site.url).path), cookie.name


def test_links_have_the_name_that_the_proxy_says_and_the_path_of_the_base_url(company_site: Site) -> None:
    asked = f"{company_site.login_url.removesuffix('/login/')}/users/list/"
    page = company_site.browser().get(asked, until="/oauth2/v2.0/authorize")
    wanted = parse_qs(urlsplit(page.hops[1]).query)["next"]
    assert wanted == [asked]


def test_the_redirect_uri_is_the_declared_one_whatever_name_a_request_comes_by(
    company: Company, company_site: Site
) -> None:
    page = company_site.browser().get(company_site.login_url, until="/oauth2/v2.0/authorize")
    assert _redirect_uri(page.hops[-1]) == company_site.callback_url
    assert company_site.callback_url in company.application(company_site.stack)["web"]["redirectUris"]
    local = company_site.login_url.replace(company_site.url, company_site.running.local_url)
    for spoofed in (
        {"Host": ELSEWHERE},
        {"X-Forwarded-Host": ELSEWHERE, "X-Forwarded-Proto": "http", "X-Forwarded-Port": "8080"},
        {"X-Forwarded-Prefix": "/elsewhere"},
    ):
        answer = httpx.get(local, headers=spoofed, trust_env=False)
        assert answer.status_code == 302, answer.text
        assert _redirect_uri(answer.headers["location"]) == company_site.callback_url, spoofed


def test_a_guest_is_admitted_where_the_stack_file_allows_guests(company_site: Site) -> None:
    browser, page = company_site.sign_in(GUEST)
    assert company_site.is_signed_in(browser), page.text
    assert company_site.roles_of(GUEST) == set(GUEST.roles)
    assert {line["guest"] for event, line in company_site.audited(GUEST) if event == "entra_sign_in"} == {True}


def test_who_is_in_a_group_inside_a_roles_group_has_the_role(company_site: Site) -> None:
    browser, page = company_site.sign_in(NESTED)
    assert company_site.is_signed_in(browser), page.text
    assert company_site.roles_of(NESTED) == {"Viewer"}


def test_who_is_in_no_group_is_refused_by_airflow_itself_with_whom_to_ask(company_site: Site) -> None:
    browser, page = company_site.sign_in(NOBODY)
    assert page.status == 403
    assert "nothing gives you a role" in page.text
    assert "data-platform@contoso.com" in page.text
    assert not company_site.is_signed_in(browser)
    assert company_site.roles_of(NOBODY) == set()


def test_who_is_in_more_groups_than_a_token_holds_has_the_role(company_site: Site, gate: Gate) -> None:
    asked = []
    with gate.before(GRAPH_HOST, lambda: asked.append(GRAPH_HOST)):
        browser, page = company_site.sign_in(MANY_GROUPS)
    assert company_site.is_signed_in(browser), page.text
    assert company_site.roles_of(MANY_GROUPS) == set(MANY_GROUPS.roles)
    assert asked, "the token had the groups in it, so this has shown nothing"


def test_nobody_gets_in_where_graph_refuses_to_tell_their_groups(
    company: Company, company_site: Site, gate: Gate
) -> None:
    """Disabled after Entra gave the token, and before Airflow asks Graph with it."""
    try:
        with gate.before(GRAPH_HOST, lambda: company.disable(STRANDED)):
            browser, page = company_site.sign_in(STRANDED)
    finally:
        company.enable(STRANDED)
    assert page.status == 503
    assert page.url.startswith(company_site.callback_url)
    assert "Your groups could not be read" in page.text
    assert not company_site.is_signed_in(browser)
    assert company_site.roles_of(STRANDED) == set()


def test_signing_out_at_entra_ends_the_session_in_airflow(company: Company, company_site: Site) -> None:
    browser, page = company_site.sign_in(VIEWER)
    other, _ = company_site.sign_in(VIEWER)
    assert company_site.is_signed_in(browser), page.text
    asked = _told_by_the_signed_out_page(company_site, browser)
    declared = company.application(company_site.stack)["web"]["logoutUrl"]
    assert declared.startswith("https://")
    assert [one.partition("?")[0] for one in asked] == [declared]
    # One application has one such URL; while a company migrates, it is that of the newer Airflow.
    own = asked[0].replace(declared, company_site.logout_url)
    if company_site.is_3:
        assert own == asked[0]
    answer = company_site.browser().get(own)
    assert answer.status == 200
    until(lambda: not company_site.is_signed_in(browser), 3, "the session is over")
    assert company_site.is_signed_in(other), "another session of the same person went with it"
    assert company_site.audited(VIEWER)[-1][0] == "entra_sign_out"


def test_signing_out_of_airflow_leads_to_entras_own_sign_out(company_site: Site) -> None:
    browser, _ = company_site.sign_in(VIEWER)
    page = company_site.sign_out(browser)
    assert urlsplit(page.url).hostname == LOGIN_HOST
    assert "You signed out of your account" in page.text
    assert not company_site.is_signed_in(browser)
    again = company_site.start_sign_in(browser)
    assert urlsplit(again.url).hostname == LOGIN_HOST
    assert "Sign in to continue" in again.text


def _told_by_the_signed_out_page(site: Site, browser: Browser) -> list[str]:
    """The URLs that a browser which signs out at Entra, not in Airflow, is told to call."""
    page = browser.get(f"https://{LOGIN_HOST}/{stacks.TENANT}/oauth2/v2.0/logout")
    assert page.status == 200, page.text
    return [str(frame["src"]) for frame in page.soup.find_all("iframe")]


def _redirect_uri(url: str) -> str:
    return parse_qs(urlsplit(url).query)["redirect_uri"][0]


def _set_by_hand(home: AirflowHome) -> set[str]:
    """What this machine's Airflow is given besides: its folder, database, keys and port."""
    return {name for name in home.environment(1) if name.startswith("AIRFLOW")}
