"""The picture of the rooms is drawn from the code, and fresh."""

from __future__ import annotations

from graphlib import CycleError

import pytest

from tests.papers.rooms import PAGE, arrows, reduced, with_rooms

pytestmark = pytest.mark.slow


def test_the_page_shows_the_rooms_as_they_are() -> None:
    page = PAGE.read_text("utf-8")
    assert page == with_rooms(page), "make docs"


def test_an_arrow_that_follows_from_others_is_not_drawn() -> None:
    rooms = {"a": frozenset("bcd"), "b": frozenset("cd"), "c": frozenset("d"), "d": frozenset[str]()}
    assert reduced(rooms) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": frozenset()}


def test_two_ways_to_a_room_are_both_drawn() -> None:
    rooms = {"a": frozenset("bc"), "b": frozenset("d"), "c": frozenset("d"), "d": frozenset[str]()}
    assert reduced(rooms) == rooms


def test_rooms_that_import_each_other_have_no_picture() -> None:
    with pytest.raises(CycleError):
        reduced({"a": frozenset("b"), "b": frozenset("a")})


def test_the_program_is_in_it() -> None:
    rooms = arrows()
    assert "airflow_entra.components" in rooms["__main__"]
    assert not any(room in others for room, others in rooms.items())
