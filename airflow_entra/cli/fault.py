"""airflow-entra local fault: what goes wrong at the local tenant, on demand."""

from __future__ import annotations

import re

import click

from airflow_entra.cli.output import show
from airflow_entra.local.fault import HOSTS
from airflow_entra.local.world import project_world


def _percent(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """A share of all requests, with or without its sign."""
    if not re.fullmatch(r"\d{1,3}(\.\d+)?%?", value) or not 0 <= float(value.removesuffix("%")) <= 100:
        raise click.BadParameter(f"{value!r} is not a percentage such as 30% or 2.5%", ctx, param)
    return float(value.removesuffix("%"))


def _milliseconds(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """A short time."""
    match = re.fullmatch(r"(\d{1,6})(ms|s)", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not a time such as 200ms or 2s", ctx, param)
    return int(match[1]) * (1000 if match[2] == "s" else 1)


@click.command(name="fault")
@click.option(
    "--throttle", default="0%", callback=_percent, metavar="PERCENT", help="So many requests get 429 with Retry-After."
)
@click.option(
    "--server-errors", default="0%", callback=_percent, metavar="PERCENT", help="So many get 500, 503 or 504."
)
@click.option(
    "--drop", default="0%", callback=_percent, metavar="PERCENT", help="So many connections end without an answer."
)
@click.option(
    "--slow", default="0ms", callback=_milliseconds, metavar="TIME", help="Every answer is so late, as 200ms."
)
@click.option(
    "--unseen",
    default="0ms",
    callback=_milliseconds,
    metavar="TIME",
    help="New and changed objects of the directory are 404, and refused in references, for so long, as 5s.",
)
@click.option("--away", is_flag=True, help="Nothing is answered at all.")
@click.option("--host", "hosts", type=click.Choice(HOSTS), multiple=True, help="There alone; may be repeated.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same requests fail for the same number.")
@click.option("--off", is_flag=True, help="No faults any more.")
def command(
    throttle: float,
    server_errors: float,
    drop: float,
    slow: int,
    unseen: int,
    away: bool,
    hosts: tuple[str, ...],
    seed: int,
    off: bool,
) -> None:
    """Make the tenant faulty, or show how it is: what calls it has to lose nothing and do nothing twice.

    What is asked for replaces the faults before, from the next request on. A dropped connection or a 504 may come
    before or after the change was done. The tenant's own pages always work.
    """
    from airflow_entra.local.fault import Faults, end, read, set_faults

    wanted = Faults(throttle, server_errors, drop, slow, away, unseen, hosts, seed)
    asked = any((throttle, server_errors, drop, slow, away, unseen))
    if off and (asked or hosts):
        raise click.UsageError("--off stands alone.")
    if hosts and not asked:
        raise click.UsageError("--host says where: say what goes wrong there, too, as --throttle 30%.")
    if throttle + server_errors + drop > 100:
        raise click.UsageError("--throttle, --server-errors and --drop are shares of all requests: 100% at most.")
    world = project_world()
    if off:
        end(world)
    found = set_faults(world, wanted) if asked else read(world)
    if found is None:
        show("The local tenant has no faults.")
        return
    for line in found.lines():
        show(line)
