"""Processes that outlive the command that started them: found again by what was written down, never by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from airflow_entra.files import lock


def living(record: Mapping[str, Any]) -> psutil.Process | None:
    """The process of a record (`pid`, `created`: its start in seconds), unless it ended and its number went to
    another."""
    try:
        process = psutil.Process(record["pid"])
        if process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - record["created"]) > 1:
            return None
    except (psutil.NoSuchProcess, KeyError, TypeError, ValueError, OverflowError):  # or a record that is none
        return None
    return process


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON object that a process or its starter wrote; None where there is none, or half of one."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


@contextmanager
def only_one(lock_file: Path) -> Iterator[None]:
    """Waits until nobody else is inside with the same file; a killed holder lets go of it."""
    with lock_file.open("w") as file:
        lock(file, wait=True)
        yield
