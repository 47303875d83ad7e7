"""airflow-entra local airflow: a real Airflow that signs people in at the local tenant."""

from __future__ import annotations

import click

from airflow_entra.cli.local import _proxy_port, _say, _told, _world
from airflow_entra.local.world import DEFAULT_HTTP_PORT


@click.command(name="airflow")
@click.option("--version", metavar="3.3|2.11", help="Which of the stack's Airflows; the newest unless said.")
@click.option("--stack", default="local", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Airflow's port; that of the stack file's URL unless said.")
@click.option(
    "--tenant-port",
    type=click.IntRange(0, 65534),
    envvar="AIRFLOW_ENTRA_LOCAL_PORT",
    default=DEFAULT_HTTP_PORT,
    show_default=True,
    help="The tenant's page, where it isn't running yet.",
)
@click.option("--stock", is_flag=True, help="Airflow as it comes, without airflow_entra_auth, to compare.")
def command(version: str | None, stack: str, port: int | None, tenant_port: int, stock: bool) -> None:
    """Start a real Airflow for a deployed stack, configured by `render`, and say who may sign in.

    It runs in the background, in an environment of its own that is installed once; `local down` stops it.
    """
    from airflow_entra.local.airflow.deployed import Wish, start

    with _told():
        world = _world()
        running = start(
            world,
            Wish(stack, version, port, stock),
            http_port=tenant_port,
            proxy_port=_proxy_port(tenant_port),
            say=_say,
        )
    click.echo(f"""\
Airflow {running.home.version}   {running.url}
Logs            {running.home.logs}
DAGs            {running.home.dags}
Who may sign in airflow-entra local who --stack {stack}
Stop it         airflow-entra local down""")
