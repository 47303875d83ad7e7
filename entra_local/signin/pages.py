"""The pages of the sign-in host: rendered here, and locked down by their headers."""

import re
import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from entra_local.signin.exceptions import SignInError
from entra_local.signin.responses.common import NO_STORE
from entra_local.wire import JsonObject, Reply

if TYPE_CHECKING:
    from jinja2 import Environment

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9.:_\[\]-]+")


def sign_in(
    tenant: JsonObject,
    *,
    action: str,
    application: str,
    redirect_uri: str,
    ticket: str,
    accounts: Sequence[JsonObject],
    name: str,
    password: bool,
    error: SignInError | None,
    correlation_id: str,
) -> Reply:
    """Pick or type an account; with `password`, give the password of the account `name`."""
    return _page(
        "sign_in.html",
        200,
        # A browser holds `form-action` against the redirect that answers the form, too.
        form_action=f"'self' {_origin(redirect_uri)}",
        tenant=tenant,
        action=action,
        application=application,
        ticket=ticket,
        accounts=accounts,
        name=name,
        password=password,
        error=error,
        correlation_id=correlation_id,
    )


def refusal(tenant: JsonObject | None, error: SignInError, correlation_id: str = "") -> Reply:
    """A dead end: what is wrong with the request that led here."""
    return _page("refusal.html", error.status, tenant=tenant, error=error, correlation_id=correlation_id)


def signed_out(tenant: JsonObject, frames: Sequence[str], onward: str | None) -> Reply:
    """The end of a session: hidden frames tell the applications, then the browser goes `onward`."""
    origins = sorted({_origin(frame) for frame in frames})
    return _page(
        "signed_out.html",
        200,
        frame_source=" ".join(origins),
        script=onward is not None,
        tenant=tenant,
        frames=frames,
        onward=onward,
    )


def form_post(redirect_uri: str, answer: Mapping[str, str]) -> Reply:
    """A form that sends an answer to the application by itself, or at a press of its button."""
    return _page(
        "form_post.html",
        200,
        form_action=_origin(redirect_uri),
        script=True,
        redirect_uri=redirect_uri,
        answer=answer,
    )


def _page(
    template: str,
    status: int,
    *,
    form_action: str = "'none'",
    frame_source: str = "",
    script: bool = False,
    **values: Any,
) -> Reply:
    nonce = secrets.token_urlsafe(16)
    content = _environment().get_template(template).render(nonce=nonce, **values)
    policy = [
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        f"form-action {form_action}",
    ]
    if script:
        policy.append(f"script-src 'nonce-{nonce}'")
    if frame_source:
        policy.append(f"frame-src {frame_source}")
    headers = {
        **NO_STORE,
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return Reply(status, content, headers, "text/html; charset=utf-8")


@cache
def _environment() -> "Environment":
    # Imported with the first page: a tenant that only programs use need not hold it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _origin(uri: str) -> str:
    """A URI's origin as a policy names it; nothing that would add a directive of its own."""
    parts = urlsplit(uri)
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin if _ORIGIN.fullmatch(origin) else "'none'"
