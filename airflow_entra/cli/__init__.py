"""The command line: parses, calls, prints. Each command's module is imported only when that command is called."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.exceptions import NoSuchCommand

_COMMANDS = {
    "audit": "airflow_entra.cli.audit",
    "bootstrap": "airflow_entra.cli.bootstrap",
    "check": "airflow_entra.cli.check",
    "diff": "airflow_entra.cli.diff",
    "explain": "airflow_entra.cli.explain",
    "federated": "airflow_entra.cli.federated",
    "graph": "airflow_entra.cli.graph",
    "import": "airflow_entra.cli.import_",
    "local": "airflow_entra.cli.local",
    "preview": "airflow_entra.cli.preview",
    "recover": "airflow_entra.cli.recover",
    "render": "airflow_entra.cli.render",
    "rotate": "airflow_entra.cli.rotate",
    "schema": "airflow_entra.cli.schema",
    "who": "airflow_entra.cli.who",
}


class LazyGroup(click.Group):
    """A group whose commands may lie in modules of their own, each as `command`: `lazy` is name -> module."""

    def __init__(self, *args: Any, lazy: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.lazy, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        command: click.Command = import_module(self.lazy[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Raises NoSuchCommand with what may have been meant: click knows no command whose module isn't imported."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            name, above = error.command_name, ctx.parent
            if above and isinstance(above.command, click.Group) and name in above.command.list_commands(above):
                raise click.UsageError(
                    f"No such command {name!r} here: it is `{above.command_path} {name}`.", ctx
                ) from None
            raise NoSuchCommand(name, possibilities=self.list_commands(ctx), ctx=ctx) from None


class Program(LazyGroup):
    """The group of all commands. Whatever one of them raises ends it with one line and the right exit code."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        from airflow_entra.cli.ending import told
        from airflow_entra.cli.output import never_fail

        never_fail()
        with told():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        from airflow_entra.cli.ending import told
        from airflow_entra_auth.trust import one_authority

        one_authority()
        with told():
            if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as in nohup
                signal.signal(signal.SIGINT, signal.default_int_handler)  # until now it was start.py's
            return super().invoke(ctx)


@click.group(cls=Program, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="airflow-entra")
def main() -> None:
    """Apache Airflow's sign-on with Microsoft Entra ID, as code.

    Exit codes: 0 fine, 1 findings, 2 the call or a file is wrong, 130 interrupted, 141 nobody reads the result.
    """
