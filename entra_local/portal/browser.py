"""What a browser's cookies say: which browser sends a request, and what was done by its last one."""

import base64
import hashlib
import hmac
import re
import secrets

from starlette.requests import cookie_parser

from entra_local.wire import Call

BROWSER = "portal_browser"
SAID = "portal_said"
_KEY = secrets.token_bytes(32)  # as old as the process: a page from before a restart has to be loaded again
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"


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
