"""airflow-entra local seed: the local tenant gets as many people as a large company has."""

from __future__ import annotations

import click

from airflow_entra.cli.output import say, show
from airflow_entra.local.world import project_world


@click.command(name="seed")
@click.option("--people", type=click.IntRange(0, 1_000_000), default=100_000, show_default=True, metavar="N")
@click.option("--groups", type=click.IntRange(0, 100_000), default=10_000, show_default=True, metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, help="The same people for the same number.")
@click.option("--stack", default="local", show_default=True, help="The stack whose tenant it is.")
def command(people: int, groups: int, seed: int, stack: str) -> None:
    """Add made-up people and groups to the tenant: departments, nested groups, guests, disabled accounts.

    The tenant may be running. A second time adds what is missing: more people with a greater number, else nothing.
    """
    from airflow_entra.local.population import populate

    say("A hundred thousand people take about half a minute ...")
    added = populate(project_world(), stack, people, groups, seed)
    show(f"Added {added.people:,} people and {added.groups:,} groups with {added.memberships:,} memberships.")
