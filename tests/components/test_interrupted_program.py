"""Pulumi's official Python host interrupts a program whose engine has given up: it ends without another word."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_entra.bootstrap import workspace

PROJECT = Path(__file__).parents[2]
PROGRAMS = {
    "airflow_entra.components.program.read": (PROJECT / "__main__.py").read_text(),
    "airflow_entra.bootstrap.program.run": workspace._PROGRAM,
}
"""What each calls first -> the program."""


@pytest.mark.parametrize("first", PROGRAMS)
def test_an_interrupted_program_says_nothing(first: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAMS[first])
    waiting = "print('ready', flush=True), threading.Event().wait()"
    module, _, _ = first.rpartition(".")
    host = f"import runpy, threading, {module}\n{first} = lambda *_: ({waiting})\n"
    process = subprocess.Popen(
        [sys.executable, "-c", host + f"runpy.run_path({str(tmp_path / 'program.py')!r}, run_name='__main__')"],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.send_signal(signal.SIGINT)

    assert process.communicate(timeout=30) == ("", "")
