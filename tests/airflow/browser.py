"""A browser as far as HTTP goes: cookies, redirects, forms. Where a picture matters, the tests use Chromium."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from bs4 import BeautifulSoup

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_HOPS = 15


@dataclass(frozen=True)
class Page:
    """One answer, and every URL on the way to it."""

    response: httpx.Response
    hops: tuple[str, ...]

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def url(self) -> str:
        return str(self.response.url)

    @property
    def text(self) -> str:
        """What a person reads on it."""
        return " ".join(self.soup.get_text(" ").split())

    @property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.response.text, "html.parser")

    def form(self, action: str = "") -> tuple[str, dict[str, str]]:
        """(URL, fields) of the form whose action contains the text, hidden fields filled in."""
        forms = [one for one in self.soup.find_all("form") if action in str(one.get("action", ""))]
        assert forms, f"no form on {self.url}: {self.status} {self.text[:500]}"
        fields = {
            str(one["name"]): str(one.get("value", ""))
            for one in forms[0].find_all("input")
            if one.get("name") and one.get("type") == "hidden"
        }
        return urljoin(self.url, str(forms[0].get("action") or self.url)), fields

    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


class Browser:
    """One person's browser. `mounts` sends a host name to an address of this machine, as a reverse proxy would."""

    def __init__(self, mounts: Mapping[str, httpx.BaseTransport | None], authorities: ssl.SSLContext) -> None:
        self.http = httpx.Client(mounts=mounts, verify=authorities, timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    @property
    def cookies(self) -> httpx.Cookies:
        return self.http.cookies

    def get(self, url: str, *, until: str | None = None, **options: object) -> Page:
        """Follow redirects; `until` ends before a URL that contains the text is called: the answer is the redirect."""
        return self._follow(self.http.build_request("GET", url, **options), until)  # type: ignore[arg-type]

    def post(
        self, url: str, fields: Mapping[str, str], *, until: str | None = None, referrer: str | None = None
    ) -> Page:
        headers = {"Referer": referrer} if referrer else {}
        return self._follow(self.http.build_request("POST", url, data=dict(fields), headers=headers), until)

    def submit(self, page: Page, action: str = "", *, until: str | None = None, **fields: str) -> Page:
        """Send a form of the page with the given fields filled in."""
        url, hidden = page.form(action)
        return self.post(url, hidden | fields, until=until, referrer=page.url)

    def _follow(self, request: httpx.Request, until: str | None) -> Page:
        hops = [str(request.url)]
        while True:
            response = self.http.send(request)
            target = response.headers.get("location")
            if response.status_code not in _REDIRECTS or target is None:
                return Page(response, tuple(hops))
            following = urljoin(str(request.url), target)
            if until and until in following:
                return Page(response, (*hops, following))
            assert len(hops) < _MOST_HOPS, f"a redirect loop: {hops}"
            method = request.method if response.status_code in (307, 308) else "GET"
            hops.append(following)
            request = self.http.build_request(method, following)
