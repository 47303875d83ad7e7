"""airflow-entra explain: which Airflow roles somebody has, through what, what they may do and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_entra.cli.common import Form, format_option, target_port_option
from airflow_entra.cli.output import result, width

if TYPE_CHECKING:
    from airflow_entra.access import DeclaredStack
    from airflow_entra.access.explain import Explanation


@click.command(name="explain")
@click.option("--stack", default="local", show_default=True)
@click.option("--person", metavar="NAME", help="Who the directory calls so: object id, sign-in name, mail or name.")
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="A member of this group (name or id); repeat it."
)
@click.option(
    "--token",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Who a token names; - reads it from standard input.",
)
@click.option("--role", metavar="NAME", help="Who has this role.")
@click.option(
    "--outputs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --token: the stack's outputs (`pulumi stack output --json`), for the client id and the groups' ids.",
)
@target_port_option
@format_option
def command(
    stack: str,
    person: str | None,
    groups: tuple[str, ...],
    token: Path | None,
    role: str | None,
    outputs: Path | None,
    port: int,
    form: Form,
) -> None:
    """Which Airflow roles somebody has in a stack, through which group, what they may do and until when; or why not.

    The rule that answers is the one that runs inside Airflow. For a group, a token or a role the stack file is enough
    (a token is decoded, not verified). For --person the directory is asked: the local tenant of a local stack, else
    Microsoft Graph as the identity in the ARM_* variables. Exit code 0 whether the answer is yes or no, 2 where there
    is none.
    """
    from airflow_entra.access.explain import explain_groups, explain_role
    from airflow_entra.local.world import project_world
    from airflow_entra.report.explain import render

    if sum(map(bool, (person, groups, token, role))) != 1:
        raise click.UsageError("say about whom: --person, --group, --token or --role")
    if outputs and not token:
        raise click.UsageError("--outputs goes with --token")
    world = project_world()
    declared = world.declared(stack)
    if groups:
        answers = [explain_groups(declared, groups)]
    elif role:
        answers = [explain_role(declared, role)]
    elif token:
        answers = [_token(declared, token, outputs)]
    else:
        from airflow_entra.commands.who import explanations

        answers = explanations(world, stack, str(person), port=port)
    result(render(answers, form, width()))


def _token(stack: DeclaredStack, token: Path, outputs: Path | None) -> Explanation:
    from airflow_entra.access.explain import Known, explain_token, known
    from airflow_entra.access.token import unverified_claims
    from airflow_entra.errors import on_disk
    from airflow_entra.files import read_object, read_standard_input, read_text

    with on_disk("read the token", token):
        text = read_standard_input() if token == Path("-") else read_text(token)
    claims = unverified_claims(text.strip())
    if outputs is None:
        return explain_token(stack, claims, Known(), datetime.now(UTC))
    deployed = known(stack, read_object(outputs, "a stack's outputs"))
    return explain_token(stack, claims, deployed, datetime.now(UTC))
