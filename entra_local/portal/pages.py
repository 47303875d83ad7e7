"""HTML of the pages: templates with every value escaped, no script, one style that the policy knows by its hash."""

import base64
import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from entra_local.azure import NO_ID, SERVED
from entra_local.portal.browser import Browser
from entra_local.wire import Call, Reply

_TEMPLATES = Path(__file__).parent / "templates"


def page(call: Call, template: str, **values: Any) -> Reply:
    """A page with status 200."""
    return _reply(call, 200, template, values)


def error_page(call: Call, status: int, message: str) -> Reply:
    """A page that says what was refused and why."""
    return _reply(call, status, "error.html", {"title": HTTPStatus(status).phrase, "message": message})


def _reply(call: Call, status: int, template: str, values: dict[str, Any]) -> Reply:
    browser = Browser(call)
    text = _environment().get_template(template).render(csrf=browser.token, said=browser.said, **values)
    return Reply(status, text, _headers() | browser.cookies(), "text/html; charset=utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(style=Markup(_style()), tenant=None, here="", served=SERVED, no_id=NO_ID)  # noqa: S704 -- our own file
    return environment


@cache
def _style() -> str:
    return (_TEMPLATES / "style.css").read_text("utf-8")


@cache
def _headers() -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    sources = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:"
    policy = f"{sources}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # with none at all a browser would send `Origin: null` with a form
        "Cache-Control": "no-store",
    }
