"""The command line: parses, calls, prints. Each command's module is imported only when that command is called."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "check": "airflow_entra.cli.check",
    "local": "airflow_entra.cli.local",
    "recover": "airflow_entra.cli.recover",
    "schema": "airflow_entra.cli.schema",
}


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name]).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="airflow-entra")
def main() -> None:
    """Apache Airflow's sign-on with Microsoft Entra ID, as code.

    Exit codes: 0 fine, 1 findings, 2 the call or a file is wrong.
    """
