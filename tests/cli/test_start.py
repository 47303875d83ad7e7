"""How little the command line imports before it knows what it is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SLOW = {"asyncio", "azure", "grpc", "httpx", "jinja2", "pulumi", "pydantic", "rich", "ruamel"}
"""Each is felt when a person waits for help; a command imports what it needs when it is called."""


@pytest.mark.parametrize("arguments", [("--help",), ("local", "--help"), ("--version",)])
def test_help_imports_nothing_slow(arguments: tuple[str, ...]) -> None:
    asked = f"import sys; from airflow_entra.cli import main; main({list(arguments)!r}, standalone_mode=False)"
    said = f"{asked}; print('\\n' + ' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", said], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert SLOW.intersection(done.stdout.splitlines()[-1].split()) == set()


def test_ctrl_c_before_anything_is_imported_is_one_line() -> None:
    during = "import signal; from airflow_entra import start; import builtins; real = builtins.__import__; "
    during += "builtins.__import__ = lambda name, *a, **k: "
    during += "(signal.raise_signal(signal.SIGINT) if name == 'click' else None, real(name, *a, **k))[1]; start.main()"
    done = subprocess.run([sys.executable, "-c", during], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "airflow-entra: interrupted; nothing was done\n")
