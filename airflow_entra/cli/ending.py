"""How a command ends: one line about what stopped it, and the right exit code. No command lists what to catch."""

from __future__ import annotations

import io
import os
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from airflow_entra import variables
from airflow_entra.cli.output import OutputError, say, width
from airflow_entra.errors import UserError, of_os_error, of_unicode_error


@contextmanager
def told() -> Iterator[None]:
    """Whatever is raised meanwhile ends the process with a line on standard error and an exit code.

    What click says of a wrong call is printed as everything else is.
    """
    try:
        yield
    except KeyboardInterrupt as interruption:
        say("airflow-entra: interrupted; run the same command again, and it goes on")
        number = getattr(interruption, "number", signal.SIGINT)  # of a signal that ended Pulumi too
        raise SystemExit(128 + number) from None
    except click.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):  # at a question
            say("\nairflow-entra: interrupted; nothing was done")
            raise SystemExit(128 + signal.SIGINT) from None
        raise
    except click.exceptions.Exit:
        raise
    except click.ClickException as error:
        words = io.StringIO()
        error.show(words)  # it repeats arguments, which may be anybody's
        say(words.getvalue().rstrip("\n"))
        raise SystemExit(error.exit_code) from None
    except Exception as error:
        found = for_user(error)
        _masked(_mistake(error) if found is None else _words(found))
        if os.environ.get(variables.DEBUG):
            _masked("".join(traceback.format_exception(error)))
        raise SystemExit(UserError.exit_code if found is None else found.exit_code) from None


def for_user(error: BaseException) -> UserError | None:
    """What a user reads of an error; None where the mistake is this program's own."""
    from airflow_entra.directory.trouble import trouble

    if isinstance(error, BaseExceptionGroup):  # of what went on at the same time, the first that went wrong
        return for_user(error.exceptions[0])
    if isinstance(error, UserError):
        return error
    if isinstance(error, BrokenPipeError):  # click prints help by itself
        return OutputError(error)
    if isinstance(error, OSError):
        return of_os_error(error)
    if isinstance(error, UnicodeError):
        return of_unicode_error(error)
    return trouble(error)


def _words(error: UserError) -> str:
    from airflow_entra.finding import FindingsError
    from airflow_entra.report.findings import as_text

    said = as_text(error.findings, width()).rstrip("\n") if isinstance(error, FindingsError) else str(error)
    return said if error.located else f"airflow-entra: {said}"


def _mistake(error: Exception) -> str:
    """Without its text, which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    return (
        f"airflow-entra: a mistake of this program's own, at {place} ({type(error).__name__}); "
        f"please report it with what {variables.DEBUG}=1 makes this command print"
    )


def _masked(text: str) -> None:
    """Pulumi's words are masked where they are read; those of other tools (git, uv, Airflow's logs) here."""
    from airflow_entra.pulumi.scrub import Scrub

    say(Scrub(os.environ).text(text))
