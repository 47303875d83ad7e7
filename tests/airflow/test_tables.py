"""A page in docs/ says what the tests saw, or the run fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow import tables
from tests.airflow.tables import Table


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    monkeypatch.setattr(tables, "TABLES", {})
    return Table("page.md", "A page", "About it.", "What", ("one", "two"), ("3", "2"))


def _fill(table: Table, text: str) -> None:
    for row in table.rows:
        for column in table.columns:
            table.put(row, column, text)


def test_a_page_that_says_something_else_is_told(table: Table) -> None:
    _fill(table, "refused")
    assert "page.md differs" in (table.difference() or ""), "there is none yet"
    assert table.write()
    assert table.difference() is None
    table.put("two", "2", "ACCEPTED")
    assert "ACCEPTED" in (table.difference() or "")


def test_a_run_of_a_part_of_the_tests_compares_and_writes_nothing(table: Table) -> None:
    table.put("two", "3", "refused")
    assert table.difference() is None
    assert not table.write()
    assert not table.path.exists()
    assert [line.split(" | ")[0] for line in table.lines()[2:]] == ["| two"]


def test_a_cell_that_was_not_declared_is_a_mistake(table: Table) -> None:
    for row, column in (("three", "2"), ("one", "4")):
        with pytest.raises(KeyError, match=row):
            table.put(row, column, "refused")


def test_a_text_breaks_no_table(table: Table) -> None:
    table.put("one", "3", "a | b\n<script>")
    assert table.lines()[2] == "| one | a \\| b &lt;script&gt; |  |"
