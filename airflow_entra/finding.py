"""One finding: what is wrong or worth a second look, whichever command came upon it.

`report.findings` writes findings down for every medium, and a command's exit code comes from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Literal

from airflow_entra.errors import UserError, shown

Severity = Literal["error", "warning", "note"]
"""error: somebody may have access that nobody meant, or something doesn't work. warning: it is laxer than it should be,
or something changes. note: good to know."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

Loc = tuple[str | int, ...]
"""Keys and indices from the top of a stack file: ("config", "airflow-entra:roles", "Admin", "groups", 0)."""
Position = tuple[int, int]
"""Line and column, from 1."""


@dataclass(frozen=True, slots=True)
class InFile:
    """A place in a file; `line` and `column` count from 1."""

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{shown(self.file)}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class At:
    """A place in a stack file before its line is looked up: by keys, or by `position` where no keys could be read.

    `key` means the key itself rather than its value (of a section or a list it is the place anyway); `first` is the
    other half of a contradiction, whose line takes the place of `{first}` in what is said.
    """

    loc: Loc = ()
    key: bool = False
    first: Loc | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something is, what is wrong with it, what would be right, and what to do: all four are always said.

    `where` is a place in a file, or names a thing in the directory, in Azure or in Airflow, or a request.
    Names in it may be anybody's; it never quotes a value that may be a secret.
    """

    where: InFile | At | str
    what: str
    right: str
    fix: str
    _: KW_ONLY
    severity: Severity = "error"
    id: str = ""
    """What kind of finding it is, such as "credential/overlap-fits". Ids never change; whoever runs a list of checks
    gives each finding its check's."""
    stack: str = ""
    """The stack, where a command looks at several."""
    controls: tuple[str, ...] = ()
    """Of standards for audits, such as "SOC 2 CC6.3"."""
    evidence: tuple[tuple[str, str], ...] = ()
    """What it was read from, by name."""
    unusable: bool = False
    """Nothing can be done with what it is about until it is corrected: a stack file, a preview that couldn't start."""

    def __str__(self) -> str:
        """As a compiler says it, the remedy below: what `check` prints."""
        kind = f" [{self.id}]" if self.id else ""
        return f"{self.where}: {self.severity}: {self.what}{kind}\n  right: {self.right}\n  fix:   {self.fix}"

    @property
    def position(self) -> Position:
        """Line and column in its file; (0, 0) where it is in none."""
        return (self.where.line, self.where.column) if isinstance(self.where, InFile) else (0, 0)

    @property
    def order(self) -> tuple[Any, ...]:
        """By file and line."""
        return str(self.where.file if isinstance(self.where, InFile) else self.where), self.position, self.what


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, the most serious first, else as they were found."""
    return sorted(dict.fromkeys(findings), key=lambda finding: SEVERITIES.index(finding.severity))


def exit_code(findings: Iterable[Finding], fail_on: Severity = "error") -> int:
    """2 where something can't be used, else 1 where a finding is of severity `fail_on` or worse, else 0."""
    found = list(findings)
    bad = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return 2 if any(finding.unusable for finding in found) else int(any(finding.severity in bad for finding in found))


class FindingsError(UserError):
    """Findings that end a command: nothing can be done until they are settled."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("\n".join(map(str, findings)))
