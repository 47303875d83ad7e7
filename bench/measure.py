"""Runs one command and says how long it took and how much memory it and its children held."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import psutil

SAMPLE_SECONDS = 0.2


class CommandError(Exception):
    """A measured command failed; the message ends with what it said last."""


@dataclass(frozen=True)
class Measured:
    seconds: float
    own_bytes: int
    """The highest resident set of the command's own process, as seen every 0.2 s."""
    tree_bytes: int
    """The highest sum over the command and all that it started. Pages that they share count each time."""


def measure(command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command to its end. Raises `CommandError` where it ends badly."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        memory = _Memory(process.pid)
        output, _ = process.communicate()
        seconds = time.perf_counter() - began
        memory.stop()
    if process.returncode:
        last = "\n".join(output.decode(errors="replace").splitlines()[-30:])
        raise CommandError(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{last}")
    return Measured(seconds, memory.own, memory.tree)


class _Memory(Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.own = self.tree = 0
        self._root = psutil.Process(pid)
        self._over = Event()
        self.start()

    def run(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            try:
                own = self._root.memory_info().rss
                children = self._root.children(recursive=True)
            except psutil.NoSuchProcess:
                return
            self.own = max(self.own, own)
            self.tree = max(self.tree, own + sum(map(_resident, children)))

    def stop(self) -> None:
        self._over.set()
        self.join()


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
