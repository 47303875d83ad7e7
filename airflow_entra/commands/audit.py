"""Audits a stack: the live directory asked, and what its Airflows wrote down read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from airflow_entra.access.permissions import scopes
from airflow_entra.access.role_history import roles_since
from airflow_entra.audit.audit import Audit, audit
from airflow_entra.audit.evidence import keep
from airflow_entra.audit.records import Records, parse
from airflow_entra.commands.drift import drift_of
from airflow_entra.directory.audited import read
from airflow_entra.errors import UserError, on_disk
from airflow_entra.escape.spreadsheet import csv_text
from airflow_entra.files import read_lines
from airflow_entra.local.world import World
from airflow_entra.report.audit import render
from airflow_entra.report.audit_tables import tables
from airflow_entra.settings.history import head, versions
from airflow_entra.settings.watching import watcher_credential
from airflow_entra.target import asking, target_of


def audit_stack(world: World, stack: str, files: Iterable[Path], *, days: int, drifted: bool, port: int) -> Audit:
    """The audit of the last `days`, with the records in `files`, one for each Airflow; `drifted` asks Pulumi too.

    `port` is where a local tenant is started that isn't running; 0 for any. Raises `SettingsError` for a wrong stack
    file and `UserError` for all else.
    """
    declared = world.declared(stack)
    settings = declared.settings
    target = target_of(world, declared, port=port)
    now = datetime.now(UTC)
    since = now - timedelta(days=days)
    records = [_of_file(file) for file in files] or list(target.records(since))
    with asking(target, audits=True) as clients:
        known = {session.object_id for record in records for session in record.sessions}
        audited = read(clients.graph, declared, since, known)
        differences = drift_of(target, stack, clients.graph, since) if drifted else None
    found = audit(
        audited,
        _by_url(records, audited.rules.client_id),
        declared=scopes(settings.sign_in),
        credential=settings.credential,
        watcher_credential=watcher_credential(settings),
        now=now,
        since=since,
    )
    return replace(found, drift=differences, declared=tuple(roles_since(declared, versions(world.stack_file(stack)))))


def keep_evidence(world: World, place: Path, found: Audit) -> Path:
    """Keep an audit below `place`, with the stack file that it was held against; the folder. Raises UserError."""
    file = world.stack_file(found.stack)
    files = {
        "audit.html": render(found, "html"),
        "audit.json": render(found, "json"),
        **{f"{table.name}.csv": csv_text(table.columns, table.rows) for table in tables(found)},
        file.name: file.read_text("utf-8"),
    }
    facts = {"stack": found.stack, "commit": head(file.parent), "airflowEntra": version("airflow-entra")}
    with on_disk("keep the evidence", place):
        return keep(place, found.at, facts, files)


def _of_file(file: Path) -> Records:
    with on_disk("read the records", file):
        return parse(read_lines(file), str(file))


def _by_url(records: Iterable[Records], client_id: str) -> Mapping[str, Records]:
    found: dict[str, Records] = {}
    for one in records:
        if one.client_id.lower() != client_id.lower():
            raise UserError(
                f"the records of {one.url} are of stack {one.stack} (application {one.client_id}), and the one that is "
                f"audited is application {client_id}: give the records of an Airflow of this stack"
            )
        found[one.url] = one
    return found
