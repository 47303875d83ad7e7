"""One audit of one stack: everything that its report says, worked out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from airflow_entra.access.airflow_roles import may
from airflow_entra.access.lifetimes import taken_away
from airflow_entra.access.role_history import RoleSince
from airflow_entra.audit import checks
from airflow_entra.audit.checks.check import Facts, Result
from airflow_entra.audit.deeds import Deed, Started, deeds, started
from airflow_entra.audit.leavers import Left, left
from airflow_entra.audit.moves import Move, moves
from airflow_entra.audit.population import Event, Night, events
from airflow_entra.audit.records import Records
from airflow_entra.directory.audited import Audited, Eligible, GroupOwners, Owner
from airflow_entra.directory.membership import Assigned
from airflow_entra.directory.vaults import Reader
from airflow_entra.directory.who import Standing, who
from airflow_entra.finding import Finding, worst_first
from airflow_entra.preview.drift import Difference
from airflow_entra.settings.model import Credential, Licence, StackSettings

LastAccess = Literal["off", "day", "moment"]


@dataclass(frozen=True)
class RoleOf:
    """A role of the stack file: what it may do, and the names of the groups that give it."""

    name: str
    may: tuple[str, ...]
    groups: tuple[str, ...]


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
    owners: tuple[Owner, ...]
    watcher_owners: tuple[Owner, ...]
    results: tuple[Result, ...]
    moves: tuple[Move, ...]
    """What changes of access did to people's roles, oldest first."""
    left: tuple[Left, ...]
    deeds: tuple[Deed, ...]
    started: tuple[Started, ...]
    denied: tuple[str, ...]
    roles: tuple[RoleOf, ...]
    groups: tuple[GroupOwners, ...]
    log_read: bool
    """Whether the directory's log could be read: what happened is else not known."""
    events: tuple[Event, ...]
    """What happened in this time, oldest first."""
    readers: tuple[Reader, ...] | None
    """Who can read the client secret in its vault; None where that may not be seen."""
    last_access: LastAccess
    """How exactly it says when somebody was last in Airflow."""
    taken_away: str
    """How soon what is taken away in Entra ends in Airflow."""
    licence: Licence
    until: datetime | None = None
    """The end of the period that was asked about; None: until `at`."""
    nights: tuple[Night, ...] | None = None
    """Each day of the period; None where none was asked about."""
    declared: tuple[RoleSince, ...] = ()
    drift: tuple[Difference, ...] | Finding | None = None
    """None where nobody asked; a finding where Pulumi could not say."""

    @property
    def findings(self) -> list[Finding]:
        """The worst first. Where the stack file, the state and the tenant differ is one, too."""
        drifted = [self.drift] if isinstance(self.drift, Finding) else [one.finding for one in self.drift or ()]
        return worst_first([*(finding for result in self.results for finding in result.findings), *drifted])


def audit(
    audited: Audited,
    airflows: Mapping[str, Records],
    *,
    declared: Collection[str],
    credential: Credential,
    watcher_credential: Credential | None,
    settings: StackSettings,
    readers: tuple[Reader, ...] | None = (),
    now: datetime,
    since: datetime,
) -> Audit:
    """Work it out. `declared` are the scopes and permissions of the stack file; the credentials are its, too."""
    standings = who(audited.directory, audited.rules, audited.directory.people)
    by_id = {one.person.id.lower(): one for one in standings}
    facts = Facts(audited, by_id, airflows, settings, frozenset(declared), credential, watcher_credential, readers, now)
    found = moves(audited.changes, audited.directory, audited.rules, audited.others)
    gone = list(left(found, airflows))
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
        watcher_owners=tuple(owner for watcher in audited.watchers or () for owner in watcher.owners or ()),
        results=tuple(checks.run(facts)),
        moves=tuple(found),
        left=tuple(gone),
        deeds=tuple(deeds(airflows)),
        started=tuple(started(airflows)),
        denied=audited.denied,
        roles=tuple(_roles(audited, settings)),
        groups=audited.groups,
        log_read=audited.log_read,
        events=tuple(events(found, gone, audited.changes, audited.rotations)),
        readers=readers,
        last_access="moment",
        taken_away=taken_away(settings.sign_in),
        licence=settings.tenant.licence,
    )


def _roles(audited: Audited, settings: StackSettings) -> Iterator[RoleOf]:
    names = audited.directory.names
    for name, role in settings.roles.items():
        groups = audited.rules.roles[name].groups
        yield RoleOf(name, may(name, role.dags), tuple(names.get(group, group) for group in groups))


def _last_sign_ins(airflows: Mapping[str, Records]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for records in airflows.values():
        for user in records.users:
            if user.identity and user.last_sign_in:
                key = user.identity.object_id.lower()
                found[key] = max(found.get(key, user.last_sign_in), user.last_sign_in)
    return found
