"""Tables that a run of the tests fills cell by cell: printed at its end, and kept in docs/.

A test module declares its table and puts a text into a cell before it asserts anything about it. A run that fills every
cell fails where the page in docs/ says something else; `make docs-airflow` (pytest tests/airflow --write-tables) writes
the pages. A run of a part of the tests prints what it has, and compares nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
VERSIONS = ("3.3.2", "2.11.2")
"""Columns, by the full version: `Site.running.home.version`."""


@dataclass(frozen=True)
class Table:
    """One page. `file` is its name in docs/, `about` Markdown above the table, `corner` the head of the first column.

    `rows` and `columns` are all there are, in order; `put` raises KeyError for another.
    """

    file: str
    title: str
    about: str
    corner: str
    rows: Sequence[str]
    columns: Sequence[str] = VERSIONS
    cells: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        TABLES[self.file] = self

    @property
    def path(self) -> Path:
        return DOCS / self.file

    def put(self, row: str, column: str, text: str) -> None:
        if row not in self.rows or column not in self.columns:
            raise KeyError(f"{self.file} has no cell {row!r}, {column!r}")
        self.cells[row, column] = " ".join(text.split())

    def is_complete(self) -> bool:
        return len(self.cells) == len(self.rows) * len(self.columns)

    def lines(self) -> list[str]:
        """The table in Markdown: the rows that have a cell."""
        rows = [row for row in self.rows if any((row, column) in self.cells for column in self.columns)]
        filled = [[row, *(self.cells.get((row, column), "") for column in self.columns)] for row in rows]
        return [_line([self.corner, *self.columns]), _line(["---"] * (len(self.columns) + 1)), *map(_line, filled)]

    def page(self) -> str:
        notice = "Written by `make docs-airflow` from what the tests see; a full run of the tests fails if it differs."
        return "\n".join([f"# {self.title}", "", self.about, "", notice, "", *self.lines(), ""])

    def difference(self) -> str | None:
        """What is wrong with the page in docs/, if this run knows."""
        if not self.is_complete():
            return None
        kept = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        wrong = sorted(set(self.page().splitlines()) ^ set(kept.splitlines()))
        if kept == self.page():
            return None
        return f"docs/{self.file} differs from what this run saw; `make docs-airflow` writes it:\n" + "\n".join(wrong)

    def write(self) -> bool:
        """Write the page; whether it could be, because every cell is there."""
        if self.is_complete():
            self.path.write_text(self.page(), encoding="utf-8")
        return self.is_complete()


TABLES: dict[str, Table] = {}
"""By file: every table that a collected module declares."""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape(cell, quote=False).replace("|", "\\|") for cell in cells) + " |"
