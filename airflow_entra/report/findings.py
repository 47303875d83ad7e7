"""Findings as text for people, Markdown for pull requests, JSON for programs, and rows for HTML and CSV.

Beside it `findings_sarif` and `findings_annotations`, for those who host the repository.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

from airflow_entra.errors import shown
from airflow_entra.escape.markdown import Md, code, table, text
from airflow_entra.escape.terminal import folded, line
from airflow_entra.finding import SEVERITIES, Finding, InFile, Severity
from airflow_entra.words import many

COLUMNS = ("Severity", "Where", "What is wrong", "What would be right", "Fix", "Finding")
Format = Literal["text", "json", "markdown"]


class FindingJson(TypedDict):
    """One finding. `file`, `line` and `column` are there where it is in a file; `stack` where several are looked at."""

    id: str
    severity: Severity
    stack: NotRequired[str]
    where: str
    file: NotRequired[str]
    line: NotRequired[int]
    column: NotRequired[int]
    what: str
    right: str
    fix: str
    controls: list[str]
    evidence: dict[str, str]


def as_json(finding: Finding) -> FindingJson:
    """The same members for every finding, whatever found it."""
    said: FindingJson = {
        "id": finding.id,
        "severity": finding.severity,
        "where": str(finding.where),
        "what": finding.what,
        "right": finding.right,
        "fix": finding.fix,
        "controls": list(finding.controls),
        "evidence": dict(finding.evidence),
    }
    if finding.stack:
        said["stack"] = finding.stack
    if isinstance(finding.where, InFile):
        said["file"], said["line"], said["column"] = shown(finding.where.file), *finding.position
    return said


def as_text(findings: Iterable[Finding], width: int | None = None) -> str:
    """Three lines each: the first as compilers say it, which editors and CI systems find the place by.

    Folded to `width`, if it is said; ids and addresses stay whole, as they are there to be copied.
    """
    return "".join(f"{part}\n" for finding in findings for part in _parts(finding, width))


def _parts(finding: Finding, width: int | None) -> Iterator[str]:
    for label, said in (
        ("", f"{where(finding)}: {finding.severity}: {finding.what} [{finding.id}]"),
        ("  right: ", finding.right),
        ("  fix:   ", finding.fix),
        ("  seen:  ", "; ".join(f"{name} {value}" for name, value in finding.evidence)),
    ):
        if said:
            yield folded(label, line(said), width)


def where(finding: Finding) -> str:
    """The place, with the stack where a command looks at several."""
    return f"{finding.stack}: {finding.where}" if finding.stack else str(finding.where)


def placed(findings: Iterable[Finding], file: Callable[[str], Path]) -> list[Finding]:
    """For hosts of repositories, who show findings in files alone: what is elsewhere, at the top of its stack's file.

    `file` gives a stack's file; of an empty name, where a command looks at one.
    """
    return [
        one
        if isinstance(one.where, InFile)
        else replace(one, where=InFile(file(one.stack), 1, 1), what=f"{one.where}: {one.what}")
        for one in findings
    ]


def rows(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """Cells below `COLUMNS`."""
    return [(one.severity, where(one), one.what, one.right, one.fix, one.id) for one in findings]


def as_markdown(findings: Iterable[Finding]) -> list[str]:
    """The lines of a table, no wider than a pull request's page; none where nothing was found."""
    cells = [
        (
            Md("**error**") if severity == "error" else text(severity),
            text(place),
            Md(f"{text(what)} {code(id_)}"),
            text(right),
            text(fix),
        )
        for severity, place, what, right, fix, id_ in rows(findings)
    ]
    return table(("", *COLUMNS[1:-1]), cells) if cells else []


def counted(findings: Iterable[Finding], none: str = "no finding") -> str:
    """How many of each severity: "2 errors, 1 warning"."""
    counts = Counter(finding.severity for finding in findings)
    listed = [many(counts[one], one) for one in SEVERITIES if counts[one]]
    return ", ".join(listed) or none
