"""airflow-entra graph: who may do what, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from airflow_entra.cli.common import form_of
from airflow_entra.cli.output import result, say, show


@click.command(name="graph")
@click.option("--stack", "stacks", multiple=True, help="The stack to draw; may be repeated. All of them unless said.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "svg"]),
    help="Else by the name of FILE; mermaid where that says nothing.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write this file instead of standard output; .md gets Mermaid as a block of Markdown, which GitHub draws.",
)
def command(stacks: tuple[str, ...], form: Literal["mermaid", "svg"] | None, out: Path | None) -> None:
    """Draw groups -> app roles -> Airflow roles -> DAGs and what may be done with them.

    From the stack files alone, without network. Exit code 2 where one is wrong.
    """
    written = form_of(form, out, ("mermaid", "svg", "markdown"), "mermaid")
    from airflow_entra.access.picture import picture
    from airflow_entra.errors import UserError, shown
    from airflow_entra.files import write_whole
    from airflow_entra.local.world import project_world

    world = project_world()
    names = tuple(dict.fromkeys(stacks)) or tuple(world.stack_names())
    if not names:
        raise UserError(f"no Pulumi.*.yaml in {shown(world.stacks)}")
    pictures = [picture(world.declared(name)) for name in names]
    if written == "svg":
        from airflow_entra.report.graph_svg import svg

        text = svg(pictures)
    else:
        from airflow_entra.report.graph_mermaid import fenced, mermaid, too_much

        text = mermaid(pictures)
        if refused := too_much(pictures):
            say(f"GitHub won't draw this: {refused}. Draw fewer stacks at once, or use --format svg.")
        if written == "markdown":
            text = fenced(text)
    if out is None:
        result(text)
        return
    write_whole(out, text)
    show(out)
