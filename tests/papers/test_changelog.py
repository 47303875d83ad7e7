"""A release is one number in three files, a section of the changelog and a packed world."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[2]
_SECTION = re.compile(r"^## (Unreleased|(\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d)$", re.MULTILINE)


def _sections() -> list[re.Match[str]]:
    text = (PROJECT / "CHANGELOG.md").read_text("utf-8")
    found = list(_SECTION.finditer(text))
    assert len(found) == len(re.findall("^## ", text, re.MULTILINE)), "a heading is no release and not Unreleased"
    return found


def test_what_is_not_released_stands_first() -> None:
    first, *rest = [section[1] for section in _sections()]
    assert first == "Unreleased"
    assert "Unreleased" not in rest


def test_three_files_and_the_newest_section_say_the_same_number() -> None:
    newest = _sections()[1][2]
    ours = [
        tomllib.loads((PROJECT / folder / "pyproject.toml").read_text("utf-8"))["project"]["version"]
        for folder in ("", "airflow_entra_auth")
    ]
    pack = yaml.safe_load((PROJECT / "policies" / "PulumiPolicy.yaml").read_text("utf-8"))["version"]
    assert [*ours, pack] == [newest] * 3


def test_each_release_left_a_world_that_later_code_is_tried_on() -> None:
    worlds = {file.stem for file in (PROJECT / "tests" / "deployed" / "data").glob("*.tgz")}
    assert worlds == {section[2] for section in _sections()[1:]}
