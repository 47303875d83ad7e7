"""The few pages of our own: why somebody may not come in, and that they are signed out. No scripts, no secrets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from flask import Response
from jinja2 import Environment, Template


def page(
    title: str,
    message: str,
    *,
    links: Iterable[tuple[str, str]] = (),
    reference: str | None = None,
    status: int = 200,
) -> Response:
    """An answer with plain texts, which are escaped. `reference` names the entry in Airflow's log."""
    html = _template().render(title=title, message=message, links=list(links), reference=reference)
    response = Response(html, status=status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"  # its URL holds what came from Entra
    return response


@lru_cache(maxsize=1)
def _template() -> Template:
    source = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(source)
