"""Foreign text in Markdown: it reads as it is, and nothing comes of it, by Markdown's rules or the hosts' own."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_entra.escape.markdown import code, fenced, table, text
from airflow_entra.escape.terminal import line
from tests.escape.names import HOSTILE, LEGIBLE
from tests.escape.readers import letters, markdown

_MARKS = [
    "@",
    "#",
    "$",
    "_",
    "*",
    "`",
    "``",
    "|",
    "[",
    "](",
    ")",
    "!",
    "~~",
    "\\",
    "<!--",
    "-->",
    "<b>",
    "&lt;",
    "&#64;",
]
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
_STARTS = ["-", "+", "=", "1.", ">", ":", "---", "a5c3785", "##vso[", "::"]
_PIECES = st.sampled_from([*_MARKS, *_WORDS, *_STARTS])
TEXTS = st.lists(_PIECES, min_size=1, max_size=8).map("".join) | st.text(min_size=1, max_size=20)
TEXTS = TEXTS | st.sampled_from([*HOSTILE.values(), *LEGIBLE])


@given(TEXTS)
@example("`")
@example("\\@team \\#1 \\:tada:")
@example("https://x|`y`")
def test_in_a_sentence_a_heading_a_list_and_a_table_it_is_text(name: str) -> None:
    shown = text(name)
    rows = "\n".join(table(("A", "B"), [(text(name), text("end"))]))
    page = markdown(f"{shown}\n\n### {shown}\n\n- {shown}\n\n{rows}\n\n{shown}\n{shown}\n")
    assert page.elements <= {"p", "h3", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert page.cells() == [2, 2]
    expected = letters(line(name))
    assert letters(page.text) == expected * 3 + "AB" + expected + "end" + expected * 2
    assert not page.read_by_hosts()


@given(TEXTS)
def test_as_code_it_is_text(name: str) -> None:
    shown = code(name)
    page = markdown(f"{shown} in\n\n### {shown}\n\n" + "\n".join(table(("A", "B"), [(shown, text("end"))])))
    assert page.elements <= {"p", "h3", "table", "thead", "tbody", "tr", "th", "td", "code"}
    expected = letters(line(name))
    assert letters(page.text) == expected + "in" + expected + "AB" + expected + "end"
    assert page.cells() == [2, 2]


@given(st.lists(TEXTS, max_size=4))
def test_nothing_ends_a_fence(lines: list[str]) -> None:
    page = markdown("\n".join([*fenced(lines, "text"), "", "after"]))
    assert page.elements <= {"pre", "code", "p"}
    block = page.soup.find("pre")
    assert block is not None
    assert letters(block.get_text()) == letters("".join(line(row) for said in lines for row in said.split("\n")))


@pytest.mark.parametrize("name", LEGIBLE)
def test_ordinary_names_read_as_they_are(name: str) -> None:
    assert markdown(text(name)).soup.get_text().strip() == name
    assert "`" not in text(name)


def test_they_are_written_as_they_are_where_nothing_has_to_be_escaped() -> None:
    for name in ("airflow-prod-admins", "Data, Analytics", "9e6e5e3a-533d-5916-9361-192d95b35083", "3.3", "12:30:45"):
        assert text(name) == name


def test_what_a_host_reads_something_into_stands_as_code_and_the_words_around_it_do_not() -> None:
    assert (
        text("see https://x.test/a|b and @org/team, please") == "see `https://x.test/a`\\|`b` and `@org/team,` please"
    )
    assert text("`@x`") == "`` `@x` ``"
