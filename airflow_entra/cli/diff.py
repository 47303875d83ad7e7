"""airflow-entra diff: who gains and who loses access between two states of the stack files."""

from __future__ import annotations

import sys
from typing import Literal

import click


@click.command(name="diff")
@click.argument("base")
@click.argument("head", default=".")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--exit-code", is_flag=True, help="Exit with 1 where access changes, as git diff does.")
def command(base: str, head: str, form: Literal["text", "json", "markdown"], exit_code: bool) -> None:
    """Who gains and who loses which role from BASE to HEAD, over all stacks; HEAD is the working tree unless given.

    Each is a folder (a project, or its stacks/), a stack file, or else a git revision, which is read without touching
    the working tree. Needs no network. Exit code 1 where HEAD breaks a rule over several stacks, 2 where a stack file
    on either side is wrong.
    """
    from airflow_entra.access.compare import compare
    from airflow_entra.report.diff import render
    from airflow_entra.settings import SettingsError
    from airflow_entra.settings.sides import SideError, sides

    try:
        before, after = sides(base, head)
    except SettingsError as mistakes:
        click.echo(str(mistakes), err=True)
        sys.exit(2)
    except SideError as problem:
        click.echo(f"airflow-entra: {problem}", err=True)
        sys.exit(2)
    compared = compare(before, after)
    click.echo(render(compared, form), nl=False)
    sys.exit(1 if compared.findings or (exit_code and compared.changes) else 0)
