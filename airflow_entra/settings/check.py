"""What `airflow-entra check` finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.settings.load import load_with_warnings
from airflow_entra.settings.mistakes import Mistake, SettingsError


@dataclass(frozen=True)
class Checked:
    """One file and everything found in it, sorted by position; warnings alone leave it usable."""

    file: Path
    mistakes: tuple[Mistake, ...]

    @property
    def usable(self) -> bool:
        return all(mistake.severity == "warning" for mistake in self.mistakes)


def check(paths: Iterable[Path]) -> list[Checked]:
    """Every file with its mistakes; reads the files and the certificates that they name, nothing else."""
    return [Checked(path, _mistakes(path)) for path in paths]


def exit_code(checked: Iterable[Checked]) -> int:
    """0 where every file is usable, 2 where one is not."""
    return 0 if all(one.usable for one in checked) else 2


def _mistakes(path: Path) -> tuple[Mistake, ...]:
    try:
        return load_with_warnings(path)[1]
    except SettingsError as error:
        return error.mistakes
