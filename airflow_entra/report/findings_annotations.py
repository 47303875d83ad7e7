"""Findings as the lines that GitHub Actions turns into annotations of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from airflow_entra.escape.terminal import line
from airflow_entra.escape.workflow import message, property_value, without_commands
from airflow_entra.finding import Finding, InFile
from airflow_entra.report.findings import where
from airflow_entra.report.places import within
from airflow_entra.settings.kinds import KINDS


def workflow_commands(findings: Iterable[Finding], root: Path) -> str:
    """One line for each; files below `root`, the repository, are named from there, as GitHub wants them."""
    return "".join(_command(finding, root) + "\n" for finding in findings)


def _command(finding: Finding, root: Path) -> str:
    kind, place = KINDS.get(finding.id), finding.where
    said = _shown(f"{finding.what}; {finding.right}; {finding.fix}")
    properties: dict[str, str] = {}
    if isinstance(place, InFile):
        properties = {
            "file": without_commands(within(place.file, root)),
            "line": str(place.line),
            "col": str(place.column),
        }
    else:
        said = f"{_shown(where(finding))}: {said}"
    properties["title"] = f"{kind.title} ({kind.name})" if kind else _shown(finding.id)
    listed = ",".join(f"{name}={property_value(value)}" for name, value in properties.items())
    command = "notice" if finding.severity == "note" else finding.severity
    link = f"\nSee {kind.link}" if kind else ""
    return f"::{command} {listed}::{message(said + link)}"


def _shown(text: str) -> str:
    """On one line, and without what Azure DevOps would obey where the same step runs there."""
    return without_commands(line(text))
