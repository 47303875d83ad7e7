"""What may go wrong around a sign-in, asked of any Airflow in the same way, with ours or stock Airflow behind it.

Each probe does something, looks at what came of it, and says it; `holds` is whether that is how it should be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.airflow import aged, stacks
from tests.airflow.browser import Browser
from tests.airflow.company import Company
from tests.airflow.forgeries import FORGERIES
from tests.airflow.gate import Gate
from tests.airflow.liar import Liar
from tests.airflow.people import EXPELLED, MANY_GROUPS, NOBODY, OTHER_TWIN, RAISED, TWIN, VIEWER, TestPerson
from tests.airflow.site import HANDLE, LOGIN_HOST, Site
from tests.airflow.waiting import until

_ELSEWHERE = "airflow.example.org"
_PATIENCE = 10
"""Seconds within which something that was changed has its effect in both, by their own declared intervals."""


@dataclass(frozen=True)
class Place:
    """An Airflow, and what is around it."""

    site: Site
    company: Company
    gate: Gate
    liar: Liar
    """Answers at Azure's own name, where the gate leads to it."""


@dataclass(frozen=True)
class Seen:
    what: str
    holds: bool


def replayed_cookie(place: Place) -> Seen:
    """Somebody copied the session cookie; then the person signs out."""
    browser = _signed_in(place.site, VIEWER)
    thief = place.site.another_with(browser, HANDLE, "session")
    place.site.sign_out(browser)
    thief.get(place.site.login_url, until=LOGIN_HOST)
    found = place.site.is_signed_in(thief)
    return Seen("still signs in" if found else "refused", not found)


def sign_out_at_entra(place: Place) -> Seen:
    """The person signs out of Airflow: is anybody at that machine still signed in at Entra?"""
    browser = _signed_in(place.site, VIEWER)
    place.site.sign_out(browser)
    page = place.site.start_sign_in(browser)
    asked = urlsplit(page.url).hostname == LOGIN_HOST
    return Seen("Entra asks who it is" if asked else "signed in again without a question", asked)


def front_channel(place: Place) -> Seen:
    """The person signs out at Entra, whose page calls the application's sign-out URL, without cookies."""
    browser = _signed_in(place.site, VIEWER)
    page = browser.get(f"https://{LOGIN_HOST}/{stacks.TENANT}/oauth2/v2.0/logout")
    told = [str(frame["src"]) for frame in page.soup.find_all("iframe")]
    assert told, page.text
    answer = place.site.browser().get(f"{place.site.logout_url}?{urlsplit(told[0]).query}", until=LOGIN_HOST)
    found = place.site.is_signed_in(browser)
    return Seen(f"{answer.status}, session {'goes on' if found else 'ended'}", not found)


def no_role(place: Place) -> Seen:
    """Somebody of the tenant, in none of the groups."""
    browser, _ = place.site.sign_in(NOBODY)
    inside = _knows(place.site, browser)
    roles = _roles(place.site, NOBODY)
    return Seen(f"signed in, {roles}" if inside else f"refused, {roles}", not inside and roles == "no role")


def registration_role(place: Place) -> Seen:
    """A Viewer's roles after the sign-in."""
    _signed_in(place.site, VIEWER)
    return Seen(_roles(place.site, VIEWER), place.site.roles_of(VIEWER) == set(VIEWER.roles))


def removed(place: Place) -> Seen:
    """A Viewer with an open session leaves the group, and signs in somewhere else."""
    browser = _signed_in(place.site, EXPELLED)
    place.company.leave(EXPELLED, place.site.stack, "Viewer")
    try:
        place.site.sign_in(EXPELLED)
        found = _knows(place.site, browser)
        roles = _roles(place.site, EXPELLED)
    finally:
        place.company.join(EXPELLED, place.site.stack, "Viewer")
    return Seen(f"the open session {'goes on' if found else 'ended'}, {roles}", not found and roles == "no role")


def many_groups(place: Place) -> Seen:
    """A Viewer in 301 groups."""
    place.site.sign_in(MANY_GROUPS)
    return Seen(_roles(place.site, MANY_GROUPS), "Viewer" in place.site.roles_of(MANY_GROUPS))


def same_email(place: Place) -> Seen:
    """Two people with the same address; the second signs in."""
    _signed_in(place.site, TWIN)
    browser, page = place.site.sign_in(OTHER_TWIN)
    found = place.site.is_signed_in(browser)
    told = "an error 500" if page.status == 500 else "can't sign in"
    return Seen("signs in" if found else told, found)


def by_hand(place: Place) -> Seen:
    """An administrator gives a signed-in Viewer the role Admin in Airflow's tables."""
    browser = _signed_in(place.site, RAISED)
    with place.site.database() as connection:
        connection.execute(
            "INSERT INTO ab_user_role (user_id, role_id) SELECT ab_user.id, ab_role.id FROM ab_user, ab_role"
            " WHERE username = ? AND ab_role.name = 'Admin'",
            (RAISED.object_id,),
        )

    def admitted() -> bool:
        return place.site.call(browser, "GET", "/connections").status_code == 200

    until(lambda: admitted() or "Admin" not in place.site.roles_of(RAISED), _PATIENCE, "decided either way")
    found = admitted()
    return Seen("is Admin" if found else f"put back: {_roles(place.site, RAISED)}", not found)


def password_user(place: Place) -> Seen:
    """An Admin with a password from before: by Airflow's endpoints that take one."""
    name, password = "left-over", "from the days before"
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1000).hex()
    with place.site.database() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO ab_user (username, first_name, last_name, email, active, password)"
            " VALUES (?, 'Left', 'Over', 'left-over@contoso.com', 1, ?)",
            (name, f"pbkdf2:sha256:1000$salt${digest}"),
        )
        connection.execute(
            "INSERT OR IGNORE INTO ab_user_role (user_id, role_id) SELECT ab_user.id, ab_role.id FROM ab_user, ab_role"
            " WHERE username = ? AND ab_role.name = 'Admin'",
            (name,),
        )
    browser, given = place.site.browser(), {"username": name, "password": password}
    if place.site.is_3:
        paths = dict.fromkeys(("/auth/token", "/auth/token/cli"), given)
    else:
        paths = {"/api/v1/security/login": given | {"provider": "db"}}
    answers = {path: browser.http.post(f"{place.site.url}{path}", json=body) for path, body in paths.items()}
    tokens = [path for path, answer in answers.items() if answer.is_success and "token" in answer.text]
    basic = place.site.call(browser, "GET", "/dags", auth=(name, password)).is_success
    ways = tokens + (["Basic"] if basic else [])
    return Seen(f"signs in: {', '.join(ways)}" if ways else "refused", not ways)


def spoofed_host(place: Place) -> Seen:
    """A request with another Host header: where would Entra be told to send the code?"""
    local = place.site.login_url.replace(place.site.url, place.site.running.local_url)
    answer = httpx.get(f"{local}azure", headers={"Host": _ELSEWHERE}, trust_env=False)
    redirect_uri = parse_qs(urlsplit(answer.headers["location"]).query)["redirect_uri"][0]
    own = redirect_uri == place.site.callback_url
    return Seen("the declared URI" if own else f"to {urlsplit(redirect_uri).hostname}", own)


def another_tenant(place: Place) -> Seen:
    """A token, signed by Entra, whose issuer is the right tenant and whose `tid` is another."""
    site, forgery = place.site, FORGERIES["another tenant, right issuer"]
    with place.gate.instead(LOGIN_HOST, place.liar.port), place.liar.forging(forgery):
        browser, _ = site.sign_in(VIEWER)
    assert place.liar.forged, "no token went that way"
    found = site.is_signed_in(browser)
    return Seen("accepted" if found else "refused", not found)


def audit(place: Place) -> Seen:
    """What Airflow's audit log says about a sign-in and a sign-out."""

    def lines() -> set[int]:
        found = place.site.rows(
            "SELECT id FROM log WHERE owner = ? OR extra LIKE ?", VIEWER.object_id, f"%{VIEWER.object_id}%"
        )
        return {number for (number,) in found}

    before = lines()
    browser = _signed_in(place.site, VIEWER)
    place.site.sign_out(browser)
    events = [place.site.rows("SELECT event FROM log WHERE id = ?", number)[0][0] for number in lines() - before]
    return Seen(", ".join(sorted(set(events))) or "nothing", {"entra_sign_in", "entra_sign_out"} <= set(events))


def used_session(place: Place) -> Seen:
    """A session that began a minute less than its 8 hours ago is used: how long does it last from now on?"""
    browser = _signed_in(place.site, VIEWER)
    aged.age(place.site, browser, VIEWER, stacks.SESSION - 60)
    browser.get(place.site.login_url, until=LOGIN_HOST)
    assert place.site.is_signed_in(browser), "it was over before its time"
    left = round(aged.seconds_left(place.site, browser, VIEWER) / 60)
    return Seen(f"{left} min", left <= 1)


def pkce(place: Place) -> Seen:
    """The way to Entra."""
    page = place.site.browser().get(f"{place.site.login_url}azure", until="/oauth2/v2.0/authorize")
    method = parse_qs(urlsplit(page.hops[-1]).query).get("code_challenge_method", ["none"])[0]
    return Seen(method, method == "S256")


PROBES: Mapping[str, Callable[[Place], Seen]] = {
    "A copied session cookie, after the sign-out": replayed_cookie,
    "Signing in again, after the sign-out": sign_out_at_entra,
    "The session, after a sign-out at Entra (front-channel)": front_channel,
    "Somebody of the tenant without a role": no_role,
    "The roles of a Viewer": registration_role,
    "An open session, when its person lost the group and signs in anew": removed,
    "A Viewer in more than 200 groups": many_groups,
    "A second person with the same email address": same_email,
    "A Viewer who is made Admin by hand in Airflow": by_hand,
    "A user with a password from before": password_user,
    "The redirect URI, asked for with another Host header": spoofed_host,
    "A token with the right issuer and another tenant's `tid`": another_tenant,
    "A sign-in and a sign-out in Airflow's audit log": audit,
    "What is left of an 8 hours' session that began 7 h 59 min ago, after a request": used_session,
    "PKCE": pkce,
}


def _signed_in(site: Site, person: TestPerson) -> Browser:
    browser, page = site.sign_in(person)
    assert site.is_signed_in(browser), f"{site.name}: {page.status} {page.url} {page.text[:300]}"
    return browser


def _knows(site: Site, browser: Browser) -> bool:
    """Whether Airflow takes the browser for somebody, whatever they may do."""
    if site.is_3:
        return site.is_signed_in(browser)
    return urlsplit(browser.get(f"{site.url}/home", until="/login").hops[-1]).path.endswith("/home")


def _roles(site: Site, person: TestPerson) -> str:
    return " and ".join(sorted(site.roles_of(person))) or "no role"
