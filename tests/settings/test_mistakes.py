"""Every mistake in data/mistakes.yaml gives one message at its place, in the right words, and so does a warning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from airflow_entra.finding import Finding
from airflow_entra.settings import SettingsError, load, warnings
from tests.settings.mistakes_page import DATA, page, text_of

Case = dict[str, Any]
MISTAKES, WARNINGS, FINE = (
    cast("list[Case]", yaml.safe_load((DATA / f"{kind}.yaml").read_text("utf-8")))
    for kind in ("mistakes", "warnings", "fine")
)


def _place(case: Case, text: str) -> tuple[int, int]:
    if case["at"] == "end":
        return text.count("\n") + 1, 1
    after = case.get("after", "")
    at = text.index(case["at"], text.index(after) + len(after))
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _line(text: str, words: str) -> int:
    return text.count("\n", 0, text.index(words)) + 1


def _written(case: Case, folder: Path) -> tuple[Path, str]:
    file, text = folder / "Pulumi.case.yaml", text_of(case)
    file.write_text(text, "utf-8")
    return file, text


def _expect_as_said(case: Case, text: str, findings: Sequence[Finding]) -> None:
    """One finding, at the case's place, with its words."""
    message = "\n".join(map(str, findings))
    assert [finding.position for finding in findings] == [_place(case, text)], message
    words = [re.sub(r"\{(.+)\}", lambda match: str(_line(text, match[1])), str(word)) for word in case["words"]]
    assert [word for word in words if word not in message] == [], message


def _named(case: Case) -> str:
    return str(case["name"])


@pytest.mark.parametrize("case", MISTAKES, ids=_named)
def test_a_mistake_is_one_message_at_its_place(case: Case, tmp_path: Path) -> None:
    file, text = _written(case, tmp_path)

    with pytest.raises(SettingsError) as caught:
        load(file)

    message = str(caught.value)
    _expect_as_said(case, text, caught.value.findings)
    assert message.startswith(f"{caught.value.findings[0].where}: ")
    assert case.get("never", "\0") not in message
    assert case.get("never", "\0") not in repr(caught.value.findings)


@pytest.mark.parametrize("case", WARNINGS, ids=_named)
def test_what_is_probably_not_meant_is_one_warning_at_its_place(case: Case, tmp_path: Path) -> None:
    file, text = _written(case, tmp_path)
    found = warnings(file)
    _expect_as_said(case, text, found)
    assert found[0].severity == "warning"


@pytest.mark.parametrize("case", FINE, ids=_named)
def test_what_only_looks_like_a_mistake_is_fine(case: Case, tmp_path: Path) -> None:
    assert warnings(_written(case, tmp_path)[0]) == ()


def test_a_run_that_outlasts_everything_is_told_of_each(tmp_path: Path) -> None:
    """The session outlasts the frequency besides: one of the two is always so where the frequency is too short."""
    case = {"replace": ("tokenLifetime: 8h", "signInFrequency: 5h")}
    assert [
        (found.id, found.position, found.what.partition(",")[0]) for found in warnings(_written(case, tmp_path)[0])
    ] == [
        ("lifetimes/longest-run-outlasts", (33, 22), "signInFrequency is 5h"),
        ("lifetimes/session-outlasts-frequency", (34, 21), "airflowSession 8h outlasts signInFrequency 5h"),
    ]


def test_the_third_of_a_kind_is_told_of_the_first(tmp_path: Path) -> None:
    owner = "11111111-1111-4111-8111-111111111111"
    file, text = _written({"replace": (f"      - {owner}\n", f"      - {owner}\n" * 3)}, tmp_path)
    with pytest.raises(SettingsError) as caught:
        load(file)
    said = f"the owner {owner} is listed twice, first in line {_line(text, owner)}"
    assert [found.what for found in caught.value.findings] == [said] * 2


def test_the_page_of_the_kinds_of_mistakes_is_current() -> None:
    written = (Path(__file__).parents[2] / "docs" / "mistakes.md").read_text("utf-8")
    assert written == page(), "make docs"
