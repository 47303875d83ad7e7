"""What several reports need: tables of plain text, and text that is harmless in a Markdown table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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


_ESCAPED = str.maketrans(
    {character: "\\" + character for character in "\\|`*_[]!~"} | {"&": "&amp;", "<": "&lt;", "$": "<span>$</span>"}
)
# What GitHub makes of plain text, after Markdown's escapes are gone: links of addresses, issues and mail, and emoji.
_LINKED = re.compile(r":(?=//)|\bwww(?=\.)|(?<=\w)@(?=[\w\\])|#(?=\d)|\bGH(?=-\d)|:(?=(?:[\w+-]|\\_)+:)", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@(?=[\w\\])")


def cell(text: str) -> str:
    """Foreign text as one cell of a Markdown table, without effect as Markdown or HTML, and nobody is notified by it.

    What GitHub would link is parted by an empty comment, which no reader sees or copies. A mention is parted by a space
    without width: it stays parted where somebody answers by mail, which quotes the text alone.
    """
    text = _LINKED.sub(r"\g<0><!-- -->", " ".join(text.split()).translate(_ESCAPED))
    return _MENTION.sub("@&#8203;", text)


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; every cell is written already (see `cell`)."""
    head = "".join(f" {name} |" if name else " |" for name in columns)
    return [f"|{head}", "|---" * len(columns) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


def whole(text: str) -> str:
    """`text` as `display` shows names, on one line and without effect on a terminal, but all of it, however long."""
    chunks = (word[at : at + NAME_LENGTH] for word in text.split() for at in range(0, len(word), NAME_LENGTH))
    return " ".join(map(display, chunks))
