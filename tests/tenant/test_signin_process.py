"""Signing in to the tenant as a process: at localhost and through the proxy, beside a rotation of its keys."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import jwt
import psutil
import pytest

from tests.tenant import world
from tests.tenant.browser import APP, REDIRECT, Page, person
from tests.tenant.process import Served, command, seed, served
from tests.tenant.world import LOGIN, TENANT

ADA = person(1, "Ada Lovelace")
MEGABYTES = 120
"""What the process may hold, pages included."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("tenant") / "state"
    seed(state, world.SEED | {"users": [ADA], "applications": [APP]})
    return state


@pytest.fixture(scope="module")
def running(state: Path) -> Iterator[Served]:
    with served(state) as process:
        yield process


def _sign_in(client: httpx.Client, base: str) -> str:
    """The ID token of a whole sign-in, verified with the keys that discovery names."""
    found = client.get(f"{base}/{TENANT}/v2.0/.well-known/openid-configuration").json()
    wanted = {"client_id": APP["appId"], "response_type": "code", "scope": "openid profile", "redirect_uri": REDIRECT}
    reply = client.get(found["authorization_endpoint"], params=wanted)
    if reply.status_code == 200:
        page = Page(reply.text)
        fields = {**page.fields, "username": ADA["userPrincipalName"]}
        reply = client.post(urljoin(str(reply.url), page.action), data=fields)
    assert reply.status_code == 302, reply.text
    code = parse_qs(urlsplit(reply.headers["location"]).query)["code"][0]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    tokens = client.post(found["token_endpoint"], data=given, auth=(APP["appId"], APP["secret"])).json()
    keys = jwt.PyJWKSet.from_dict(client.get(found["jwks_uri"]).json())
    token = str(tokens["id_token"])
    key = keys[jwt.get_unverified_header(token)["kid"]].key
    jwt.decode(token, key, algorithms=["RS256"], audience=APP["appId"], issuer=f"{LOGIN}/{TENANT}/v2.0")
    return token


def test_a_browser_without_the_proxy(running: Served) -> None:
    with httpx.Client(trust_env=False) as browser:
        base = f"http://localhost:{running.http_port}"
        assert _sign_in(browser, base)
        assert browser.cookies.get("ENTRA_LOCAL_SESSION", path=f"/{TENANT}")
        assert _sign_in(browser, base), "by the session's cookie this time"
        browser.get(f"{base}/{TENANT}/oauth2/v2.0/logout")
        assert browser.cookies.get("ENTRA_LOCAL_SESSION", path=f"/{TENANT}") is None


def test_a_browser_behind_the_proxy(running: Served) -> None:
    with running.client() as browser:
        assert _sign_in(browser, LOGIN)
        assert [cookie.secure for cookie in browser.cookies.jar] == [True, True]


def test_keys_rotate_beside_a_running_tenant(running: Served, state: Path) -> None:
    with httpx.Client(trust_env=False) as browser:
        base = f"http://127.0.0.1:{running.http_port}"
        before = _sign_in(browser, base)
        said = subprocess.run(command("rotate-keys", state), capture_output=True, text=True, check=True)
        after = _sign_in(browser, base)
        kid = jwt.get_unverified_header(after)["kid"]
        assert kid in said.stdout
        listed = [key["kid"] for key in browser.get(f"{base}/common/discovery/keys").json()["keys"]]
        assert listed[:2] == [kid, jwt.get_unverified_header(before)["kid"]]


def test_it_stays_small(running: Served) -> None:
    with running.client() as browser:
        _sign_in(browser, LOGIN)
    assert psutil.Process(running.process.pid).memory_info().rss < MEGABYTES * 1024 * 1024
