"""What a check of an audit is: it gives findings, nothing, or the reason why it could not look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from airflow_entra.audit.records import Records
from airflow_entra.directory.audited import Audited
from airflow_entra.directory.who import Standing
from airflow_entra.settings.model import Credential

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


@dataclass(frozen=True)
class Finding:
    """What is wrong, in four parts: `where` it is, `what` is wrong, what would be `right`, and the `fix`."""

    severity: Severity
    where: str
    what: str
    right: str
    fix: str


@dataclass(frozen=True)
class Skipped:
    """Why a check could not look."""

    because: str


NO_WATCHER_SEEN = Skipped("the reading identity may not see the watcher's registration")


@dataclass(frozen=True)
class Facts:
    """All that the checks look at. `airflows` are by base URL; `declared` and the credentials are the stack file's."""

    audited: Audited
    standings: Mapping[str, Standing]
    """By object id, in lower case: everybody whom a group or an assignment lets in or nearly does."""
    airflows: Mapping[str, Records]
    declared: frozenset[str]
    credential: Credential
    watcher_credential: Credential | None
    """None where the stack makes no registration that reads the directory."""
    now: datetime


@dataclass(frozen=True)
class Check:
    """One question of the audit. `asks` completes "Is it so that ...?"; no finding means yes.

    What it could look at only in part comes with the findings.
    """

    name: str
    asks: str
    look: Callable[[Facts], Iterable[Finding | Skipped] | Skipped]


@dataclass(frozen=True)
class Result:
    """What came of a check. `skipped` says what it could not look at."""

    check: Check
    findings: tuple[Finding, ...] = ()
    skipped: str | None = None
