"""What several commands have in common: the local tenant's port, the formats of a report, how a problem is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import click

from airflow_entra.local import DEFAULT_HTTP_PORT

Form = Literal["text", "json", "markdown"]
_Decorator = Callable[[Any], Any]

format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)


def tenant_port_option(
    help_: str = "The tenant's page on localhost; its proxy takes the next port. 0: any free ones.",
    name: str = "--port",
) -> _Decorator:
    """Where the local tenant is started, where it isn't running."""
    return click.option(
        name,
        type=click.IntRange(0, 65534),
        envvar="AIRFLOW_ENTRA_LOCAL_PORT",
        default=DEFAULT_HTTP_PORT,
        show_default=True,
        help=help_,
    )


target_port_option = tenant_port_option("Where a local stack's tenant is started, if it isn't running. 0: any.")
