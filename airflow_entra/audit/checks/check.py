"""What a check of an audit is: it gives findings, nothing, or the reason why it could not look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_entra.audit.records import Records
from airflow_entra.directory.audited import Audited
from airflow_entra.directory.vaults import Reader
from airflow_entra.directory.who import Standing
from airflow_entra.finding import Finding
from airflow_entra.settings.model import Credential, StackSettings


@dataclass(frozen=True)
class Skipped:
    """Why a check could not look."""

    because: str


ACCOUNTS = ("SOC 2 CC6.2", "NIST 800-53 AC-2")
"""Who has an account, and that it ends with the reason for it."""
ROLES = ("SOC 2 CC6.3", "NIST 800-53 AC-3")
"""That access is what the roles say."""
LEAST = ("SOC 2 CC6.3", "NIST 800-53 AC-6")
"""That nothing may do more than it needs."""
SECRETS = ("SOC 2 CC6.1", "NIST 800-53 IA-5")
"""What somebody or something proves itself with."""
SIGN_IN = ("SOC 2 CC6.1", "NIST 800-53 IA-2")
"""That a sign-in proves who somebody is, to this Airflow alone."""
PRIVILEGED = frozenset({"Admin", "Op"})
"""Roles that change Airflow itself, or read its connections."""

NO_WATCHER_SEEN = Skipped("the reading identity may not see the watcher's registration")


@dataclass(frozen=True)
class Facts:
    """All that the checks look at. `airflows` are by base URL; `declared` and the credentials are the stack file's."""

    audited: Audited
    standings: Mapping[str, Standing]
    """By object id, in lower case: everybody whom a group or an assignment lets in or nearly does."""
    airflows: Mapping[str, Records]
    settings: StackSettings
    declared: frozenset[str]
    credential: Credential
    watcher_credential: Credential | None
    """None where the stack makes no registration that reads the directory."""
    readers: tuple[Reader, ...] | None
    """Who can read the client secret in its vault. None: not to be seen."""
    now: datetime

    def roles_of(self, group: str) -> frozenset[str]:
        """The roles that the stack file gives to the members of a group (object id)."""
        rules = self.audited.rules.roles
        return frozenset(role for role, rule in rules.items() if group.lower() in rule.groups)


@dataclass(frozen=True)
class Check:
    """One question of the audit. `asks` completes "Is it so that ...?"; no finding means yes.

    What it could look at only in part comes with the findings.
    """

    name: str
    asks: str
    look: Callable[[Facts], Iterable[Finding | Skipped] | Skipped]
    controls: tuple[str, ...]

    @property
    def id(self) -> str:
        """Of its findings."""
        return f"audit/{self.name}"


@dataclass(frozen=True)
class Result:
    """What came of a check. `skipped` says what it could not look at."""

    check: Check
    findings: tuple[Finding, ...] = ()
    skipped: str | None = None
