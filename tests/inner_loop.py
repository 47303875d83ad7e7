"""Which tests `make quick` runs: all that start nothing and take no time. A mark, a fixture or its folder says no."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.cache import cache_folder

ROOMS = (
    "airflow", "bench", "bootstrap", "deploy", "deployed", "engine", "importing", "pipelines", "pulumi", "rotation",
    "tenant",
)  # fmt: skip
"""Folders of tests that are slow as a whole: `make quick` doesn't even read them."""
MARKS = ("airflow", "engine", "slow")
FIXTURES = frozenset({"browser", "engine"})

_PROGRAMS = frozenset({"chromium", "initdb", "pg_ctl", "postgres"})
_HERE = str(cache_folder())
"""Where the real engine and the real Airflows are."""
_FIX = "`make quick` runs tests that start nothing. Mark this one `engine`, `airflow` or `slow`"


def is_slow(item: pytest.Item) -> bool:
    """Whether a test is left to `make test`."""
    marked = any(item.get_closest_marker(mark) for mark in MARKS)
    return marked or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def refuse_what_is_slow(event: str, details: tuple[object, ...]) -> None:
    """An audit hook of Python's. Raises RuntimeError where a browser is imported, or started like a real engine."""
    if event == "import" and str(details[0]).partition(".")[0] == "playwright":
        raise RuntimeError(f"{_FIX}, or import the browser inside the fixture: it imports {details[0]}")
    if event == "subprocess.Popen" and (program := _slow_program(details)):
        raise RuntimeError(f"{_FIX}: it starts {program}")


def _slow_program(details: tuple[object, ...]) -> str | None:
    _, arguments, _, environment = details
    first = os.fsdecode(arguments[0] if isinstance(arguments, (list, tuple)) else str(arguments).split(" ")[0])
    variables = environment if isinstance(environment, Mapping) else os.environ
    program = shutil.which(first, path=variables.get("PATH")) or ""
    return program if Path(program).name in _PROGRAMS or program.startswith(_HERE) else None
