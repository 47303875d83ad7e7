"""What `airflow-entra check` finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.finding import Finding, InFile
from airflow_entra.settings.across import across
from airflow_entra.settings.load import read
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.stack_file import StackFile


@dataclass(frozen=True)
class Checked:
    """Stack files and everything found in them, by file and line."""

    files: tuple[Path, ...]
    findings: tuple[Finding, ...]

    @property
    def unusable(self) -> set[Path]:
        """The files that are wrong by themselves."""
        places = (finding.where for finding in self.findings if finding.unusable)
        return {place.file for place in places if isinstance(place, InFile)}


def check(paths: Sequence[Path]) -> Checked:
    """Every file with its mistakes; reads the files and the certificates that they name, nothing else."""
    found: list[Finding] = []
    usable = []
    paths = list({path.resolve(): path for path in paths}.values())  # one that is named twice is one file
    for path in paths:
        try:
            text, settings, warnings = read(path)
        except SettingsError as error:
            found += error.findings
        else:
            found += warnings
            usable.append(StackFile(path, text, settings))
    return Checked(tuple(paths), tuple(sorted((*found, *across(usable)), key=lambda finding: finding.order)))
