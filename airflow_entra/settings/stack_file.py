"""Stack files: what they are called, where they are, and one that was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.settings.model import StackSettings

FOLDER = "stacks"
"""Below the project."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")  # Pulumi's own rule


@dataclass(frozen=True)
class StackFile:
    """A usable stack file; `file` is its path, in a revision as git writes it (main:stacks/Pulumi.prod.yaml)."""

    file: Path
    text: str
    settings: StackSettings

    @property
    def stack(self) -> str:
        return stack_name(self.file)


def stack_name(file: Path) -> str:
    """The stack whose file this is: Pulumi.<stack>.yaml; of any other name, what stands before the ending."""
    return file.name.removesuffix(file.suffix).removeprefix("Pulumi.")


def stack_file(folder: Path, stack: str) -> Path:
    """Where a stack's file is, in the folder of stack files."""
    return folder / f"Pulumi.{stack}.yaml"


def stack_files(folder: Path) -> list[Path]:
    """Every stack file in the folder, right or wrong, by name."""
    return sorted(folder.glob("Pulumi.*.yaml"))


def name_mistake(stack: str) -> str | None:
    """Why this can't be a stack's name; None where it can."""
    if _NAME.fullmatch(stack):
        return None
    return f"{stack!r} is no stack's name: letters, digits, dots, hyphens and underscores are right, 100 at most"
