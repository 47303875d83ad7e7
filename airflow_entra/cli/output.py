"""All that a command prints. No other module of the command line writes to the terminal."""

from __future__ import annotations

import io
import sys

import click

from airflow_entra.escape.terminal import screen


def result(text: str) -> None:
    """What was asked for, on standard output, with the line ends that it has."""
    click.echo(screen(text), nl=False)


def show(line: object) -> None:
    """A line of the result."""
    click.echo(screen(str(line)))


def say(line: str) -> None:
    """A line about the work, on standard error."""
    click.echo(screen(line), err=True)


def commands(text: str) -> None:
    """Workflow commands, which GitHub is to obey; what is foreign in them is escaped already."""
    click.echo(text, nl=False)


def agreed(question: str, *, abort: bool = False) -> bool:
    """What the person at the terminal answers; with `abort` a no ends the command."""
    return click.confirm(screen(question), err=True, abort=abort)


def never_fail() -> None:
    """A terminal whose character set lacks a letter shows its code in place of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
