"""Forms that only these pages can send: a token bound to the browser's cookie, and the Origin."""

import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from entra_local.portal.browser import Browser
from entra_local.portal.exceptions import PortalError
from entra_local.wire import Call

_FIELD = "csrf"
_OWN_HOST = re.compile(r"(localhost|127\.0\.0\.1)(:\d{1,5})?")
_MOST_FIELDS = 50


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
