"""A finding in each medium, and the exit code that comes of findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_entra.finding import Finding, InFile, Severity, exit_code, worst_first
from airflow_entra.report.findings import as_json, as_markdown, as_text, counted

ID = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
PLACED = Finding(InFile(Path("stacks/a.yaml"), 3, 7), "it is wrong", "it is right", "correct it", id="yaml/tag")
NAMED = Finding(
    f"group Admins ({ID})",
    "nobody owns it, so nobody answers for who is in it",
    "one or two owners",
    "name owners in the stack file, or in the directory where the group is owned elsewhere",
    severity="warning",
    id="audit/group-owner",
    stack="prod",
    controls=("SOC 2 CC6.2",),
    evidence=(("owners", "none"),),
)


def test_text_is_folded_to_a_terminal_and_ids_stay_whole() -> None:
    narrow = as_text([NAMED], 40).splitlines()
    assert all(len(row) <= 40 or ID in row for row in narrow)
    assert any(ID in row for row in narrow)
    assert " ".join(" ".join(narrow).split()) == " ".join(as_text([NAMED]).split())
    assert [row[:9] for row in as_text([NAMED]).splitlines()] == ["prod: gro", "  right: ", "  fix:   ", "  seen:  "]


def test_text_begins_as_a_compiler_does() -> None:
    assert as_text([PLACED]).startswith("stacks/a.yaml:3:7: error: it is wrong [yaml/tag]\n  right: it is right\n")


def test_json_has_the_place_twice_where_it_is_in_a_file() -> None:
    assert as_json(PLACED).items() >= {"where": "stacks/a.yaml:3:7", "line": 3, "column": 7}.items()
    assert "file" not in as_json(NAMED)
    assert as_json(NAMED)["evidence"] == {"owners": "none"}


def test_markdown_is_a_table_with_a_row_each() -> None:
    head, _, first, second = as_markdown([PLACED, NAMED])
    assert len({row.count("|") for row in (head, first, second)}) == 1
    assert first.startswith("| **error** | `stacks/a.yaml:3:7` |")


def test_the_worst_comes_first_and_each_once() -> None:
    assert worst_first([NAMED, PLACED, NAMED]) == [PLACED, NAMED]
    assert counted([NAMED, PLACED, NAMED]) == "1 error, 2 warnings"
    assert counted([]) == "no finding"


@pytest.mark.parametrize(
    ("severities", "fail_on", "code"),
    [
        ([], "note", 0),
        (["note", "warning"], "error", 0),
        (["note", "warning"], "warning", 1),
        (["note"], "warning", 0),
        (["note"], "note", 1),
        (["error"], "error", 1),
    ],
)
def test_the_exit_code_says_whether_there_is_something_to_do(
    severities: list[Severity], fail_on: Severity, code: int
) -> None:
    assert exit_code([Finding("x", "w", "r", "f", severity=one) for one in severities], fail_on) == code


def test_what_cannot_be_used_is_another_exit_code() -> None:
    assert exit_code([PLACED, Finding("x", "w", "r", "f", unusable=True)]) == 2
