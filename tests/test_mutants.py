"""What `make mutants` leaves alone, and what its list of survivors looks like."""

from __future__ import annotations

import libcst as cst
import pytest
import yaml

from tests.mutants import LISTED, is_sentence


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('"can_read"', False),
        ('"DAG Runs"', True),
        ('f"{count} roles"', True),
        ('f"{name}/{key}"', False),
        ('"one " "two"', True),
        ("why", False),
        ("7", False),
    ],
)
def test_a_text_with_a_space_is_for_people(code: str, expected: bool) -> None:
    assert is_sentence(cst.parse_expression(code)) is expected


def test_every_survivor_is_listed_once_with_its_reason() -> None:
    entries = yaml.safe_load(LISTED.read_text("utf-8")) or []
    assert [entry for entry in entries if {*entry} != {"in", "was", "now", "why"}] == []
    assert [entry for entry in entries if len(entry["why"]) < 20] == [], "say why no test can or need notice it"
    assert len({(entry["in"], entry["was"], entry["now"]) for entry in entries}) == len(entries)
