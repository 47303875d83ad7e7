"""An audit's conclusion and tables, whatever the format of its report. Cells are text as the directory gave it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_entra.access.role_history import RoleSince
from airflow_entra.audit.actors import Actor
from airflow_entra.audit.audit import Audit, RoleOf
from airflow_entra.audit.checks.check import Result
from airflow_entra.audit.leavers import Left
from airflow_entra.audit.moves import Move, Roles
from airflow_entra.audit.population import Event, Night
from airflow_entra.directory.audited import Eligible
from airflow_entra.directory.changes import GRANTED
from airflow_entra.directory.who import Standing
from airflow_entra.finding import Finding
from airflow_entra.preview.drift import Difference, said
from airflow_entra.report.findings import COLUMNS, counted, rows
from airflow_entra.report.who import row
from airflow_entra.words import many

Row = tuple[str, ...]
FINDINGS = "findings"
"""The name of the table that text, Markdown and JSON write as every other command does."""


@dataclass(frozen=True)
class Table:
    """`name` is a table's handle for `--table`; `empty` is what is said instead of no rows."""

    name: str
    title: str
    columns: Row
    rows: Sequence[Row]
    empty: str


def conclusion(audit: Audit) -> str:
    """One line: how it stands."""
    admitted = sum(one.refused is None for one in audit.standings)
    skipped = sum(result.skipped is not None for result in audit.results)
    more = f"; {skipped} of {many(len(audit.results), 'check')} not looked at" if skipped else ""
    people = many(admitted, "person", "people")
    drifted = "" if audit.drift is None else f" (drift: {_counted(audit.drift)})"
    return f"Stack {audit.stack}: {people} may sign in; findings: {counted(audit.findings, 'none')}{drifted}{more}."


def _counted(differences: Sequence[Difference] | Finding) -> str:
    if isinstance(differences, Finding):
        return "not known"
    return many(len(differences), "difference") if differences else "no difference"


def tables(audit: Audit) -> list[Table]:
    """All of them, in the order of the report."""
    return [
        Table(FINDINGS, "Findings", (*COLUMNS, "Controls"), _findings(audit.findings), "None."),
        *([] if audit.drift is None else [_drift(() if isinstance(audit.drift, Finding) else audit.drift, audit)]),
        Table(
            "checks",
            "Checks",
            ("Check", "Holds", "Asked", "Controls"),
            [_check(one) for one in audit.results],
            "None.",
        ),
        Table(
            "access",
            "Who has access",
            ("Person", "Signs in as", "Airflow roles", "Through", "Account", "Last sign-in", "Why not", "Object id"),
            [*(_access(one, audit) for one in audit.standings), *map(_eligible, audit.eligible)],
            "Nobody: no group of the stack has a member.",
        ),
        Table(
            "roles",
            "What a role may do",
            ("Role", "May", "Groups", "People"),
            [_role(role, audit) for role in audit.roles],
            "None.",
        ),
        Table(
            "declared",
            "Roles of groups, and the commits that gave them",
            ("Role", "Group", "Commit", "Author", "When", "Approved by", "Subject"),
            [_declared(one) for one in audit.declared],
            "None.",
        ),
        Table(
            "programs",
            "Programs, owners and readers",
            ("Name", "What", "Role", "Object id"),
            list(_programs(audit)),
            "No program is assigned, and nobody owns the application.",
        ),
        Table(
            "left",
            "Access taken",
            (
                *("When", "What", "Whom", "Group", "Roles lost", "Roles kept", "By", "Airflow", "Last access"),
                *("Session ended", "Seconds after", "Object id", "By id"),
            ),
            [_left(one, audit) for one in audit.left],
            _empty("Nobody in this time, as far as the directory's log goes.", audit),
        ),
        Table(
            "grants",
            "Access given",
            ("When", "What", "Whom", "Group", "Roles given", "Roles now", "By", "Object id", "By id"),
            [_granted(move) for move in audit.moves if move.change.activity in GRANTED],
            _empty("To nobody in this time, as far as the directory's log goes.", audit),
        ),
        Table(
            "population",
            "Joiners, movers, leavers, role changes, activations, rotations, deployments",
            (
                *("When", "Kind", "What", "Who", "Roles before", "Roles after", "Group", "By", "Approved by"),
                *(
                    "Pull request",
                    "Commit",
                    "Session",
                    "Session ended",
                    "Seconds after",
                    "Source",
                    "Object id",
                    "By id",
                ),
            ),
            [_event(event) for event in audit.events],
            _empty("Nothing in this time, as far as the directory's log goes.", audit),
        ),
        *([] if audit.nights is None else [_nights(audit.nights)]),
        Table(
            "actions",
            "What people did in Airflow",
            ("When", "Who", "What", "Airflow", "How it is known", "Object id"),
            [
                (_moment(one.at), one.actor.name, one.what, one.airflow, *_known(one.actor))
                for one in sorted(audit.deeds, key=lambda one: one.at)
            ],
            "Nothing in this time, or no records were given (--airflow).",
        ),
        Table(
            "runs",
            "Runs, tasks and who is behind them",
            ("When", "DAG", "Run", "Task", "Try", "State", "Who", "Airflow", "How it is known", "Object id"),
            [
                (
                    _moment(one.at),
                    one.dag,
                    one.run,
                    one.task or "",
                    str(one.try_number or ""),
                    one.state or "",
                    one.actor.name,
                    one.airflow,
                    *_known(one.actor),
                )
                for one in audit.started
            ],
            "None in this time, or no records were given (--airflow).",
        ),
    ]


def _findings(findings: Sequence[Finding]) -> list[Row]:
    return [(*row, ", ".join(one.controls)) for row, one in zip(rows(findings), findings, strict=True)]


def _drift(differences: Sequence[Difference], audit: Audit) -> Table:
    return Table(
        "drift",
        "Drift: the stack file, Pulumi's state and the tenant",
        ("Resource", "Property", "Stack file", "State", "Tenant", "Who wins", "How to settle it", "Changed by"),
        [
            (
                one.resource,
                one.path or "(all of it)",
                *(said(value) for value in (one.declared, one.state, one.live)),
                one.wins,
                one.settle,
                one.by,
            )
            for one in differences
        ],
        "Not known: see the findings." if isinstance(audit.drift, Finding) else "None: all three say the same.",
    )


def not_seen(audit: Audit) -> Iterable[str]:
    """What the reading identity may not ask, so that nobody takes silence for an answer."""
    return audit.denied


def _check(result: Result) -> Row:
    parts = [*(["no"] if result.findings else []), *([f"not looked at: {result.skipped}"] if result.skipped else [])]
    return result.check.name, "; ".join(parts) or "yes", result.check.asks, ", ".join(result.check.controls)


def _empty(said: str, audit: Audit) -> str:
    return said if audit.log_read else "Not known: the directory's log could not be read."


def _role(role: RoleOf, audit: Audit) -> Row:
    people = sum(any(held.role == role.name for held in one.roles) for one in audit.standings)
    return role.name, "; ".join(role.may), ", ".join(role.groups), str(people)


def _programs(audit: Audit) -> Iterable[Row]:
    for program in audit.programs:
        yield program.name, "service principal, assigned", program.role or "none", program.principal
    owned = (
        (audit.owners, "the application: may change its sign-in"),
        (audit.watcher_owners, "the watcher's registration: may read the directory as the watcher"),
    )
    for owners, what in owned:
        yield from ((owner.name, f"owner of {what}", "", owner.id) for owner in owners)
    for group in audit.groups:
        what = f"owner of group {group.name}: may change who is in it"
        yield from ((owner.name, what, "", owner.id) for owner in group.owners or ())
    for reader in audit.readers or ():
        yield reader.name, f"{reader.may} below {reader.scope}", "", reader.id


def _last_access(last: datetime | None, audit: Audit, nothing: str) -> str:
    if audit.last_access == "off":
        return "not kept"
    if last is None:
        return nothing
    return f"{last.astimezone(UTC):%Y-%m-%d}" if audit.last_access == "day" else _moment(last)


def _left(one: Left, audit: Audit) -> Row:
    move = one.move
    return (
        _moment(move.change.at),
        move.change.activity,
        move.person.name,
        move.change.group or (move.change.subject if move.change.subject_type == "Group" else ""),
        _roles(move.lost),
        _roles(move.after),
        move.change.by,
        one.airflow,
        _last_access(one.last_access, audit, "none on record"),
        _moment(one.session_ended) or (f"{one.how}: {one.why}" if one.why else one.how),
        "" if one.seconds is None else f"{one.seconds:.3f}",
        move.person.id,
        move.change.by_id,
    )


def _granted(move: Move) -> Row:
    change = move.change
    group = change.group or (change.subject if change.subject_type == "Group" else "")
    given = _roles(move.gained), _roles(move.after)
    return _moment(change.at), change.activity, move.person.name, group, *given, change.by, move.person.id, change.by_id


def _event(event: Event) -> Row:
    return (
        _moment(event.at),
        event.kind,
        event.what,
        event.person,
        _roles(event.before),
        _roles(event.after),
        event.group,
        event.by,
        event.approved_by,
        event.pull_request,
        event.commit,
        event.session,
        _moment(event.session_ended),
        "" if event.seconds is None else f"{event.seconds:.3f}",
        event.source,
        event.person_id,
        event.by_id,
    )


def _nights(nights: Sequence[Night]) -> Table:
    return Table(
        "nights",
        "Nights, and the evidence that was kept",
        ("Day (UTC)", "Evidence", "A log that was read covers it"),
        [
            (f"{night.day}", ", ".join(night.kept) or "none was kept", "yes" if night.covered else "no")
            for night in nights
        ],
        "None.",
    )


def _roles(roles: Roles | None) -> str:
    return "unknown" if roles is None else ", ".join(roles) or "none"


def _declared(one: RoleSince) -> Row:
    if one.commit is None:
        return one.role, one.group, "not committed", "", "", "", ""
    commit = one.commit
    approved = commit.approved_by or "not in the commit: see the pull request"
    return one.role, one.group, commit.id[:12], commit.author, _moment(commit.at), approved, commit.subject


def _access(one: Standing, audit: Audit) -> Row:
    name, sign_in_name, roles, through, why_not = row(one)
    last = audit.last_sign_in.get(one.person.id.lower())
    account = "disabled" if not one.person.enabled else "guest" if one.person.guest else "member"
    return name, sign_in_name, roles, through, account, _last_access(last, audit, ""), why_not, one.person.id


def _eligible(one: Eligible) -> Row:
    until = f"until {_moment(one.until)}" if one.until else "with no end"
    return one.name, "", "none before activation", one.group, f"eligible through PIM, {until}", "", "", one.id


def _known(actor: Actor) -> tuple[str, str]:
    return actor.why, actor.object_id or ""


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return moment.astimezone(UTC).isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")
