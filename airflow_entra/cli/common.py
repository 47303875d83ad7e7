"""What several commands have in common: the local tenant's port, the formats of a report, how a problem is told."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from airflow_entra import variables
from airflow_entra.cli.output import commands, result
from airflow_entra.escape.shell import word
from airflow_entra.local import DEFAULT_HTTP_PORT

if TYPE_CHECKING:
    from airflow_entra.finding import Finding

Form = Literal["text", "json", "markdown"]
_Decorator = Callable[[Any], Any]

Hosted = Literal["github", "sarif"]
"""How the host of a repository reads findings: as commands in a step's log, or as alerts to upload."""


def hosted(form: Hosted, findings: Sequence[Finding], command: str) -> None:
    """Print findings for a repository's host."""
    root = _repository()
    if form == "github":
        from airflow_entra.report.findings_annotations import workflow_commands

        commands(workflow_commands(findings, root))
    else:
        from importlib.metadata import version

        from airflow_entra.report.findings_sarif import sarif

        result(sarif(findings, root, version("airflow-entra"), command))


def as_setting(kind: Any, value: str, option: str) -> str:
    """The value of an option that a stack file says too, as a type of `settings.types` reads it."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"], param_hint=option) from None


def _repository() -> Path:
    """The folder from which the repository's host names files: the checkout that the caller stands in."""
    if workspace := os.environ.get("GITHUB_WORKSPACE"):
        return Path(workspace)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


_ENDINGS: Mapping[str, str] = {
    ".csv": "csv",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".sarif": "sarif",
    ".svg": "svg",
    ".yaml": "yaml",
    ".yml": "yaml",
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"), "a picture of pixels"),
    **dict.fromkeys((".pdf", ".ps", ".eps"), "a printed page"),
    **dict.fromkeys((".doc", ".docx", ".odt", ".ods", ".xls", ".xlsx"), "an office document"),
    **dict.fromkeys((".zip", ".gz", ".tgz", ".tar"), "an archive"),
}
"""What a file's name says of what is in it."""


def form_of(form: str | None, out: Path | None, forms: Sequence[str], unless_said: str) -> str:
    """The format to write FILE in: `form`, else what its name says, else `unless_said`.

    Raises click.UsageError where the name says something else.
    """
    named = _ENDINGS.get(out.suffix.lower()) if out else None
    if named is None or named == form:
        return form or unless_said
    if form is None and named in forms:
        return named
    instead = f"--format is {form}" if form else f"this command writes {', '.join(forms)}"
    raise click.UsageError(f"--out {out}: by its name that is {named}, and {instead}")


def no_file(folder: Path | None) -> None:
    """Raises click.UsageError where a folder to write into is called as a file is."""
    if folder is not None and folder.suffix.lower() in _ENDINGS and not folder.is_dir():
        raise click.UsageError(f"--out {folder}: that is a folder's place, and it is called as a file is")


def own_command(words: str) -> str:
    """A command of ours as the caller's shell finds it: by its path in a checkout whose environment isn't on PATH."""
    name = "airflow-entra"
    ours, found = Path(sys.executable).with_name(name), shutil.which(name)
    if ours.is_file() and not (found and ours.samefile(found)):
        here = Path.cwd()
        name = word(str(ours.relative_to(here) if ours.is_relative_to(here) else ours))
    return f"{name} {words}"


def next_steps(steps: Mapping[str, str]) -> str:
    """What to do next, command -> what it does, below each other."""
    width = max(map(len, steps))
    return "Next: " + "\n      ".join(f"{command:<{width}}  {why}".rstrip() for command, why in steps.items())


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
        envvar=variables.LOCAL_PORT,
        default=DEFAULT_HTTP_PORT,
        show_default=True,
        help=help_,
    )


target_port_option = tenant_port_option("Where a local stack's tenant is started, if it isn't running. 0: any.")
