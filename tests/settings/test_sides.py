"""Two sides of many stack files: read in two processes or in one, they say the same."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from airflow_entra.finding import InFile
from airflow_entra.settings import sides as module
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.sides import sides
from bench.access import write


@pytest.fixture(autouse=True)
def every_text_is_worth_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORTH_A_PROCESS", 0)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_two_processes_read_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [str(tmp_path / side) for side in ("base", "head")]
    for name, edited in zip(names, (0, 2), strict=True):
        write(Path(name), stacks=4, roles=3, edited=edited)
    in_two = sides(*names)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert sides(*names) == in_two
    base, head = in_two
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
