"""airflow-entra diff: who gains and who loses access between two states of the stack files."""

from __future__ import annotations

import sys

import click

from airflow_entra.cli.common import Form, format_option, target_port_option
from airflow_entra.cli.output import result, width


@click.command(name="diff")
@click.argument("base")
@click.argument("head", default=".")
@click.option("--stack", "stacks", multiple=True, metavar="NAME", help="Compare this stack alone; repeat it.")
@format_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 where access changes, as git diff does.")
@click.option("--people", is_flag=True, help="Ask the directory whom it means, by who is in the groups today.")
@target_port_option
def command(
    base: str, head: str, stacks: tuple[str, ...], form: Form, exit_code: bool, people: bool, port: int
) -> None:
    """Who gains and who loses which role from BASE to HEAD, over all stacks; HEAD is the working tree unless given.

    Each is a folder (a project, or its stacks/), a stack file, or else a git revision, which is read without touching
    the working tree. With --people the local tenant is asked for local stacks, else Microsoft Graph as the identity in
    the ARM_* variables; without it no network is needed. Exit code 1 where HEAD breaks a rule over several stacks, 2
    where a stack file on either side is wrong.
    """
    from airflow_entra.access.compare import compare
    from airflow_entra.finding import exit_code as code_of
    from airflow_entra.report.diff import render
    from airflow_entra.settings.sides import sides

    before, after = sides(base, head, only=stacks)
    compared = compare(before, after)
    if people:
        from airflow_entra.commands.diff import with_people
        from airflow_entra.local.world import project_world

        compared = with_people(project_world(), compared, port)
    result(render(compared, form, width()))
    sys.exit(code_of(compared.findings) or int(exit_code and bool(compared.changes)))
