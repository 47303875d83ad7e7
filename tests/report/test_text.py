"""Foreign text in Markdown: it reads as it is, and nothing comes of it, by Markdown's rules or GitHub's own."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from airflow_entra.report.text import cell

_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
# and the autolink extension of https://github.github.com/gfm: each finds its like in one run of text of the page.
_GITHUB = re.compile(
    r"(?<!\w)@[a-z0-9]|#\d|\bGH-\d|(?:https?|ftp)://|\bwww\.|[\w.+-]@[\w-]|:[\w+-]+:|\$[^$]+\$", re.IGNORECASE
)
_MARKS = ["@", "#", "$", "_", "*", "`", "|", "[", "](", ")", "!", "~~", "\\", "<!--", "-->", "<b>", "&lt;", "&#64;"]
_WORDS = [
    "org/team",
    "#12",
    "GH-7",
    "https://",
    "www.",
    "x.test",
    ":smile:",
    ":+1:",
    "a@b.test",
    "mailto:",
    "é",
    " ",
    "\n",
]
_PIECES = st.sampled_from([*_MARKS, *_WORDS])
_TEXTS = st.lists(_PIECES, min_size=1, max_size=8).map("".join) | st.text(min_size=1, max_size=20)


class Page(HTMLParser):
    """The runs of text of a page and its elements, as what GitHub runs over it finds them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.runs = [""]
        self.elements: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)
        self.runs.append("")

    def handle_endtag(self, tag: str) -> None:
        self.runs.append("")

    def handle_comment(self, data: str) -> None:
        self.runs.append("")

    def handle_data(self, data: str) -> None:
        self.runs[-1] += data


def rendered(text: str) -> Page:
    return Page(_READER.render(f"| A | B |\n|---|---|\n| {cell(text)} | end |\n").partition("<tbody>")[2])


@given(_TEXTS)
@example("@org/team")
@example("GH-1#2 https://www.x.test/:smile:")
@example("$a$ and `$b$`")
@example("\\@team \\#1 \\:tada:")
def test_foreign_text_reads_as_it_is_and_does_nothing(text: str) -> None:
    text = text.replace("\0", "")
    page = rendered(text)
    shown = "".join(page.runs).replace("\u200b", "").split()
    assert shown == [*text.replace("\u200b", "").split(), "end"]
    assert set(page.elements) <= {"tr", "td", "span"}
    for run in page.runs:
        assert not _GITHUB.search(run), run


@pytest.mark.parametrize(
    "text", ["@org/team", "see #12", "https://x.test", ":tada:", "a@b.test", "$x$", "GH-3", "www.x.y"]
)
def test_each_of_them_would_have_had_an_effect(text: str) -> None:
    assert _GITHUB.search(text)


def test_ordinary_names_are_written_as_they_are() -> None:
    for name in ("airflow-prod-admins", "Data & Analytics".replace("&", "and"), "9e6e5e3a-533d-5916-9361-192d95b35083"):
        assert cell(name) == name
