"""What a process saw, and doesn't unlearn from rows that are put back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth.fab import seen
from airflow_entra_auth.fab.seen import Seen


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=30))
def test_a_row_is_older_where_a_newer_one_of_that_person_was_seen(rows: list[tuple[str, int]]) -> None:
    process = Seen()
    newest: dict[str, int] = {}
    for person, updated_at in rows:
        assert process.is_older("t", person, updated_at) == (updated_at < newest.get(person, 0))
        newest[person] = max(updated_at, newest.get(person, 0))


def test_a_session_that_ended_stays_ended() -> None:
    process = Seen()
    assert not process.has_ended("s")
    process.end("s")
    process.end("s")
    assert process.has_ended("s")
    assert not process.has_ended("t")


def test_there_is_an_end_to_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_MOST", 3)
    process = Seen()
    for number in range(5):
        process.end(f"{number}")
        process.is_older("t", f"{number}", 9)
    assert [process.has_ended(f"{number}") for number in range(5)] == [False, False, True, True, True]
    assert [process.is_older("t", f"{number}", 8) for number in (4, 3, 2)] == [True, True, True]
    assert not process.is_older("t", "0", 8)
