"""The pages in docs/ say what this run saw. Runs last; `make docs-airflow` writes them."""

from __future__ import annotations

import pytest

from tests.airflow.tables import TABLES


@pytest.mark.parametrize("file", ["airflow-rights.md", "airflow-stock.md", "airflow-wrong-tokens.md"])
def test_a_page_says_what_was_seen(request: pytest.FixtureRequest, file: str) -> None:
    table = TABLES.get(file)
    if table is None or not table.is_complete():
        pytest.skip("this run filled a part of the page alone")
    if request.config.getoption("--write-tables"):
        assert table.write()
    assert table.difference() is None
