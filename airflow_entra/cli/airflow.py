"""airflow-entra local airflow: a real Airflow that signs people in at the local tenant."""

from __future__ import annotations

import click

from airflow_entra.cli.common import next_steps, own_command, tenant_port_option
from airflow_entra.cli.output import say, show
from airflow_entra.local.world import project_world


@click.command(name="airflow")
@click.option("--version", metavar="3.3|2.11", help="Which of the stack's Airflows; the newest unless said.")
@click.option("--stack", default="local", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Airflow's port; that of the stack file's URL unless said.")
@tenant_port_option("The tenant's page, where it isn't running yet.", "--tenant-port")
@click.option("--stock", is_flag=True, help="Airflow as it comes, without airflow_entra_auth, to compare.")
def command(version: str | None, stack: str, port: int | None, tenant_port: int, stock: bool) -> None:
    """Start a real Airflow for a deployed stack, configured by `render`, and say who may sign in.

    It runs in the background, in an environment of its own that is installed once; `local down` stops it.
    """
    from airflow_entra.commands.who import standings
    from airflow_entra.local.airflow.deployed import Wish, start

    world = project_world()
    running = start(
        world,
        Wish(stack, version, port, stock),
        http_port=tenant_port,
        say=say,
    )
    people = standings(world, stack, None, port=tenant_port, tried_here=True)
    admitted = [one for one in people if one.refused is None]
    width = max((len(one.person.sign_in_name) for one in admitted), default=0)
    show(f"Airflow {running.home.version} is up: {running.url}\n\nSign in as")
    for one in admitted:
        show(f"  {one.person.sign_in_name:{width}}  {', '.join(held.role for held in one.roles)}")
    show(f"""
Logs  {running.home.logs}
DAGs  {running.home.dags}""")
    steps = {
        own_command("who"): "everybody, and why some people may not sign in",
        own_command("local down"): "stop Airflow and the tenant; their state stays",
    }
    show(next_steps(steps))
