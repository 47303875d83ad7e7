"""Nobody becomes somebody else by a name or an address, and what was there before Entra opens nothing."""

from __future__ import annotations

import json
import subprocess
import time

import jwt
import pytest

from tests.airflow.browser import Browser
from tests.airflow.leftovers import PASSWORD, Row, forget, leftover, row
from tests.airflow.people import ATTACKER, CEO, HEIR_BY_MAIL, HEIR_BY_NAME, OTHER_TWIN, TWIN, VIEWER, TestPerson
from tests.airflow.site import Site


def test_two_people_with_one_address_are_two(site: Site) -> None:
    """Whoever comes second is let in too, and the first keeps session, roles and address."""
    for twin in (TWIN, OTHER_TWIN):
        forget(site, twin)
    first, _ = site.sign_in(TWIN)
    before = _row_of(site, TWIN)
    for _ in range(2):
        second, page = site.sign_in(OTHER_TWIN)
        assert page.status == 200, page.text
        assert site.is_signed_in(second)
        assert site.is_signed_in(first)
    assert _row_of(site, TWIN) == before
    other = _row_of(site, OTHER_TWIN)
    assert other.active
    assert other.id != before.id
    assert {before.email, other.email} == {TWIN.address, f"{OTHER_TWIN.object_id}@{_tenant(site)}.invalid"}
    again, _ = site.sign_in(TWIN)
    assert site.is_signed_in(again)
    assert site.is_signed_in(second)


def test_who_claims_somebodys_address_becomes_nobody_else(site: Site) -> None:
    chief, _ = site.sign_in(CEO)
    before = _row_of(site, CEO)
    assert before.roles == {"Op"}
    attacker, page = site.sign_in(ATTACKER)
    assert page.status == 200
    assert _row_of(site, CEO) == before
    assert site.is_signed_in(chief)
    assert _row_of(site, ATTACKER).roles == {"Viewer"}
    assert _row_of(site, ATTACKER).id != before.id
    assert _may_see_connections(site, chief)
    assert not _may_see_connections(site, attacker)


@pytest.mark.parametrize(
    ("person", "username", "email"),
    [
        (HEIR_BY_MAIL, "hugo", "Hugo@Contoso.com"),
        (HEIR_BY_MAIL, "hugo@contoso.com", "hugo@contoso.com"),
        (HEIR_BY_NAME, HEIR_BY_NAME.object_id, "somebody@contoso.com"),
        (HEIR_BY_NAME, HEIR_BY_NAME.object_id.upper(), "hedda@contoso.com"),
    ],
    ids=["address", "made by hand", "made by stock FAB", "both, in capitals"],
)
def test_a_row_from_before_is_set_aside(site: Site, person: TestPerson, username: str, email: str) -> None:
    """The person has a row of their own, with the roles of their groups alone; the other one is worth nothing."""
    forget(site, person)
    written = len(site.audited(person))
    with leftover(site, username, email) as user_id:
        browser, page = site.sign_in(person)
        assert page.status == 200, page.text
        aside, own = row(site, user_id), _row_of(site, person)
    assert aside == Row(
        user_id, f"set-aside-{user_id}-{username}", f"set-aside-{user_id}@set-aside.invalid", False, None, frozenset()
    )
    assert own.id != user_id
    assert own.roles == {"Viewer"}
    assert own.password is None
    assert own.email == person.address
    assert site.is_signed_in(browser)
    (line,) = [extra for event, extra in site.audited(person)[written:] if event == "entra_set_aside"]
    assert username in line["reason"]
    assert line["objectId"] == person.object_id


def test_a_password_from_before_opens_nothing(site: Site) -> None:
    with leftover(site, "root", "root@contoso.com") as user_id:
        before = row(site, user_id)
        _would_have_been_right(site, before.password)
        browser = site.browser()
        credentials = {"username": "root", "password": PASSWORD}
        if site.is_3:
            for path in ("/auth/token", "/auth/token/cli"):
                answer = browser.http.post(f"{site.url}{path}", json=credentials)
                assert 400 <= answer.status_code < 500, answer.text
                assert "access_token" not in answer.text
        for path in ("/dags", "/connections"):
            answer = site.call(browser, "GET", path, auth=("root", PASSWORD))
            assert answer.status_code in (401, 403), answer.text
        for path in (site.login_url, site.login_url.removesuffix("/"), f"{site.login_url}db"):
            browser.http.post(path, data=credentials)
            assert not site.is_signed_in(browser)
        assert not browser.http.cookies.get("_token")
        assert row(site, user_id) == before


def test_a_token_from_before_opens_nothing(site: Site) -> None:
    """Signed by Airflow's own key: what an Airflow gave out before it signed people in with Entra."""
    if not site.is_3:
        pytest.skip("2.11 gives no tokens")
    browser, _ = site.sign_in(VIEWER)
    honest = next(str(cookie.value) for cookie in browser.cookies.jar if cookie.name == "_token")
    claims = jwt.decode(honest, options={"verify_signature": False})
    assert _calls_with(site, claims | {"jti": "another"}) == 200, "the key is the right one"
    with leftover(site, "root", "root@contoso.com") as user_id:
        without = {name: value for name, value in claims.items() if name != "entra_session"}
        for forged in (
            without,
            without | {"sub": str(user_id)},
            claims | {"sub": str(user_id)},
            claims | {"entra_session": None},
            claims | {"entra_session": "0" * 32},
            claims | {"entra_session": [claims["entra_session"]]},
        ):
            assert _calls_with(site, forged) in (401, 403), forged.keys()


def _row_of(site: Site, person: TestPerson) -> Row:
    ((user_id,),) = site.rows("SELECT id FROM ab_user WHERE username = ?", person.object_id)
    return row(site, user_id)


def _tenant(site: Site) -> str:
    return str(json.loads((site.running.home.folder / "sign-on.json").read_text())["tenantId"])


def _may_see_connections(site: Site, browser: Browser) -> bool:
    return site.call(browser, "GET", "/connections").status_code == 200


def _would_have_been_right(site: Site, stored: str | None) -> None:
    check = "import sys; from werkzeug.security import check_password_hash as c; sys.exit(not c(*sys.argv[1:]))"
    subprocess.run([site.running.home.python, "-c", check, str(stored), PASSWORD], check=True)


def _calls_with(site: Site, claims: dict[str, object]) -> int:
    key = json.loads((site.running.home.folder / "keys.json").read_text())["token"]
    token = jwt.encode(claims | {"exp": int(time.time()) + 60}, key, algorithm="HS512", headers={"kid": "not-used"})
    answer = site.call(site.browser(), "GET", "/dags", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code
