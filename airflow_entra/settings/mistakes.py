"""A stack file that can't be used, and the errors of our own validators."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import PydanticCustomError

from airflow_entra.finding import Finding, FindingsError


class SettingsError(FindingsError):
    """A stack file that can't be used: every finding that makes it so, sorted by position."""

    located = True

    def __init__(self, findings: Iterable[Finding]) -> None:
        super().__init__(*sorted(set(findings), key=lambda finding: finding.order))


def wrong(what: str, *, right: str, fix: str) -> PydanticCustomError:
    """The error that a validator of ours raises; pydantic carries it to load.py with its place in the file."""
    context = {"what": what, "right": right, "fix": fix}
    return PydanticCustomError("mistake", "{what}; {right}; {fix}", context)
