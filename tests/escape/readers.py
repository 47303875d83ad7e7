"""Reads what a writer wrote, as what shows it does: the names that are seen, and all that isn't just text."""

from __future__ import annotations

import csv
import re
from io import StringIO

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# What GitHub and Azure DevOps find in a run of text of the finished page, outside of code.
_HOSTS = re.compile(
    r"(?<!\w)@[a-z0-9]|[#!]\d|\bGH-\d|(?:https?|ftp)://|\bwww\.|[\w.+-]@[\w-]|:(?!\d\d:)[\w+-]+:|\$[^$]+\$"
    r"|(?<![\w-])[0-9a-f]{7,64}(?![\w-])",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"""[ "]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]""")
_COMMAND = re.compile(r"^[^\S\n]*::|##(?:vso)?\[", re.IGNORECASE | re.MULTILINE)


class Page:
    """A page of Markdown or HTML: its text, its elements, and what a host would make of the text."""

    def __init__(self, html: str) -> None:
        self.soup = BeautifulSoup(html, "html.parser")
        self.elements = {found.name for found in self.soup.find_all(True)}
        self.text = " ".join(self.soup.get_text(" ").split())

    def cells(self) -> list[int]:
        """How many cells each row of each table has."""
        return [len(row.find_all(["td", "th"])) for row in self.soup.find_all("tr")]

    def read_by_hosts(self) -> list[str]:
        for code in self.soup.find_all(["code", "pre"]):
            code.extract()
        return [found.group() for run in self.soup.find_all(string=True) for found in _HOSTS.finditer(run)]


def markdown(text: str) -> Page:
    return Page(_MARKDOWN.render(text))


def letters(text: str) -> str:
    """A text without its blanks, those of no width too, to look for a name in it wherever lines were broken."""
    return "".join(text.replace("\u200b", "").split())


def commands(text: str) -> list[str]:
    """What the log of a CI system would take for a command."""
    return [found.group() for found in _COMMAND.finditer(text)]


def unprintable(text: str) -> set[str]:
    """What would move a cursor or turn a line around."""
    return {one for one in text if one not in "\n\u200c\u200d\u200b" and not one.isprintable()}


def formulas(text: str) -> list[str]:
    """The cells that a spreadsheet would calculate, whichever separator its locale has."""
    dialects = [list(csv.reader(StringIO(text), delimiter=delimiter)) for delimiter in ",;"]
    cells = [cell for rows in dialects for row in rows for cell in row]
    return [cell for cell in cells if _FORMULA.match(cell)]
