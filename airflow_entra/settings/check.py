"""What `airflow-entra check` finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.finding import Finding, InFile
from airflow_entra.settings.across import across
from airflow_entra.settings.load import load_with_warnings
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.source import read_text
from airflow_entra.settings.stack_file import StackFile


@dataclass(frozen=True)
class Checked:
    """One file and everything found in it, sorted by position."""

    file: Path
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        return not any(finding.unusable for finding in self.findings)


def check(paths: Iterable[Path]) -> list[Checked]:
    """Every file with its mistakes; reads the files and the certificates that they name, nothing else."""
    found: dict[Path, tuple[Finding, ...]] = {}
    usable = []
    for path in paths:
        try:
            settings, found[path] = load_with_warnings(path)
        except SettingsError as error:
            found[path] = error.findings
        else:
            usable.append(StackFile(path, read_text(path), settings))
    between: dict[Path, list[Finding]] = {}
    for finding in across(usable):
        if isinstance(finding.where, InFile):
            between.setdefault(finding.where.file, []).append(finding)
    return [
        Checked(path, tuple(sorted((*findings, *between.get(path, ())), key=lambda finding: finding.position)))
        for path, findings in found.items()
    ]


def all_findings(checked: Iterable[Checked]) -> list[Finding]:
    """Those of all files, file by file."""
    return [finding for one in checked for finding in one.findings]
