"""What several commands have in common: the local tenant's port, the formats of a report, how a problem is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import click

from airflow_entra.cli.output import say
from airflow_entra.local.errors import LocalError
from airflow_entra.local.world import DEFAULT_HTTP_PORT

Form = Literal["text", "json", "markdown"]
_Decorator = Callable[[Any], Any]

format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)


def tenant_port_option(
    help_: str = "The tenant's page on localhost; its proxy takes the next port. 0: any free ones.",
    name: str = "--port",
) -> _Decorator:
    """Where the local tenant is started, where it isn't running."""
    return click.option(
        name,
        type=click.IntRange(0, 65534),
        envvar="AIRFLOW_ENTRA_LOCAL_PORT",
        default=DEFAULT_HTTP_PORT,
        show_default=True,
        help=help_,
    )


@contextmanager
def told(*problems: type[Exception]) -> Iterator[None]:
    """Turn what can go wrong into its message and exit code 2: a wrong stack file, a LocalError and `problems`."""
    from airflow_entra.settings import SettingsError

    told_as_they_are: tuple[type[Exception], ...] = (LocalError, *problems)
    try:
        yield
    except SettingsError as mistakes:
        say(str(mistakes))
        sys.exit(2)
    except told_as_they_are as problem:
        from airflow_entra.pulumi.scrub import Scrub

        # Pulumi's words are masked where they are read; those of other tools (git, uv, Airflow's logs) here.
        say(Scrub(os.environ).text(f"airflow-entra: {problem}"))
        sys.exit(2)


@contextmanager
def writing() -> Iterator[None]:
    """The same for a file that the disk refuses."""
    try:
        yield
    except OSError as error:
        say(f"airflow-entra: cannot write {error.filename}: {error.strerror}")
        sys.exit(2)
