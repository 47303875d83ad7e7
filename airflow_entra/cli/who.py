"""airflow-entra who: everybody's Airflow roles, as the directory stands now."""

from __future__ import annotations

import click

from airflow_entra.cli.common import Form, format_option, target_port_option
from airflow_entra.cli.output import result, say, width
from airflow_entra.local.world import project_world


@click.command(name="who")
@target_port_option
@click.option("--stack", default="local", show_default=True)
@format_option
@click.argument("person", required=False)
def command(port: int, stack: str, form: Form, person: str | None) -> None:
    """Who gets which Airflow role at the next sign-in, through which group, and why not.

    PERSON is an object id, a sign-in name (its domain may be left out), a mail address or a display name; without one,
    everybody. The directory is asked as it stands: the local tenant of a local stack, else Microsoft Graph as the
    identity in the ARM_* variables. The rule that answers is the one that runs inside Airflow.
    """
    from airflow_entra.commands.who import standings
    from airflow_entra.report.who import conclusion, render

    found = standings(project_world(), stack, person, port=port)
    result(render(stack, found, form, width()))
    say(conclusion(stack, found))
