"""What several reports need: tables of plain text, and text that is harmless in a Markdown table."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from airflow_entra_auth.claims import NAME_LENGTH, display

if TYPE_CHECKING:
    from rich.table import Table

_WIDER_THAN_ANY_ROW = 1000


def aligned(table: Table) -> str:
    """The table as text, never cut or folded: ids and addresses are there to be copied."""
    from rich.console import Console  # 0.1 s: only where there is a table

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


def whole(text: str) -> str:
    """`text` as `display` shows names, on one line and without effect on a terminal, but all of it, however long."""
    chunks = (word[at : at + NAME_LENGTH] for word in text.split() for at in range(0, len(word), NAME_LENGTH))
    return " ".join(map(display, chunks))
