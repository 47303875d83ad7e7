"""Two sides of many stack files."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_entra.finding import InFile
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.sides import sides
from bench.access import write


def test_what_both_sides_say_in_the_same_words_is_read_once(tmp_path: Path) -> None:
    names = [str(tmp_path / side) for side in ("base", "head")]
    for name, edited in zip(names, (0, 2), strict=True):
        write(Path(name), stacks=4, roles=3, edited=edited)
    base, head = sides(*names)
    assert [base.stacks[stack].settings is head.stacks[stack].settings for stack in ("s0", "s1", "s2", "s3")] == [
        False,
        False,
        True,
        True,
    ]


def test_every_wrong_file_is_named_though_its_words_are_another_one_s_too(tmp_path: Path) -> None:
    write(tmp_path, stacks=3, roles=1)
    files = sorted((tmp_path / "stacks").glob("*.yaml"))
    text = files[0].read_text("utf-8").replace("owners:", "owner:")
    for file in files[1:]:
        file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as raised:
        sides(str(tmp_path), str(files[2]))
    assert {one.where for one in raised.value.findings} == {InFile(file, 7, 3) for file in files[1:]}
