"""Audits a stack: the live directory asked, and what its Airflows wrote down read.

A local stack's directory is the local tenant, and its Airflows are those of the local world, running or not.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import httpx

from airflow_entra.access.permissions import scopes
from airflow_entra.access.role_history import roles_since
from airflow_entra.audit.audit import Audit, audit
from airflow_entra.audit.drift import Difference
from airflow_entra.audit.evidence import EvidenceError, keep
from airflow_entra.audit.records import Records, RecordsError, parse
from airflow_entra.directory.audited import read
from airflow_entra.directory.credentials import CredentialError
from airflow_entra.directory.membership import NotDeployedError
from airflow_entra.escape.spreadsheet import csv_text
from airflow_entra.local import tenant as tenants
from airflow_entra.local.airflow.environment import RELEASES
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.local.errors import LocalError
from airflow_entra.local.graph import graph_of
from airflow_entra.local.identities import AUDITOR, identities
from airflow_entra.local.seed import seed_for
from airflow_entra.local.world import World
from airflow_entra.render import FILES
from airflow_entra.report.audit import render
from airflow_entra.report.audit_tables import tables
from airflow_entra.settings.history import head, versions
from airflow_entra.settings.watching import watcher_credential
from airflow_entra_auth.graph import Graph, GraphError


def audit_stack(world: World, stack: str, files: Iterable[Path], *, days: int, drifted: bool, http_port: int) -> Audit:
    """The audit of the last `days`, with the records in `files`, one for each Airflow; `drifted` asks Pulumi too.

    Raises `SettingsError` for a wrong stack file and `LocalError` for all else.
    """
    this = world.declared(stack)
    settings = this.settings
    now = datetime.now(UTC)
    since = now - timedelta(days=days)
    records = [_of_file(file) for file in files]
    local = settings.environment == "local"
    if local and not records:
        records = list(_of_local_airflows(world, stack, since))
    try:
        if local:
            tenants.start(world, http_port)
            tenants.seed(world, seed_for(settings, identities(world).values()))  # with the auditor, in older worlds too
        with graph_of(world, settings.tenant_id, local=local, http_port=http_port, identity=AUDITOR) as graph:
            known = {one.object_id for some in records for one in some.sessions}
            audited = read(graph, this, since, known)
            differences = _drift(world, stack, graph, since, local, http_port) if drifted else None
    except NotDeployedError as missing:
        how = f"airflow-entra local deploy --stack {stack}" if local else f"pulumi up --stack {stack}"
        raise LocalError(f"{missing}: `{how}` makes it") from missing
    except CredentialError as problem:
        raise LocalError(str(problem)) from problem
    except (GraphError, httpx.TransportError) as problem:
        raise LocalError(f"Microsoft Graph did not answer: {problem}") from problem
    found = audit(
        audited,
        _by_url(records, audited.rules.client_id),
        declared=scopes(settings.sign_in),
        credential=settings.credential,
        watcher_credential=watcher_credential(settings),
        now=now,
        since=since,
    )
    return replace(found, drift=differences, declared=tuple(roles_since(this, versions(world.stack_file(stack)))))


def _drift(
    world: World, stack: str, graph: Graph, since: datetime, local: bool, http_port: int
) -> tuple[Difference, ...]:
    from airflow_entra.commands.drift import drift_of  # it brings Pulumi's own package

    return drift_of(world, stack, graph, since, local, http_port)


def keep_evidence(world: World, place: Path, found: Audit) -> Path:
    """Keep an audit below `place`, with the stack file that it was held against; the folder. Raises LocalError."""
    file = world.stack_file(found.stack)
    files = {
        "audit.html": render(found, "html"),
        "audit.json": render(found, "json"),
        **{f"{table.name}.csv": csv_text(table.columns, table.rows) for table in tables(found)},
        file.name: file.read_text("utf-8"),
    }
    facts = {"stack": found.stack, "commit": head(file.parent), "airflowEntra": version("airflow-entra")}
    try:
        return keep(place, found.at, facts, files)
    except EvidenceError as error:
        raise LocalError(str(error)) from error
    except OSError as error:
        raise LocalError.from_os_error("keep the evidence", place, error) from error


def _of_file(file: Path) -> Records:
    try:
        with file.open(encoding="utf-8") as lines:
            return parse(lines, str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"cannot read {file}: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from error
    except RecordsError as error:
        raise LocalError(str(error)) from error


def _of_local_airflows(world: World, stack: str, since: datetime) -> Iterator[Records]:
    for release in RELEASES.values():
        folder = world.home / "airflow" / stack / release
        if (folder / "airflow.db").exists():
            yield _of_home(AirflowHome.at(folder, release), since)


def _of_home(home: AirflowHome, since: datetime) -> Records:
    command = [str(home.python), "-m", "airflow_entra_auth.records", "--since", since.isoformat(timespec="seconds")]
    sign_on = {"AIRFLOW_ENTRA_SIGN_ON": str(home.folder / FILES["roles"])}
    said = subprocess.run(
        command, env=home.environment(0) | sign_on, cwd=home.folder, capture_output=True, text=True, check=False
    )
    if said.returncode:
        raise LocalError(f"Airflow {home.version} in {home.folder} gave no records: {said.stderr.strip()[-500:]}")
    try:
        return parse(said.stdout.splitlines(), f"Airflow {home.version}")
    except RecordsError as error:
        raise LocalError(str(error)) from error


def _by_url(records: Iterable[Records], client_id: str) -> Mapping[str, Records]:
    found: dict[str, Records] = {}
    for one in records:
        if one.client_id.lower() != client_id.lower():
            raise LocalError(
                f"the records of {one.url} are of stack {one.stack} (application {one.client_id}), and the one that is "
                f"audited is application {client_id}: give the records of an Airflow of this stack"
            )
        found[one.url] = one
    return found
