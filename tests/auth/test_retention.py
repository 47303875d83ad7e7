"""Each table says how long it keeps what it holds, and the page about personal data says the same."""

from __future__ import annotations

from pathlib import Path

from airflow_entra_auth.sessions import KEPT
from airflow_entra_auth.tables import RETENTION, SESSIONS, metadata

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"


def test_every_table_has_one() -> None:
    assert set(RETENTION) == set(metadata.tables)
    assert f"{KEPT // (24 * 3600)} days" in RETENTION[SESSIONS.name]


def test_the_page_has_each_table_with_the_same_words() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `airflow_entra_")]
    for table, kept in RETENTION.items():
        assert [row for row in rows if f"`{table}`" in row and kept in row], f"docs/audit.md: {table} is kept {kept}"
