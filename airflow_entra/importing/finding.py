"""What a hand-made application has that a stack file can't say, or that shouldn't be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from airflow_entra.errors import UserError

Severity = Literal["error", "warning", "note"]
"""error: somebody may have access that nobody meant. warning: something changes or is missing. note: good to know."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One finding in four parts. All are shown; names in them are foreign and were made harmless."""

    where: str
    what: str
    right: str
    fix: str
    severity: Severity = "warning"


class DraftError(UserError):
    """No stack file can be drafted: the finding says what is missing and which option says it."""

    def __init__(self, found: Found) -> None:
        self.found = found
        super().__init__(f"{found.where}: {found.what}; {found.right}; {found.fix}")


ORDER: tuple[Severity, ...] = ("error", "warning", "note")


def worst_first(findings: Iterable[Found]) -> Iterator[Found]:
    """Each once, the most serious first, else as they were found."""
    yield from sorted(dict.fromkeys(findings), key=lambda one: ORDER.index(one.severity))
