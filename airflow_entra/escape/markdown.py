"""Foreign text in Markdown as GitHub and Azure DevOps show it: it reads as it is, and nothing comes of it.

Markdown's own marks are escaped. What the hosts find in the finished page all the same (addresses, mentions, numbers of
issues, commits and work items, names of emoji, formulas) they leave alone in code: a word with any of it stands as
code. No HTML is written, and no character that isn't in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NewType

from airflow_entra.escape.terminal import kept, line

Md = NewType("Md", str)
"""Finished Markdown for the middle of a line; a `str` is not, and mypy tells them apart."""

_MARKS = re.compile(r"[\\|`*\[\]~]|^#|(?<![^\W_])_|_(?![^\W_])")
_BEGINS_A_BLOCK = re.compile(r"(?=[-+=:]+$|>)|(\d{1,9})(?=[.)]$)")
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
# https://learn.microsoft.com/azure/devops/project/wiki/markdown-guidance
_READ_BY_HOSTS = re.compile(
    r"://|www\.|@|[#!]\d|GH-\d|\$|:(?!\d\d:)[\w+-]+:|(?<![\w-])[0-9a-f]{7,64}(?![\w-])|##", re.IGNORECASE
)
_TICKS = re.compile("`+")


def text(said: str) -> Md:
    """`said` in a sentence, a heading, a list or a cell of a table; on one line."""
    words = line(said).split(" ")
    first, *others = map(_word, words)
    return Md(" ".join([_harmless_start(first), *others]))


def code(said: str) -> Md:
    """`said` as code, on one line; in a table as well."""
    return Md("\\|".join(_span(part) for part in line(said).split("|")))


def fence_for(lines: Iterable[str]) -> str:
    """Backticks enough that nothing in these lines closes the fence."""
    longest = max((len(ticks) for said in lines for ticks in _TICKS.findall(said)), default=0)
    return "`" * max(3, longest + 1)


def fenced(lines: Sequence[str], language: str) -> list[str]:
    """The lines as a block that shows them as they are."""
    shown = [part for said in lines for part in kept(said).split("\n")]
    fence = fence_for(shown)
    return [f"{fence}{language}", *shown, fence]


def table(columns: Sequence[str], rows: Iterable[Sequence[Md]]) -> list[str]:
    """The lines of a table. Its columns' names are ours."""
    head = "".join(f" {name} |" if name else " |" for name in columns)
    return [f"|{head}", "|---" * len(columns) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


def _word(word: str) -> str:
    if not _READ_BY_HOSTS.search(word):
        return _MARKS.sub(r"\\\g<0>", word).replace("&", "&amp;").replace("<", "&lt;")
    return "\\|".join(map(_span, word.split("|")))  # no table splits a row there, and outside of one it is a bar too


def _span(content: str) -> str:
    if not content:
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(content)), default=0) + 1)
    room = " " if content[0] in "` " or content[-1] in "` " else ""
    return f"{ticks}{room}{content}{room}{ticks}" if content.strip() else content


def _harmless_start(word: str) -> str:
    """The first word so that it begins no list, and makes no heading or table of the line before it."""
    found = _BEGINS_A_BLOCK.match(word)
    return f"{found[1] or ''}\\{word[found.end() :]}" if found else word
