"""airflow-entra recover: after an interrupted `pulumi up`."""

from __future__ import annotations

import click

from airflow_entra.cli.common import target_port_option
from airflow_entra.cli.output import say, show


@click.command(name="recover")
@click.option("--stack", required=True, help="The stack whose last run was interrupted.")
@target_port_option
def command(stack: str, port: int) -> None:
    """Settle what an interrupted `pulumi up` left: its lock, and resources that were being made.

    Looks each of them up in the tenant, so that nothing is made twice and nothing is left over. Uses Pulumi, the
    backend and the ARM_* identity of the environment, as `pulumi up` does.
    """
    from airflow_entra.commands.recover import recover_stack
    from airflow_entra.local.world import project_world
    from airflow_entra.next_step import up

    settled = recover_stack(project_world(), stack, port=port, say=say)
    show(f"Stack {stack} is settled: `{up(stack)}` goes on." if settled else f"Stack {stack} needs no recovery.")
