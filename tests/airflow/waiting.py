"""Waiting for what another process does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_STEP = 0.05


def until(condition: Callable[[], T], seconds: float, what: str = "") -> T:
    """The condition's first true value; fails where there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(_STEP)
    return found
