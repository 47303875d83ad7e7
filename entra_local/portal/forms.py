"""Forms that only these pages can send: a token bound to the browser's cookie, the Origin, and what was done."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import cookie_parser

from entra_local.portal.exceptions import PortalError
from entra_local.wire import Call

BROWSER = "portal_browser"
SAID = "portal_said"
_FIELD = "csrf"
_OWN_HOST = re.compile(r"(localhost|127\.0\.0\.1)(:\d{1,5})?")
_KEY = secrets.token_bytes(32)  # as old as the process: a page from before a restart has to be loaded again
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"
_MOST_FIELDS = 50


class Browser:
    """What a request's cookies say about who sends it."""

    def __init__(self, call: Call) -> None:
        cookies = cookie_parser(call.headers.get("cookie", ""))
        known = cookies.get(BROWSER, "")
        self.is_new = not re.fullmatch(r"[\w-]{43}", known, re.ASCII)
        self.id = secrets.token_urlsafe(32) if self.is_new else known
        self.said = _unsigned(cookies.get(SAID, ""))

    @property
    def token(self) -> str:
        """What a form of this browser must bring."""
        return _signature(f"form {self.id}")

    def cookies(self) -> dict[str, str]:
        """The header of a page: a new browser gets its cookie, a message is shown once."""
        if self.is_new:
            return {"Set-Cookie": f"{BROWSER}={self.id}; {_ATTRIBUTES}"}
        return {"Set-Cookie": f"{SAID}=; Max-Age=0; {_ATTRIBUTES}"} if self.said else {}


def check_host(call: Call) -> None:
    """Only this machine's own names: a name that leads here by DNS is somebody else's page. Raises PortalError."""
    if not _OWN_HOST.fullmatch(call.host):
        raise PortalError(421, "This page is served at localhost only.")


def check_form(call: Call) -> None:
    """Whether the form was sent by a page of this portal to this browser. Raises PortalError."""
    if "origin" in call.headers and call.headers["origin"] not in (f"http://{call.host}", f"https://{call.host}"):
        raise PortalError(403, "The form was sent by a page of another site. Nothing was changed.")
    if call.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise PortalError(403, "The form was sent by a page of another site. Nothing was changed.")
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise PortalError(415, "A form is sent as application/x-www-form-urlencoded.")
    browser = Browser(call)
    token = fields(call).get(_FIELD, "")
    if browser.is_new or not hmac.compare_digest(token.encode(), browser.token.encode()):
        raise PortalError(403, "The form is of an older page. Go back, load the page again and send it once more.")


def fields(call: Call) -> Mapping[str, str]:
    """A form's fields; spaces around a value are nobody's intention, but in a password. Raises PortalError."""
    try:
        pairs = parse_qsl(call.body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise PortalError(400, "The form can't be read.") from error
    return {name: value if name == "password" else value.strip() for name, value in pairs}


def said(message: str) -> dict[str, str]:
    """The cookie that carries what was done to the next page. Signed: nobody else puts words there."""
    text = base64.urlsafe_b64encode(message[:1000].encode()).decode()
    return {"Set-Cookie": f"{SAID}={text}.{_signature(text)}; Max-Age=60; {_ATTRIBUTES}"}


def _unsigned(cookie: str) -> str:
    text, _, signature = cookie.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(text).encode()):
        return ""
    return base64.urlsafe_b64decode(text).decode()


def _signature(text: str) -> str:
    return hmac.new(_KEY, text.encode(), hashlib.sha256).hexdigest()
