"""airflow-entra check: every mistake in a stack file, before anything is touched."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click


@click.command(name="check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE...]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def command(files: tuple[Path, ...], form: Literal["text", "json", "markdown"]) -> None:
    """Print every mistake of stack files as file:line:column, with what would be right and how to fix it.

    Without FILE, every stacks/Pulumi.*.yaml. Touches nothing and needs no network. Exit code 2 where a file is wrong.
    """
    from airflow_entra.report.findings import conclusion, render
    from airflow_entra.settings.check import check, exit_code

    chosen = list(files) or sorted(Path("stacks").glob("Pulumi.*.yaml"))
    if not chosen:
        raise click.UsageError("no stacks/Pulumi.*.yaml here: run this in the project's folder, or name a FILE")
    checked = check(chosen)
    click.echo(render(checked, form), nl=False)
    click.echo(conclusion(checked), err=True)
    sys.exit(exit_code(checked))
