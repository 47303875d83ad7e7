"""airflow-entra local clock: the local tenant's time, moved forward or set back to the machine's."""

from __future__ import annotations

from datetime import timedelta

import click

from airflow_entra.cli.output import show
from airflow_entra.local.world import project_world


def _duration(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """A duration as a stack file writes one."""
    from airflow_entra.settings import durations

    try:
        return None if value is None else durations.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


@click.command(name="clock")
@click.option("--forward", "by", callback=_duration, metavar="DURATION", help="From where it stands, as 8h or 7d.")
@click.option("--reset", is_flag=True, help="Set it to the machine's time.")
def command(by: timedelta | None, reset: bool) -> None:
    """Show or move the tenant's clock: its tokens, secrets, delta links and logs follow it, at the next request.

    Programs on this machine keep the machine's time. What is moved stays moved when the tenant is started again.
    """
    from airflow_entra.local import clock
    from airflow_entra.settings import durations

    if by is not None and reset:
        raise click.UsageError("--forward and --reset: choose one of them.")
    world = project_world()
    if by is not None:
        clock.forward(world, by)
    if reset:
        clock.reset(world)
    shown = clock.read(world)
    ahead = f"{durations.format(shown.ahead)} ahead of this machine" if shown.ahead else "the machine's time"
    show(f"The local tenant's clock shows {shown.now:%Y-%m-%d %H:%M:%S} UTC: {ahead}.")
