"""One audit of one stack: everything that its report says, worked out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_entra.access.role_history import RoleSince
from airflow_entra.audit import checks
from airflow_entra.audit.checks.check import Facts, Result
from airflow_entra.audit.deeds import Deed, Started, deeds, started
from airflow_entra.audit.drift import Difference
from airflow_entra.audit.leavers import Left, left
from airflow_entra.audit.records import Records
from airflow_entra.directory.audited import Audited, Eligible
from airflow_entra.directory.changes import GRANTED, Change
from airflow_entra.directory.membership import Assigned
from airflow_entra.directory.who import Standing, who
from airflow_entra.finding import Finding, worst_first
from airflow_entra.settings.model import Credential


@dataclass(frozen=True)
class Audit:
    """What an auditor is shown. People by name; what happened in the order of time."""

    stack: str
    environment: str
    tenant_id: str
    client_id: str
    at: datetime
    since: datetime
    standings: tuple[Standing, ...]
    last_sign_in: Mapping[str, datetime]
    """Into any of the Airflows, by object id in lower case."""
    eligible: tuple[Eligible, ...]
    programs: tuple[Assigned, ...]
    owners: tuple[str, ...]
    watcher_owners: tuple[str, ...]
    results: tuple[Result, ...]
    grants: tuple[Change, ...]
    left: tuple[Left, ...]
    deeds: tuple[Deed, ...]
    started: tuple[Started, ...]
    denied: tuple[str, ...]
    declared: tuple[RoleSince, ...] = ()
    drift: tuple[Difference, ...] | None = None
    """None where nobody asked."""

    @property
    def findings(self) -> list[Finding]:
        """The worst first. Where the stack file, the state and the tenant differ is one, too."""
        drifted = (difference.finding for difference in self.drift or ())
        return worst_first([*(finding for result in self.results for finding in result.findings), *drifted])


def audit(
    audited: Audited,
    airflows: Mapping[str, Records],
    *,
    declared: Collection[str],
    credential: Credential,
    watcher_credential: Credential | None,
    now: datetime,
    since: datetime,
) -> Audit:
    """Work it out. `declared` are the scopes and permissions of the stack file; the credentials are its, too."""
    standings = who(audited.directory, audited.rules, audited.directory.people)
    by_id = {one.person.id.lower(): one for one in standings}
    facts = Facts(audited, by_id, airflows, frozenset(declared), credential, watcher_credential, now)
    return Audit(
        stack=audited.rules.stack,
        environment=audited.rules.environment,
        tenant_id=audited.rules.tenant_id,
        client_id=audited.rules.client_id,
        at=now,
        since=since,
        standings=tuple(standings),
        last_sign_in=_last_sign_ins(airflows),
        eligible=audited.eligible,
        programs=audited.programs,
        owners=audited.application.owners or (),
        watcher_owners=tuple(name for watcher in audited.watchers or () for name in watcher.owners or ()),
        results=tuple(checks.run(facts)),
        grants=tuple(change for change in audited.changes if change.activity in GRANTED),
        left=tuple(
            left(
                audited.changes,
                airflows,
                audited.directory,
                by_membership=audited.rules.roles_from == "securityGroups",
            )
        ),
        deeds=tuple(deeds(airflows)),
        started=tuple(started(airflows)),
        denied=audited.denied,
    )


def _last_sign_ins(airflows: Mapping[str, Records]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for records in airflows.values():
        for user in records.users:
            if user.identity and user.last_sign_in:
                key = user.identity.object_id.lower()
                found[key] = max(found.get(key, user.last_sign_in), user.last_sign_in)
    return found
