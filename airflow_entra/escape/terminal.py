"""Foreign text on a terminal, and in the log of a CI system, which is read for commands as well."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from airflow_entra.escape.workflow import without_commands
from airflow_entra_auth.claims import NAME_LENGTH, display

_MOST_MARKS = 8
_DEEPEST = 40
_JOINERS = "\u200c\u200d"
_LINE_ENDS = re.compile(r"[\t\n]")
_NO_BLANKS = re.compile(r"[^ \t\n]+")


def line(text: str) -> str:
    """`text` on one line, as `display` shows names, but all of it, however long."""
    return " ".join(filter(None, map(_word, text.split())))


def indented(text: str) -> str:
    """`text` on one line that keeps its place below the line before it."""
    return " " * min(len(text) - len(text.lstrip(" ")), _DEEPEST) + line(text)


def kept(text: str) -> str:
    """Text of several lines with its blanks, tabs and line ends, and without anything else that moves a cursor."""
    return text if _plain(text.replace("\n", "").replace("\t", "")) else _NO_BLANKS.sub(_run, text)


def row(text: str) -> str:
    """`text` on one line with its blanks: for what has columns already, and for names that must come back."""
    return _LINE_ENDS.sub(" ", kept(text))


def screen(text: str) -> str:
    """All that is printed at once: the last net, below the functions that the reports use for each value."""
    return without_commands(kept(text))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None) -> str:
    """Columns of foreign text; `columns` are their names, empty for none.

    Nothing is cut, as ids and addresses are there to be copied: a table that is wider than `width` has a line for each
    cell in place of a column.
    """
    from rich.cells import cell_len  # only where there is a table

    shown = [tuple(columns)] if columns else []
    shown += [tuple(map(indented, row)) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    if width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        return "\n\n".join(_stacked(shown[0], row, width) for row in shown[1:]) if columns else _run_on(shown, width)
    return "\n".join(
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )


def _stacked(columns: Sequence[str], row: Sequence[str], width: int) -> str:
    """The cells of a row below each other, each after its column's name."""
    label = max(map(len, columns))
    cells = ((f"{name:<{label}}  ", cell) for name, cell in zip(columns, row, strict=True) if cell.strip())
    return "\n".join(folded(name, cell.strip(), width) for name, cell in cells)


def _run_on(rows: Iterable[Sequence[str]], width: int) -> str:
    return "\n".join(folded("", "  ".join(filter(None, row)), width) for row in rows)


def folded(label: str, text: str, width: int | None) -> str:
    """`text` behind its label, in lines of `width` if that is said; words, ids and addresses stay whole."""
    if width is None or len(label) + len(text) <= width:
        return label + text
    return textwrap.fill(
        text,
        max(width, 2 * len(label)),
        initial_indent=label,
        subsequent_indent=" " * max(len(label), 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def visible(text: str) -> str:
    """`text` with the code of whatever would command the terminal in its place, for messages about that very text."""
    return text if text.isprintable() else "".join(map(_code, text))


def quoted(text: str) -> str:
    """`text` in quotes as Python writes it, but that letters are joined as Persian, Hindi and emoji join them."""
    mark = '"' if "'" in text and '"' not in text else "'"
    return mark + visible(text.replace("\\", "\\\\").replace(mark, f"\\{mark}")) + mark


def _code(character: str) -> str:
    return character if character.isprintable() or character in _JOINERS else ascii(character)[1:-1]


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _run(found: re.Match[str]) -> str:
    return _word(found.group())


def _word(text: str) -> str:
    if _plain(text):
        return text
    chunks = (text[at : at + NAME_LENGTH] for at in range(0, len(text), NAME_LENGTH))
    return _few_marks("".join(map(display, chunks)))


def _few_marks(text: str) -> str:
    """At most 8 marks on one letter: more would cover the lines around it, and no language writes so many."""
    marks = 0
    found = []
    for character in text:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind.startswith("M") else marks if kind == "Cf" else 0
        if marks <= _MOST_MARKS:
            found.append(character)
    return "".join(found)
