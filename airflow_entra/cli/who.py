"""airflow-entra local who: everybody's Airflow roles, as the local tenant stands now."""

from __future__ import annotations

from typing import Literal

import click

from airflow_entra.cli.local import _proxy_port, _told, _world, port_option


@click.command(name="who")
@port_option
@click.option("--stack", default="local", show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.argument("person", required=False)
def command(port: int, stack: str, form: Literal["text", "json", "markdown"], person: str | None) -> None:
    """Who gets which Airflow role at the next sign-in, through which group, and why not.

    PERSON is an object id, a sign-in name (its domain may be left out), a mail address or a display name; without one,
    everybody. The local tenant is asked as it stands; the rule that answers is the one that runs inside Airflow.
    """
    from airflow_entra.local.who import standings
    from airflow_entra.report.who import conclusion, render

    with _told():
        found = standings(_world(), stack, person, http_port=port, proxy_port=_proxy_port(port))
    click.echo(render(stack, found, form), nl=False)
    click.echo(conclusion(stack, found), err=True)
