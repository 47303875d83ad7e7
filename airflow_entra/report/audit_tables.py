"""An audit's conclusion and tables, whatever the format of its report. Cells are text as the directory gave it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_entra.access.role_history import RoleSince
from airflow_entra.audit.actors import Actor
from airflow_entra.audit.audit import Audit
from airflow_entra.audit.checks.check import Result
from airflow_entra.audit.drift import Difference, said
from airflow_entra.directory.audited import Eligible
from airflow_entra.directory.who import Standing
from airflow_entra.finding import Finding
from airflow_entra.report.findings import COLUMNS, counted, rows
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
    drifted = (
        ""
        if audit.drift is None
        else f" (drift: {many(len(audit.drift), 'difference') if audit.drift else 'no difference'})"
    )
    return f"Stack {audit.stack}: {people} may sign in; findings: {counted(audit.findings, 'none')}{drifted}{more}."


def tables(audit: Audit) -> list[Table]:
    """All of them, in the order of the report."""
    return [
        Table(FINDINGS, "Findings", (*COLUMNS, "Controls"), _findings(audit.findings), "None."),
        *([] if audit.drift is None else [_drift(audit.drift)]),
        Table("checks", "Checks", ("Check", "Holds", "Asked"), [_check(one) for one in audit.results], "None."),
        Table(
            "access",
            "Who has access",
            ("Person", "Signs in as", "Airflow roles", "Through", "Account", "Last sign-in", "Why not", "Object id"),
            [*(_access(one, audit) for one in audit.standings), *map(_eligible, audit.eligible)],
            "Nobody: no group of the stack has a member.",
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
            "Programs and owners",
            ("Name", "What", "Role", "Object id"),
            [
                *(
                    (one.name, "service principal, assigned", one.role or "none", one.principal)
                    for one in audit.programs
                ),
                *((name, "owner of the application: may change its sign-in", "", "") for name in audit.owners),
                *(
                    (name, "owner of the watcher's registration: may read the directory as the watcher", "", "")
                    for name in audit.watcher_owners
                ),
            ],
            "No program is assigned, and nobody owns the application.",
        ),
        Table(
            "left",
            "Access taken",
            ("When", "What", "Whom", "Group", "By", "Airflow", "Last access", "Session ended", "Seconds after"),
            [
                (
                    _moment(one.change.at),
                    one.change.activity,
                    one.change.subject,
                    one.change.group or "",
                    one.change.by,
                    one.airflow,
                    _moment(one.last_access) or "none on record",
                    _moment(one.session_ended) or one.how,
                    "" if one.seconds is None else f"{one.seconds:.0f}",
                )
                for one in audit.left
            ],
            "Nobody in this time, as far as the directory's log goes.",
        ),
        Table(
            "grants",
            "Access given",
            ("When", "What", "Whom", "Group", "By"),
            [
                (_moment(one.at), one.activity, one.subject, one.group or "", one.by)
                for one in sorted(audit.grants, key=lambda one: one.at)
            ],
            "To nobody in this time, as far as the directory's log goes.",
        ),
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


def _drift(differences: Sequence[Difference]) -> Table:
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
        "None: all three say the same.",
    )


def not_seen(audit: Audit) -> Iterable[str]:
    """What the reading identity may not ask, so that nobody takes silence for an answer."""
    return audit.denied


def _check(result: Result) -> Row:
    parts = [*(["no"] if result.findings else []), *([f"not looked at: {result.skipped}"] if result.skipped else [])]
    return result.check.name, "; ".join(parts) or "yes", result.check.asks


def _declared(one: RoleSince) -> Row:
    if one.commit is None:
        return one.role, one.group, "not committed", "", "", "", ""
    commit = one.commit
    approved = commit.approved_by or "not in the commit: see the pull request"
    return one.role, one.group, commit.id[:12], commit.author, _moment(commit.at), approved, commit.subject


def _access(one: Standing, audit: Audit) -> Row:
    through = dict.fromkeys(name for held in one.roles for name in (held.through or ("assigned in person",)))
    last = audit.last_sign_in.get(one.person.id.lower())
    why_not = "; ".join(part for part in (one.why, *(f"not {m.role}: {m.why}" for m in one.missed)) if part)
    account = "disabled" if not one.person.enabled else "guest" if one.person.guest else "member"
    return (
        one.person.name,
        one.person.sign_in_name,
        ", ".join(held.role for held in one.roles) or "none",
        ", ".join(through),
        account,
        _moment(last),
        why_not,
        one.person.id,
    )


def _eligible(one: Eligible) -> Row:
    until = f"until {_moment(one.until)}" if one.until else "with no end"
    return one.name, "", "none before activation", one.group, f"eligible through PIM, {until}", "", "", one.id


def _known(actor: Actor) -> tuple[str, str]:
    return actor.why, actor.object_id or ""


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
