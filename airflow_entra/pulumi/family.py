"""The programs that a command of ours has running. They hear of a signal once, and none is left when we go on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AT_ONCE_SECONDS = 8.0
"""What a program is given to end in where nobody waits for its work any more."""
_GONE_SECONDS = 1.0
"""What the system is given to remove what was killed."""


class Interrupted(KeyboardInterrupt):
    """A signal asked us to end, and every program has ended. `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Family:
    """Programs, each in a session of its own: what a terminal sends reaches us alone, and we pass it on.

    They are asked to end by `asked`, or by the same signal that came where it is None. They have `grace` seconds for
    it; None: as long as it takes, because a program that is killed may leave something half made.
    """

    def __init__(self, *, grace: float | None = None, asked: int | None = signal.SIGINT) -> None:
        self.came: list[int] = []
        """The signals that have come."""
        self._grace, self._asked = grace, asked
        self._running: dict[subprocess.Popen[bytes], list[psutil.Process]] = {}
        self._lock = threading.RLock()
        self._over = threading.Event()

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path | None,
        environment: Mapping[str, str],
        stdin: IO[bytes] | int | None = None,
        stdout: IO[bytes] | None = None,
        stderr: IO[bytes] | None = None,
        terminal: bool = False,
    ) -> int:
        """Run a program to its end; its exit code, or minus the number of the signal that killed it.

        With `terminal` it stays in our own session, where it may ask the person at the terminal, and hears Ctrl-C
        itself. Raises FileNotFoundError where there is no such program, and Interrupted where a signal came before.
        """
        with self.listening():
            with self._lock:
                self.check()
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=dict(environment),
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=not terminal,
                )
                self._running[process] = []
            try:
                with self._lock:
                    for number in self.came:  # while it was starting
                        self._ask(process, number)
                return process.wait()
            finally:
                self._end(process)

    def check(self) -> None:
        """Raises Interrupted where a signal has come."""
        if self.came:
            raise Interrupted(self.came[0])

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until a signal comes. Not in the main thread, which hears of signals."""
        self._over.wait(seconds)
        self.check()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Signals that ask this process to end are passed on meanwhile. Only the main thread can listen."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heard = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, self._pass_on) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self.came.append(number)
        self._over.set()
        with self._lock:
            for process in self._running:
                self._ask(process, number)

    def _ask(self, process: subprocess.Popen[bytes], number: int) -> None:
        """Ask a program to end, once for each signal: Pulumi takes a second one as "at once"."""
        members = _members(process)
        self._running[process] += members
        with suppress(ProcessLookupError):
            if not (number == signal.SIGINT and _hears_the_terminal(process)):
                process.send_signal(self._asked or number)
        if self._grace is not None:
            timer = threading.Timer(self._grace, _kill, [members])
            timer.daemon = True
            timer.start()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """See that nothing of it is left. It still runs where we leave for an error of our own."""
        if process.poll() is None:
            self._running[process] += _members(process)
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_AT_ONCE_SECONDS)
        with self._lock:
            asked = self._running.pop(process)
        _kill(asked)
        process.wait()  # before psutil, which would take its exit code
        psutil.wait_procs(asked, timeout=_GONE_SECONDS)


def _hears_the_terminal(process: subprocess.Popen[bytes]) -> bool:
    return any(map(os.isatty, (0, 1, 2))) and os.getsid(process.pid) == os.getsid(0)


def _members(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """A program and what it has started."""
    try:
        first = psutil.Process(process.pid)
        return [*first.children(recursive=True), first]
    except psutil.NoSuchProcess:
        return []


def _kill(members: Sequence[psutil.Process]) -> None:
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.kill()  # psutil knows by its start whether a process id went to another
