"""What `airflow-entra check` finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.settings.across import across
from airflow_entra.settings.load import load_with_warnings
from airflow_entra.settings.mistakes import Mistake, SettingsError
from airflow_entra.settings.source import read_text
from airflow_entra.settings.stack_file import StackFile


@dataclass(frozen=True)
class Checked:
    """One file and everything found in it, sorted by position; it is usable unless it is wrong by itself."""

    file: Path
    mistakes: tuple[Mistake, ...]

    @property
    def usable(self) -> bool:
        return all(mistake.severity == "warning" or mistake.between_files for mistake in self.mistakes)


def check(paths: Iterable[Path]) -> list[Checked]:
    """Every file with its mistakes; reads the files and the certificates that they name, nothing else."""
    found: dict[Path, tuple[Mistake, ...]] = {}
    usable = []
    for path in paths:
        try:
            settings, found[path] = load_with_warnings(path)
        except SettingsError as error:
            found[path] = error.mistakes
        else:
            usable.append(StackFile(path, read_text(path), settings))
    between = across(usable)
    return [
        Checked(path, tuple(sorted((*mistakes, *(one for one in between if one.file == path)), key=_place)))
        for path, mistakes in found.items()
    ]


def exit_code(checked: Iterable[Checked]) -> int:
    """0 where every file is fine, 1 where what is wrong is between files alone, 2 where a file is wrong by itself."""
    files = list(checked)
    if not all(one.usable for one in files):
        return 2
    return 1 if any(mistake.between_files for one in files for mistake in one.mistakes) else 0


def _place(mistake: Mistake) -> tuple[int, int]:
    return mistake.line, mistake.column
