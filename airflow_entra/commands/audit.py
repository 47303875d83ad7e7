"""Audits a stack: the live directory asked, and what its Airflows wrote down read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from airflow_entra.access.permissions import scopes
from airflow_entra.access.role_history import RoleSince, roles_since
from airflow_entra.access.vault import VaultPlace
from airflow_entra.audit.audit import Audit, audit
from airflow_entra.audit.evidence import POPULATION, Kept, keep
from airflow_entra.audit.names import Names, declared_without_names, records_without_names, without_names
from airflow_entra.audit.records import Records, parse
from airflow_entra.commands.drift import drift_of
from airflow_entra.directory.audited import Audited, read
from airflow_entra.directory.clients import Clients
from airflow_entra.directory.vaults import Reader, secret_readers
from airflow_entra.errors import UserError, on_disk
from airflow_entra.escape.json_text import document
from airflow_entra.escape.spreadsheet import csv_text
from airflow_entra.files import read_lines
from airflow_entra.finding import Finding
from airflow_entra.local.world import World
from airflow_entra.preview.drift import Difference
from airflow_entra.report.audit import population, render
from airflow_entra.report.audit_tables import tables
from airflow_entra.settings.history import head, versions
from airflow_entra.settings.model import StackSettings, VaultSecret
from airflow_entra.settings.watching import watcher_credential
from airflow_entra.target import asking, target_of
from airflow_entra_auth.graph import Graph, GraphError


@dataclass(frozen=True)
class Seen:
    """All that was asked about a stack; its audit is worked out of it, with names and without."""

    settings: StackSettings
    audited: Audited
    airflows: Mapping[str, Records]
    declared: tuple[RoleSince, ...]
    since: datetime
    now: datetime
    readers: tuple[Reader, ...] | None
    differences: tuple[Difference, ...] | Finding | None = None

    @property
    def audit(self) -> Audit:
        """With the names of people."""
        found = audit(
            self.audited,
            self.airflows,
            settings=self.settings,
            readers=self.readers,
            declared=scopes(self.settings.sign_in),
            credential=self.settings.credential,
            watcher_credential=watcher_credential(self.settings),
            now=self.now,
            since=self.since,
        )
        return replace(found, drift=self.differences, declared=self.declared)

    def without_names(self, names: Names) -> Seen:
        """The same with object ids in place of people's names, which go into `names`."""
        return replace(
            self,
            audited=without_names(self.audited, names),
            airflows=records_without_names(self.airflows, names),
            declared=declared_without_names(self.declared, names),
            readers=self.readers
            and tuple(replace(reader, name=names.of_id(reader.id, name=reader.name)) for reader in self.readers),
            differences=self.differences
            if self.differences is None or isinstance(self.differences, Finding)
            else tuple(_nameless(one, names) for one in self.differences),
        )


def audit_stack(
    world: World, stack: str, files: Iterable[Path], *, since: datetime, now: datetime, drifted: bool, port: int
) -> Seen:
    """What happened since a moment and how it stands, with the records in `files`, one for each Airflow; `drifted` asks
    Pulumi too.

    `port` is where a local tenant is started that isn't running; 0 for any. Raises `SettingsError` for a wrong stack
    file and `UserError` for all else.
    """
    declared = world.declared(stack)
    target = target_of(world, declared, port=port)
    records = [_of_file(file) for file in files] or list(target.records(since))
    with asking(target, audits=True) as clients:
        known = {session.object_id for record in records for session in record.sessions}
        audited = read(clients.graph, declared, since, known)
        readers, unread = _readers(clients, declared.settings)
        differences = drift_of(target, stack, clients.graph, since) if drifted else None
    return Seen(
        declared.settings,
        replace(audited, denied=(*audited.denied, *unread)),
        _by_url(records, audited.rules.client_id),
        tuple(roles_since(declared, versions(world.stack_file(stack)))),
        since,
        now,
        readers,
        differences,
    )


def keep_evidence(world: World, place: Path, seen: Seen) -> Kept:
    """Keep an audit below `place`, with the stack file that it was held against; names lie in a file of their own.

    Raises UserError.
    """
    names = Names()
    found = replace(seen.without_names(names).audit, last_access=seen.settings.sign_in.last_access)
    file = world.stack_file(found.stack)
    files = {
        POPULATION: document(population(found)),
        "audit.html": render(found, "html"),
        "audit.json": render(found, "json"),
        **{f"{table.name}.csv": csv_text(table.columns, table.rows) for table in tables(found)},
        file.name: file.read_text("utf-8"),
    }
    facts = {
        "stack": found.stack,
        "commit": head(file.parent),
        "airflowEntra": version("airflow-entra"),
        "since": found.since.isoformat(timespec="milliseconds"),
        "logRead": found.log_read,
    }
    with on_disk("keep the evidence", place):
        return keep(place, found.at, facts, files, names.by_key)


def _readers(clients: Clients, settings: StackSettings) -> tuple[tuple[Reader, ...] | None, tuple[str, ...]]:
    """Who can read the client secret, and what could not be read of that; nobody where the stack has no vault."""
    credential = settings.credential
    if not isinstance(credential, VaultSecret):
        return (), ()
    try:
        found = secret_readers(clients.arm, VaultPlace.of(settings, credential).id)
    except GraphError as error:
        return None, (f"who can read the vault's secret: {error.code}",)
    if found is None:
        return None, ("who can read the vault's secret: the reading identity has no role there",)
    listed = frozenset(reader.lower() for reader in credential.vault.readers)
    names = _names(clients.graph, found)
    return tuple(
        replace(
            reader,
            name=names.get(reader.id.lower(), reader.id),
            declared=reader.declared or reader.id.lower() in listed,
        )
        for reader in found
    ), ()


def _names(graph: Graph, readers: Iterable[Reader]) -> Mapping[str, str]:
    """By object id, of those that the directory still has and shows."""
    try:
        shown = graph.get_by_ids(reader.id for reader in readers)
    except GraphError:
        return {}
    return {entry["id"].lower(): entry["displayName"] for entry in shown if entry.get("displayName")}


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


def _nameless(difference: Difference, names: Names) -> Difference:
    return replace(difference, by=names.label("change", difference.by)) if difference.by else difference
