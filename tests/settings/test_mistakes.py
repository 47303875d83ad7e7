"""Every mistake in data/mistakes.yaml gives one message at the right place, in the right words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_entra.settings import SettingsError, load
from tests.settings.mistakes_page import DATA, page, text_of

MISTAKES: list[dict[str, Any]] = yaml.safe_load((DATA / "mistakes.yaml").read_text("utf-8"))


def _place(case: dict[str, Any], text: str) -> tuple[int, int]:
    if case["at"] == "end":
        return text.count("\n") + 1, 1
    after = case.get("after", "")
    at = text.index(case["at"], text.index(after) + len(after))
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _line(text: str, words: str) -> int:
    return text.count("\n", 0, text.index(words)) + 1


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: str(case["name"]))
def test_a_mistake_is_one_message_at_its_place(case: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.case.yaml"
    text = text_of(case)
    file.write_text(text, "utf-8")

    with pytest.raises(SettingsError) as caught:
        load(file)

    message = str(caught.value)
    assert [finding.position for finding in caught.value.findings] == [_place(case, text)], message
    assert message.startswith(f"{caught.value.findings[0].where}: ")
    words = [re.sub(r"\{(.+)\}", lambda match: str(_line(text, match[1])), str(word)) for word in case["words"]]
    assert [word for word in words if word not in message] == [], message
    assert case.get("never", "\0") not in message
    assert case.get("never", "\0") not in repr(caught.value.findings)


def test_the_page_of_the_kinds_of_mistakes_is_current() -> None:
    written = (Path(__file__).parents[2] / "docs" / "mistakes.md").read_text("utf-8")
    assert written == page(), "make docs"
