"""A browser at the portal: keeps its cookies, reads pages as text, sends the forms that are on them."""

import html
import re
from html.parser import HTMLParser
from urllib.parse import urlencode

from entra_local.wire import Reply
from tests.tenant.directory import Graph
from tests.tenant.world import TENANT

HOST = "localhost:8400"
ORIGIN = f"http://{HOST}"
PORTAL = f"/portal/{TENANT}"


class Portal:
    """The portal of a directory, as one browser sees it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        """A page that is there."""
        reply = self.send("GET", path)
        assert reply.status == 200, (path, reply.status, reply.body)
        return str(reply.body)

    def text(self, path: str) -> str:
        """What of a page can be read, on one line."""
        return _Text(self.get(path)).read()

    def submit(self, page: str, action: str, **fields: str) -> str:
        """Send a form of a page, which must be there with these fields, and read the page that follows."""
        reply = self.post(action, self.token(page, action) | fields, {"origin": ORIGIN})
        assert reply.status == 303, (reply.status, reply.body)
        return self.text(reply.headers["Location"])

    def refused(self, page: str, action: str, status: int, **fields: str) -> str:
        """Send a form of a page that is refused with this status, and read why."""
        reply = self.post(action, self.token(page, action) | fields, {"origin": ORIGIN})
        assert reply.status == status, (reply.status, reply.body)
        return _Text(str(reply.body)).read()

    def token(self, page: str, action: str) -> dict[str, str]:
        """The hidden fields of the form that is posted to this address."""
        forms = re.findall(
            r"<form[^>]*method=\"post\"[^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", self.get(page), re.DOTALL
        )
        inside = next(content for found, content in forms if html.unescape(found) == action)
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', inside))

    def post(self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Reply:
        sent = {"content-type": "application/x-www-form-urlencoded"} | (headers or {})
        return self.send("POST", path, urlencode(fields).encode(), sent)

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = ({"cookie": cookie} if cookie else {}) | (headers or {})
        reply = self.graph.tenant.send(method, ORIGIN + path, body, headers=sent)
        self._keep(reply.headers.get("Set-Cookie", ""))
        return reply

    def _keep(self, header: str) -> None:
        pair, _, attributes = header.partition(";")
        name, _, value = pair.partition("=")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        elif name:
            assert "HttpOnly" in attributes
            assert "SameSite=" in attributes
            self.cookies[name] = value


class _Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._skipping = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipping = tag in ("style", "title")
        self._parts.append(" " if tag in ("td", "th", "li", "p", "h1", "h2", "h3", "dd", "dt", "span", "tr") else "")

    def handle_endtag(self, tag: str) -> None:
        self._skipping = False

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._parts.append(data)

    def read(self) -> str:
        return " ".join("".join(self._parts).split())
