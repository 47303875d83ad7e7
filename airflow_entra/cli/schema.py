"""airflow-entra schema: the JSON Schema of a stack file, and the reference page made of the same model."""

from __future__ import annotations

import click


@click.command(name="schema")
def command() -> None:
    """Write the JSON Schema."""
