"""What several reports need: tables of plain text, and text that is harmless in a Markdown table."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table

_WIDER_THAN_ANY_ROW = 1000


def aligned(table: Table) -> str:
    """The table as text, never cut or folded: ids and addresses are there to be copied."""
    console = Console(file=StringIO(), width=_WIDER_THAN_ANY_ROW, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def cell(text: str) -> str:
    """Foreign text as one cell of a Markdown table, without effect as Markdown or HTML."""
    for character, written in (("&", "&amp;"), ("<", "&lt;"), ("\\", "\\\\"), ("|", "\\|"), ("`", "\\`"), ("*", "\\*")):
        text = text.replace(character, written)
    for character in "_[]!":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())
