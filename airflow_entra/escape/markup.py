"""Foreign text in SVG and in pages of HTML."""

from __future__ import annotations

from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined

from airflow_entra.escape.terminal import kept, line


def xml(text: str) -> str:
    """`text` as the content of an element or of an attribute in quotes; without what XML has no way to write."""
    return escape(kept(text))


def pages(package: str) -> Environment:
    """Templates of HTML in `package`. Whatever is put into one is text on one line, unless a template is."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=lambda value: line(value) if type(value) is str else value,
    )
