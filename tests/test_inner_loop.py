"""`make quick` runs tests that start nothing: it says so where one of them does, and none imports a browser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import inner_loop

PROJECT = Path(__file__).parents[1]
HOOKED = "import sys; from tests.inner_loop import refuse_what_is_slow; sys.addaudithook(refuse_what_is_slow); "


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("import playwright.sync_api", "or import the browser inside the fixture: it imports playwright"),
        ("import subprocess; subprocess.run(['postgres', '--version'])", "it starts "),
        ("import subprocess; subprocess.run('pulumi version', shell=False)", "it starts "),
    ],
    ids=["a browser", "a database", "an engine"],
)
def test_whoever_starts_something_in_the_inner_loop_is_told_how_to_mark_it(
    tmp_path: Path, does: str, says: str
) -> None:
    programs = tmp_path / "airflow-entra" / "engine"
    programs.mkdir(parents=True)
    for name in ("postgres", "pulumi", "pulumi version"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    variables = {"PATH": f"{programs}:/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", HOOKED + does]
    ran = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "Mark this one `engine`, `airflow` or `slow`" in ran.stderr
    assert says in ran.stderr


@pytest.mark.parametrize("does", ["import json", "import subprocess; subprocess.run(['git', '--version'])"])
def test_anything_else_is_left_alone(does: str) -> None:
    command = [sys.executable, "-c", HOOKED + does]
    assert subprocess.run(command, cwd=PROJECT, capture_output=True, check=False).returncode == 0


def test_no_browser_is_imported(request: pytest.FixtureRequest) -> None:
    """The modules of all the tests that run are imported before the first of them."""
    if request.config.getoption("--quick"):
        assert [name for name in sys.modules if name.startswith("playwright")] == []


def test_rooms_that_are_not_read_are_there() -> None:
    assert [room for room in inner_loop.ROOMS if not (PROJECT / "tests" / room).is_dir()] == []


@pytest.mark.parametrize(
    ("target", "given", "said"),
    [
        ("airflow", ["PORT=9000"], "local airflow --stack local  --port 9000"),
        ("airflow", ["TENANT_PORT=9001", "VERSION=2.11"], "--version 2.11"),
        ("airflow", ["TENANT_PORT=9001"], "--tenant-port 9001"),
        ("up", ["PORT=9001"], "local deploy --stack local --port 9001"),
    ],
)
def test_make_hands_on_what_it_is_given(target: str, given: list[str], said: str) -> None:
    shown = subprocess.run(
        ["make", "-n", "-o", ".venv/synced", target, *given], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert " ".join(said.split()) in " ".join(shown.stdout.split())
