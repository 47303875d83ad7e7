"""What the endpoints share: reading forms and cookies, and headers that keep answers out of caches."""

import string
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote

from entra_local.wire import Call, Reply

NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}


def form_of(call: Call) -> dict[str, str]:
    """The fields of an urlencoded body; of several with one name the first that is filled in.

    The page's buttons stand before its text field of the same name, which the browser sends too.
    """
    fields: dict[str, str] = {}
    for name, value in parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True):
        fields[name] = fields.get(name) or value
    return fields


def parameters_of(call: Call) -> Mapping[str, str]:
    """The parameters of an endpoint that takes both GET and POST."""
    return form_of(call) if call.method == "POST" else call.query


def ascii_uri(uri: str) -> str:
    """A URI as a header can carry it: what is not ASCII, and spaces, percent-encoded."""
    return quote(uri, safe=string.punctuation)


def cookie(call: Call, name: str) -> str | None:
    """The value of a cookie that the browser sent."""
    # Not http.cookies: on localhost there are other programs' cookies too, and one that it can't read hides the rest.
    for part in call.headers.get("cookie", "").split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return None


def set_cookie(call: Call, tenant: str, name: str, value: str) -> dict[str, str]:
    """The header that sets a cookie for one tenant's addresses; an empty value takes it away."""
    # On localhost every port shares the cookies: the path at least keeps them from the applications there.
    parts = [f"{name}={value}", f"Path=/{tenant}", "HttpOnly", "SameSite=Lax"]
    if not call.at_loopback:
        parts.append("Secure")
    if not value:
        parts.append("Max-Age=0")
    return {"Set-Cookie": "; ".join(parts)}


def with_headers(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """A reply with more headers."""
    return replace(reply, headers={**reply.headers, **headers})
