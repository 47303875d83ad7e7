"""airflow-entra schema: the stack file's JSON Schema for editors, and its reference page."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from airflow_entra.cli.output import show


@click.command(name="schema")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 where a file is out of date.")
def command(check: bool) -> None:
    """Write stacks/stack.schema.json and docs/stack-file.md, both made of the settings' model."""
    from airflow_entra.settings.generated import write_schema

    stale = write_schema(Path(), check=check)
    for path in stale:
        show(f"{path} {'is out of date: airflow-entra schema' if check else 'written'}")
    sys.exit(1 if check and stale else 0)
