"""airflow-entra check: every mistake in a stack file, before anything is touched."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from airflow_entra.cli.common import Form, Hosted, hosted
from airflow_entra.cli.output import result, say, width

_FORMS = ("text", "json", "markdown", "github", "sarif")


@click.command(name="check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE...]")
@click.option("--stack", "stacks", multiple=True, metavar="NAME", help="This stack's file; repeat it.")
@click.option("--format", "form", type=click.Choice(_FORMS), default="text", show_default=True)
def command(files: tuple[Path, ...], stacks: tuple[str, ...], form: Form | Hosted) -> None:
    """Print every mistake of stack files: file:line:column, what is wrong, what would be right, and how to fix it.

    Without FILE, every stacks/Pulumi.*.yaml. Touches nothing and needs no network. Exit code 2 where a file is wrong, 1
    where each is right and several together are not: a group that gives Admin in two environments.

    In a GitHub workflow `--format github` marks the lines in the pull request (GitHub shows 10 errors and 10 warnings
    of a step), and `--format sarif > check.sarif` is for github/codeql-action/upload-sarif, or Azure DevOps.
    """
    from airflow_entra.finding import exit_code
    from airflow_entra.report.check import conclusion, render
    from airflow_entra.settings.check import check
    from airflow_entra.settings.stack_file import FOLDER, stack_files

    chosen = [*files, *_files_of(stacks)] or stack_files(Path(FOLDER))
    if not chosen:
        raise click.UsageError("no stacks/Pulumi.*.yaml here: run this in the project's folder, or name a FILE")
    checked = check(chosen)
    if form == "github" or form == "sarif":
        hosted(form, checked.findings, "check")
    else:
        result(render(checked, form, width()))
    say(conclusion(checked))
    sys.exit(exit_code(checked.findings))


def _files_of(stacks: tuple[str, ...]) -> list[Path]:
    if not stacks:
        return []
    from airflow_entra.local.world import project_world

    world = project_world()
    return [world.existing_stack_file(stack) for stack in stacks]
