"""Photographs the reports as a browser shows them, light and dark: `make docs-pictures`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from airflow_entra.access import DeclaredStack
from airflow_entra.access.explain import explain_groups
from airflow_entra.access.picture import picture
from airflow_entra.report import diff, explain, graph_svg, preview_markdown
from airflow_entra.settings import load
from tests.report.preview_example import STACKS, example

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SCHEMES = ("light", "dark")
_STYLE = Path(__file__).with_name("pictures.css")
_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def reports() -> Mapping[str, str]:
    """The body of a page of HTML, by the picture's name."""
    shown = example()
    settings = load(STACKS / "Pulumi.prod.yaml")
    assert shown.compared is not None
    return {
        "preview": _READER.render(preview_markdown.render(shown)),
        "diff": _READER.render(diff.render(shown.compared, "markdown")),
        "explain": _READER.render(
            explain.render(
                [explain_groups(DeclaredStack("prod", settings), ("airflow-prod-finance",))],
                "markdown",
            )
        ),
        "graph": graph_svg.svg([picture(DeclaredStack("prod", settings))]),
    }


def photograph(browser: Browser, folder: Path) -> None:
    """One picture for each report and colour scheme, as <report>-<scheme>.png."""
    for name, body in reports().items():
        html = f"<!doctype html><meta charset=utf-8><style>{_STYLE.read_text('utf-8')}</style><main>{body}</main>"
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": 860, "height": 100}, color_scheme="dark" if scheme == "dark" else "light"
            )
            page = context.new_page()
            page.set_content(html)
            page.locator("main").screenshot(path=folder / f"{name}-{scheme}.png")
            context.close()


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    from tests.chromium import chromium

    with chromium() as browser:
        photograph(browser, PICTURES)
    sys.stdout.write("".join(f"{file} {file.stat().st_size // 1000} kB\n" for file in sorted(PICTURES.glob("*.png"))))
