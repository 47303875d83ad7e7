"""The page of permissions is made from the table."""

from __future__ import annotations

from pathlib import Path

from tests.access.permissions_page import page


def test_the_page_is_fresh() -> None:
    assert (Path(__file__).parents[2] / "docs" / "permissions.md").read_text("utf-8") == page(), "make docs"
