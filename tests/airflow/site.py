"""One Airflow of one stack, as people and programs reach it."""

from __future__ import annotations

import json
import sqlite3
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from airflow_entra.local.airflow.process import RunningAirflow
from airflow_entra.local.tenant import Tenant
from tests.airflow.browser import Browser, Page
from tests.airflow.people import TestPerson

LOGIN_HOST = "login.microsoftonline.com"
HANDLE = "airflow_entra_session"
"""The cookie that a signed-in browser is known by."""
COOKIES = (HANDLE, "_token", "session")
"""All that a signed-in browser may have of Airflow: ours, Airflow 3's token, and what Flask keeps of its pages."""


class _ReverseProxy(httpx.BaseTransport):
    """What a company has in front of Airflow: ends https and says in headers what the browser asked for."""

    def __init__(self, port: int) -> None:
        self._port, self._transport = port, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        request.headers["X-Forwarded-For"] = "203.0.113.7"
        request.headers["X-Forwarded-Proto"] = url.scheme
        request.headers["X-Forwarded-Host"] = url.host
        request.headers["X-Forwarded-Port"] = str(url.port or 443)
        request.url = url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        answer = self._transport.handle_request(request)
        request.url = url
        return answer

    def close(self) -> None:
        self._transport.close()


class _ToHttps(httpx.BaseTransport):
    """What it does with a browser that comes without https."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(301, headers={"Location": str(request.url.copy_with(scheme="https"))}, request=request)


@dataclass(frozen=True)
class Site:
    """`stock` is an Airflow without airflow_entra_auth, configured by `render --stock`."""

    stack: str
    version: str
    running: RunningAirflow
    tenant: Tenant
    environment: Mapping[str, str]
    stock: bool = False
    browsers: list[Browser] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{'stock ' if self.stock else ''}Airflow {self.running.home.version}"

    @property
    def is_3(self) -> bool:
        return self.running.home.major == 3

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def login_url(self) -> str:
        return f"{self.url}{'/auth' if self.is_3 else ''}/login/"

    @property
    def callback_url(self) -> str:
        return f"{self.url}{'/auth' if self.is_3 else ''}/oauth-authorized/azure"

    @property
    def logout_url(self) -> str:
        """What the application declares for Entra's front-channel sign-out."""
        return f"{self.url}/auth/logout" if self.is_3 else f"{self.url}/logout/"

    def browser(self, *others: Site) -> Browser:
        """A fresh one, closed with the site. Azure's names lead to the tenant, Airflows' public ones to their ports."""
        authorities = _authorities(str(self.tenant.ca_file))
        mounts: dict[str, httpx.BaseTransport | None] = {
            f"https://{LOGIN_HOST}": httpx.HTTPTransport(proxy=self.tenant.proxy, verify=authorities)
        }
        for site in (self, *others):
            if site.url.startswith("https://"):
                host, port = urlsplit(site.url).hostname, urlsplit(site.running.local_url).port or 80
                mounts |= {f"https://{host}": _ReverseProxy(port), f"http://{host}": _ToHttps()}
        browser = Browser(mounts, authorities)
        self.browsers.append(browser)
        return browser

    def start_sign_in(self, browser: Browser, *, next_url: str | None = None, **options: str) -> Page:
        """From Airflow's login page to Entra's."""
        parameters = options | ({"next": next_url} if next_url else {})
        page = browser.get(self.login_url, params=parameters)
        if self.stock and urlsplit(page.url).netloc == urlsplit(self.url).netloc:
            return browser.get(f"{self.login_url}azure", params=parameters)
        return page

    def sign_in(
        self,
        person: TestPerson,
        browser: Browser | None = None,
        *,
        next_url: str | None = None,
        until: str | None = None,
        **options: str,
    ) -> tuple[Browser, Page]:
        """Sign in as far as it goes: Airflow's first page, a refusal, or Entra's. `until` ends before such a URL."""
        browser = browser or self.browser()
        page = self.start_sign_in(browser, next_url=next_url, **options)
        return browser, browser.submit(page, "authorize", until=until, username=person.user_name)

    def is_signed_in(self, browser: Browser) -> bool:
        if self.is_3:
            return browser.http.get(f"{self.url}/ui/auth/me").status_code == 200
        return browser.http.get(f"{self.url}/home").status_code == 200

    def call(self, browser: Browser, method: str, path: str, **options: Any) -> httpx.Response:
        """Airflow's REST API as the page calls it, by the browser's cookies."""
        return browser.http.request(method, f"{self.url}/api/{'v2' if self.is_3 else 'v1'}{path}", **options)

    def sign_out(self, browser: Browser, *, until: str | None = None) -> Page:
        """By the button of the page."""
        if self.is_3:
            return browser.get(f"{self.url}/api/v2/auth/logout", until=until)
        home = browser.get(f"{self.url}/home")
        return browser.submit(home, "logout", until=until)

    def another_with(self, browser: Browser, *names: str) -> Browser:
        """A fresh browser that presents the other's cookies of these names, as somebody would who copied them."""
        thief = self.browser()
        for cookie in browser.cookies.jar:
            if cookie.name in names:
                thief.cookies.jar.set_cookie(cookie)
        return thief

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`airflow ...`, as an administrator of the machine runs it."""
        return self.python("-m", "airflow", *arguments)

    def python(self, *arguments: str, told: str = "") -> subprocess.CompletedProcess[str]:
        """Airflow's own interpreter, in the environment that its processes have. `told` is its standard input."""
        home = self.running.home
        port = urlsplit(self.running.local_url).port or 80
        return subprocess.run(
            [home.python, *arguments],
            env=home.environment(port) | dict(self.environment),
            cwd=home.folder,
            input=told,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """Airflow's own tables; a change is committed at the end."""
        with closing(sqlite3.connect(self.running.home.folder / "airflow.db", timeout=30)) as connection, connection:
            yield connection

    def rows(self, query: str, *parameters: object) -> list[Any]:
        with self.database() as connection:
            return connection.execute(query, parameters).fetchall()

    def log(self) -> str:
        """What the server wrote."""
        server = "api-server" if self.is_3 else "webserver"
        return (self.running.home.logs / f"{server}.log").read_text(errors="replace")

    def roles_of(self, person: TestPerson) -> set[str]:
        """The roles that Airflow's tables give the person."""
        found = self.rows(
            "SELECT ab_role.name FROM ab_user JOIN ab_user_role ON user_id = ab_user.id JOIN ab_role ON ab_role.id ="
            " role_id WHERE username = ?",
            person.object_id,
        )
        return {name for (name,) in found}

    def audited(self, person: TestPerson) -> list[tuple[str, Mapping[str, Any]]]:
        """(event, extra) of the audit log's lines about the person's sign-ins, oldest first."""
        found = self.rows(
            "SELECT event, extra FROM log WHERE owner = ? AND event LIKE 'entra%' ORDER BY id", person.object_id
        )
        return [(event, json.loads(extra)) for event, extra in found]


@lru_cache
def _authorities(ca_file: str) -> ssl.SSLContext:
    """Once for all browsers: it takes longer to make than a request."""
    return ssl.create_default_context(cafile=ca_file)
