"""airflow-entra preview: what a pull request would do, in one comment."""

from __future__ import annotations

import sys
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from airflow_entra.cli.common import Form, Hosted, form_of, hosted, target_port_option
from airflow_entra.cli.output import result, say, show, width

if TYPE_CHECKING:
    from airflow_entra.preview.result import StackPreview


_FORMS = ("text", "json", "markdown")


@click.command(name="preview")
@click.option("--stack", "stacks", multiple=True, metavar="NAME", help="One stack; may be given again. Else all.")
@click.option("--all", "all_", is_flag=True, help="Every stack that has a file: what is done without --stack.")
@click.option("--base", metavar="REVISION", help="Compare access with this; else with where the branch began.")
@click.option(
    "--format",
    "form",
    type=click.Choice([*_FORMS, "github", "sarif"]),
    help="Else by the name of the file of --out; text where that says nothing.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the report into this file, whole.")
@click.option("--refresh", is_flag=True, help="Look first for what was changed outside of Pulumi.")
@click.option("--expect-no-changes", is_flag=True, help="Exit with 1 where a stack would change.")
@click.option("--no-policies", is_flag=True, help="Leave the policy pack out.")
@click.option("--jobs", type=click.IntRange(1, 64), help="How many previews run at a time; else one for each CPU.")
@target_port_option
def command(
    stacks: tuple[str, ...],
    all_: bool,
    base: str | None,
    form: Form | Hosted | None,
    out: Path | None,
    refresh: bool,
    expect_no_changes: bool,
    no_policies: bool,
    jobs: int | None,
    port: int,
) -> None:
    """Run `pulumi preview` for stacks, several at a time, and say in one report what would come of it.

    First a summary in one line, then who gains and loses access (see `airflow-entra diff`), what the policies say, and
    Pulumi's own diff. As Markdown it is one comment for a pull request, never longer than GitHub takes. Nothing is
    changed: a read-only identity is enough, and a stack that the backend doesn't have yet is previewed in a temporary
    one. Exit code 1 where a mandatory policy is violated, a stack's preview fails, a rule over several stacks is broken
    or, with --expect-no-changes, something would change; 2 where a stack file is wrong or a preview can't start.
    """
    from airflow_entra.commands.preview import preview
    from airflow_entra.files import write_whole
    from airflow_entra.finding import exit_code
    from airflow_entra.local.world import project_world
    from airflow_entra.preview.run import Progress
    from airflow_entra.report.findings import placed
    from airflow_entra.report.preview import render
    from airflow_entra.report.preview_words import summary

    if stacks and all_:
        raise click.UsageError("--stack names some, --all takes every one: say one of them")
    if out is not None and form in ("github", "sarif"):
        raise click.UsageError(f"--format {form} is printed: leave --out away")
    written = cast("Form", form_of(form, out, _FORMS, "text"))
    if out is not None and not out.absolute().parent.is_dir():
        raise click.UsageError(f"--out: {out.parent} is no folder: make it first, or name a file in another")
    world = project_world()
    found = preview(
        world,
        stacks,
        base=base,
        refresh=refresh,
        policies=not no_policies,
        expect_no_changes=expect_no_changes,
        jobs=jobs,
        port=port,
        say=say,
        progress=Progress(lambda stack: say(f"{stack}: previewing ..."), _again, _ended),
    )
    if form == "github" or form == "sarif":
        with chdir(world.project):  # whence the comparison names its files, wherever the caller is
            hosted(form, placed(found.findings, world.stack_file), "preview")
    elif out is None:
        result(render(found, written, width()))
    else:
        write_whole(out, render(found, written))
        show(summary(found))
    sys.exit(exit_code(found.findings))


def _again(one: StackPreview, pause: float) -> None:
    say(f"{one.stack}: {'; '.join(one.errors)}; trying again in {pause:.0f} s")


def _ended(one: StackPreview) -> None:
    from airflow_entra.report.preview_words import state

    say(f"{one.stack}: {state(one)} ({one.seconds:.1f} s)")
