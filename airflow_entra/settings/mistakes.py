"""What is wrong with a stack file, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic_core import PydanticCustomError

from airflow_entra.errors import UserError

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake at one place; `line` and `column` count from 1. Never quotes a value that may be a secret."""

    file: Path
    line: int
    column: int
    what: str
    right: str
    fix: str
    severity: Severity = "error"
    kind: str = "settings/invalid-value"
    """The kind of mistake, one of kinds.py."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.right}; {self.fix}"

    @property
    def between_files(self) -> bool:
        """Whether the file is right by itself, and wrong only together with another."""
        return self.kind.startswith("across/")

    @property
    def order(self) -> tuple[str, int, int, str]:
        return str(self.file), self.line, self.column, self.what


class SettingsError(UserError):
    """A stack file that can't be used: every mistake in it, sorted by position."""

    located = True

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes), key=lambda mistake: mistake.order))
        super().__init__("\n".join(map(str, self.mistakes)))


def wrong(what: str, *, right: str, fix: str) -> PydanticCustomError:
    """The error that a validator of ours raises; pydantic carries it to load.py with its place in the file."""
    context = {"what": what, "right": right, "fix": fix}
    return PydanticCustomError("mistake", "{what}; {right}; {fix}", context)
