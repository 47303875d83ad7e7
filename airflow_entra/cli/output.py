"""All that a command prints. No other module of the command line writes to the terminal."""

from __future__ import annotations

import errno
import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from airflow_entra.errors import UserError, of_os_error
from airflow_entra.escape.terminal import screen
from airflow_entra.files import give_up

_CLOSED = 128 + 13
"""The exit code of a program whose reader went away, as the shell says it: SIGPIPE."""


class OutputError(UserError):
    """Standard output did not take the result."""

    def __init__(self, error: OSError) -> None:
        give_up(sys.stdout)
        if error.errno == errno.EPIPE:
            self.exit_code = _CLOSED
            super().__init__("standard output was closed before all of the result was written")
        else:
            super().__init__(str(of_os_error(error, "write to standard output")))


def result(text: str) -> None:
    """What was asked for, on standard output, with the line ends that it has."""
    with to_reader():
        click.echo(screen(text), nl=False)


def show(line: object) -> None:
    """A line of the result."""
    with to_reader():
        click.echo(screen(str(line)))


def width() -> int | None:
    """How wide the terminal is that the result is shown on; None where it goes into a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout and sys.stdout.isatty() else None


def say(line: str) -> None:
    """A line about the work, on standard error. The work goes on where nobody can read it."""
    try:
        click.echo(screen(line), err=True)
    except OSError:
        give_up(sys.stderr)


def commands(text: str) -> None:
    """Workflow commands, which GitHub is to obey; what is foreign in them is escaped already."""
    with to_reader():
        click.echo(text, nl=False)


def can_ask() -> bool:
    """Whether a person is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def agreed(question: str, *, abort: bool = False) -> bool:
    """What the person at the terminal answers; with `abort` a no ends the command. Raises UserError without one."""
    if not can_ask():
        raise UserError("there is no terminal to ask at: give --yes")
    return click.confirm(screen(question), err=True, abort=abort)


@contextmanager
def to_reader() -> Iterator[None]:
    """What standard output refuses, as an OutputError."""
    if sys.stdout is None:  # so says Python of one that was closed before it began; click then writes nothing
        raise OutputError(OSError(errno.EBADF, "it is closed"))
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error


def never_fail() -> None:
    """A terminal whose character set lacks a letter shows its code in place of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
