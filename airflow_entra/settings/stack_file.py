"""A stack file that was read: which stack it is of, its text and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from airflow_entra.settings.model import StackSettings


@dataclass(frozen=True)
class StackFile:
    """A usable stack file; `file` is its path, in a revision as git writes it (main:stacks/Pulumi.prod.yaml)."""

    stack: str
    file: Path
    text: str
    settings: StackSettings


def stack_name(file: Path) -> str:
    """The stack whose file this is: Pulumi.<stack>.yaml; of any other name, what stands before the ending."""
    return file.name.removesuffix(file.suffix).removeprefix("Pulumi.")
