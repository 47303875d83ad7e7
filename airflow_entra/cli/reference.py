"""The reference page of the commands, made of the commands themselves: see `make docs`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from airflow_entra.cli import main
from airflow_entra.cli.ending import told
from airflow_entra.cli.output import result

_NAME = "airflow-entra"


def reference() -> str:
    """Every command with its help, as Markdown."""
    pages = "\n".join(
        _page(context) for context in _contexts(click.Context(main, info_name=_NAME, **main.context_settings))
    )
    return f"# The commands\n\nMade by `make docs` from the commands themselves.\n\n{pages}"


def _contexts(parent: click.Context) -> Iterator[click.Context]:
    yield parent
    group = parent.command
    if isinstance(group, click.Group):
        for name in group.list_commands(parent):
            command = group.get_command(parent, name)
            if command is not None:
                yield from _contexts(click.Context(command, parent=parent, info_name=name))


def _page(context: click.Context) -> str:
    context.terminal_width = context.max_content_width = 100
    return f"## `{context.command_path}`\n\n```text\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    with told():
        result(reference())
