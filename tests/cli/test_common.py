"""What several commands print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airflow_entra.cli.common import next_steps, own_command

OURS = Path(sys.executable).with_name("airflow-entra")


def test_our_own_command_is_named_as_the_caller_s_shell_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(OURS.parent))
    assert own_command("who") == "airflow-entra who"

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(OURS.parents[2])
    assert own_command("--version") == ".venv/bin/airflow-entra --version"
    subprocess.run(own_command("--version"), shell=True, check=True)  # noqa: S602 -- in a plain shell

    monkeypatch.chdir(tmp_path)
    assert own_command("who") == f"{OURS} who"


def test_another_program_of_that_name_is_not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "airflow-entra").write_text("#!/bin/sh\n")
    (tmp_path / "airflow-entra").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert own_command("who") == f"{OURS} who"


def test_next_steps_stand_below_each_other() -> None:
    assert next_steps({"open x": "", "make down": "stop it"}) == "Next: open x\n      make down  stop it"
