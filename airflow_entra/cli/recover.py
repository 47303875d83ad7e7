"""airflow-entra recover: after an interrupted `pulumi up`."""

from __future__ import annotations

import os
from functools import partial

import click

from airflow_entra.cli.output import say, show


@click.command(name="recover")
@click.option("--stack", required=True, help="The stack whose last run was interrupted.")
def command(stack: str) -> None:
    """Settle what an interrupted `pulumi up` left: its lock, and resources that were being made.

    Looks each of them up in the tenant, so that nothing is made twice and nothing is left over. Uses Pulumi, the
    backend and the ARM_* identity of the environment, as `pulumi up` does.
    """
    from airflow_entra.local.world import project_world, workspace
    from airflow_entra.pulumi.runner import Pulumi
    from airflow_entra.recovery.recover import recover, tenant_clients

    world = project_world()
    settings = world.declared(stack).settings
    clients = partial(tenant_clients, settings.tenant_id, settings.subscription_id or "")
    settled = recover(Pulumi(workspace() or world.project, os.environ, stack), clients, say)
    show(f"Stack {stack} is settled: `pulumi up` can go on." if settled else f"Stack {stack} needs no recovery.")
