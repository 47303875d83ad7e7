"""What a check of stack files found, as the lines that GitHub Actions turns into annotations of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from airflow_entra.escape.workflow import message, property_value
from airflow_entra.report.places import within
from airflow_entra.settings.check import Checked
from airflow_entra.settings.kinds import KINDS
from airflow_entra.settings.mistakes import Mistake


def workflow_commands(checked: Sequence[Checked], root: Path) -> str:
    """One line for each mistake; files below `root`, the repository, are named from there, as GitHub wants them."""
    return "".join(_command(mistake, root) + "\n" for one in checked for mistake in one.mistakes)


def _command(mistake: Mistake, root: Path) -> str:
    kind = KINDS[mistake.kind]
    properties = {
        "file": within(mistake.file, root),
        "line": str(mistake.line),
        "col": str(mistake.column),
        "title": f"{kind.title} ({kind.name})",
    }
    said = ",".join(f"{name}={property_value(value)}" for name, value in properties.items())
    return f"::{mistake.severity} {said}::{message(_sentence(mistake, kind.link))}"


def _sentence(mistake: Mistake, link: str) -> str:
    return f"{mistake.what}; {mistake.right}; {mistake.fix}\nSee {link}"
