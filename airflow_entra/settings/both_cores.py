"""One function over many items, half of them in a second process, where that is worth a fork."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def mapped(function: Callable[[T], R], items: Sequence[T], *, worth: bool) -> list[R]:
    """`function` of each item, in their order. Its answers can be pickled, and it changes nothing that lasts.

    `worth` is what the caller thinks of it. In one process alone where there is one core, no fork (Windows), or where
    other threads could hold a lock at that moment.
    """
    one_process = not hasattr(os, "fork") or os.cpu_count() == 1 or threading.active_count() > 1
    if not worth or one_process or len(items) < 2:
        return [function(item) for item in items]
    middle = len(items) // 2
    reader, child = _forked(function, items[middle:])
    try:
        with open(reader, "rb") as answers:  # noqa: PTH123 -- a pipe's end
            here = [function(item) for item in items[:middle]]
            there: list[R] | None = None
            with suppress(EOFError, pickle.UnpicklingError):
                there = pickle.load(answers)  # noqa: S301 -- our own process wrote it
    finally:
        os.waitpid(child, 0)
    if there is None:  # it ended early: whatever it was, here it is told
        there = [function(item) for item in items[middle:]]
    return here + there


def _forked(function: Callable[[T], R], items: Sequence[T]) -> tuple[int, int]:
    """The end of a pipe that the pickled answers come through, and the process that sends them."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return reader, child
    try:
        os.close(reader)
        with open(writer, "wb") as answers:  # noqa: PTH123
            answers.write(pickle.dumps([function(item) for item in items], pickle.HIGHEST_PROTOCOL))
    finally:
        os._exit(0)  # nothing of this process's is flushed, closed or told a second time
