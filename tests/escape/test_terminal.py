from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.escape.terminal import indented, kept, line, quoted, screen, table, visible
from tests.escape.names import HOSTILE, LEGIBLE
from tests.escape.readers import commands, letters, unprintable

NAMES = st.text(max_size=300) | st.sampled_from([*HOSTILE.values(), *LEGIBLE])


@given(NAMES)
def test_one_line_that_commands_nothing(name: str) -> None:
    shown = line(name)
    assert not unprintable(shown)
    assert "\n" not in shown
    assert shown == " ".join(shown.split())
    assert line(shown) == shown


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=600))
def test_letters_digits_and_signs_are_all_there(name: str) -> None:
    assert line(name) == name


@pytest.mark.parametrize("name", LEGIBLE)
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert line(name) == kept(name) == indented(name) == screen(name) == name


@given(st.lists(NAMES, max_size=5).map("\n".join))
def test_several_lines_keep_their_places_and_command_neither_terminal_nor_pipeline(text: str) -> None:
    shown = screen(text)
    assert not unprintable(shown) - {"\t"}
    assert shown.count("\n") == text.count("\n")
    assert not commands(shown)
    assert letters(shown) == letters("".join(map(line, text.split("\n"))))


@given(NAMES)
def test_a_message_about_a_text_shows_its_codes(name: str) -> None:
    assert not unprintable(visible(name))
    assert "\n" not in visible(name)
    assert quoted(name).replace("\u200c", "\\u200c").replace("\u200d", "\\u200d") == repr(name)


def test_blanks_that_put_things_below_each_other_are_kept() -> None:
    assert kept("  a   b\n\tc\n\n") == "  a   b\n\tc\n\n"
    assert kept("  \x1b[1ma   b\x1b[0m\n") == "  [1ma   b [0m\n"


def test_no_letter_has_more_marks_than_a_language_gives_it() -> None:
    assert line("Z" + "\u0300" * 40 + "a") == "Z" + "\u0300" * 8 + "a"
    assert line("Z" + "\u0300\u200d" * 40 + "a").count("\u0300") == 8


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=4))
def test_a_table_has_a_line_for_each_row_and_columns_that_align(rows: list[tuple[str, str]]) -> None:
    shown = table(("A", "B"), rows)
    assert not unprintable(shown)
    assert shown.count("\n") == len(rows)


def test_a_table_reads_no_markup() -> None:
    assert table(("Name", "Id"), [("team [/b] [red]x :tada:", "1"), ("  李", "2")]) == (
        "Name                     Id\nteam [/b] [red]x :tada:  1\n  李                     2"
    )
    assert table((), [("a", "b")]) == "a  b"
    assert table((), []) == ""


def test_a_table_that_is_wider_than_the_terminal_has_a_line_for_each_cell() -> None:
    rows = [("Ada", "a" * 30, "member of one group and of another one"), ("Bob", "", "x")]
    assert table(("Name", "Id", "Through"), rows, 80) == table(("Name", "Id", "Through"), rows)
    assert table(("Name", "Id", "Through"), rows, 40) == (
        "Name     Ada\n"
        f"Id       {'a' * 30}\n"
        "Through  member of one group and of\n"
        "         another one\n"
        "\n"
        "Name     Bob\n"
        "Through  x"
    )
    assert (
        table((), [("gains", "Admin", "a group with a long name")], 30) == "gains  Admin  a group with a\n  long name"
    )
