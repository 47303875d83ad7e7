"""airflow-entra local watch: people who left are out of a local Airflow."""

from __future__ import annotations

import click

from airflow_entra.cli.common import tenant_port_option
from airflow_entra.cli.output import say
from airflow_entra.local.world import project_world


@click.command(name="watch")
@click.option("--version", metavar="3.3|2.11", help="Which of the stack's Airflows; the newest unless said.")
@click.option("--stack", default="local", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Airflow's port, where it was started with another.")
@tenant_port_option("The tenant's page, where it isn't running yet.", "--tenant-port")
@click.option("--once", is_flag=True, help="Compare everybody with the directory once, and end.")
@click.option("--end-before", metavar="MOMENT", help="After a restore: end every session that began before, and end.")
@click.option("--interval", type=click.FloatRange(0.1, 60), default=1.0, show_default=True, help="Seconds.")
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, help="Where /metrics, /healthz, /fresh are; or off."
)
def command(
    version: str | None,
    stack: str,
    port: int | None,
    tenant_port: int,
    once: bool,
    end_before: str | None,
    interval: float,
    listen: str,
) -> None:
    """End the sessions of people who left, in a stack's local Airflow.

    Within seconds with `revocation: watch` in the stack file, within five minutes with `refresh`. `local airflow`
    starts it by itself; another one waits until that one ends. Beside a real Airflow the same program runs in Airflow's
    own image: python -m airflow_entra_auth.watch
    """
    from airflow_entra.local.airflow.deployed import Wish, watch

    arguments = ["--interval", str(interval), "--listen", listen, *(["--once"] if once else [])]
    arguments += ["--end-before", end_before] if end_before else []
    watch(project_world(), Wish(stack, version, port), arguments, http_port=tenant_port, say=say)
