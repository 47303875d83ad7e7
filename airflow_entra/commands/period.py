"""The population of a period: what the directory's log still tells, what was kept of the nights before, deployments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from airflow_entra.audit.audit import Audit
from airflow_entra.audit.deployments import PullRequest, deployments, pull_requests
from airflow_entra.audit.evidence import POPULATION, Kept, verify
from airflow_entra.audit.population import Event, Span, kept_events, merged, nights, told
from airflow_entra.directory.changes import reach
from airflow_entra.errors import on_disk
from airflow_entra.files import read_text
from airflow_entra.local.world import World
from airflow_entra.pulumi.trouble import PulumiError
from airflow_entra.settings.history import commits
from airflow_entra.target import target_of


def with_period(
    world: World, found: Audit, until: datetime, evidence: Path | None, pulls: Sequence[PullRequest], *, port: int
) -> Audit:
    """The audit with all that happened from its `since` until `until`.

    `evidence` is where the audits of the nights are kept. Raises UserError, and ChangedError for evidence that isn't as
    it was written.
    """
    kept = [one for one in _verified(evidence) if one.manifest.get("stack") == found.stack]
    deployed, unread = _deployed(world, found.stack, pulls, port)
    events = merged(found.events, deployed, *(_events(one) for one in kept))
    spans = [*map(_span, kept), Span(max(found.since, reach(found.licence, found.at)), found.at, covers=found.log_read)]
    return replace(
        found,
        until=until,
        events=tuple(told(events, found.since, until)),
        nights=tuple(nights(found.since, until, spans)),
        denied=(*found.denied, *unread),
    )


def requests_in(file: Path | None) -> list[PullRequest]:
    """The pull requests that the platform listed in this file; none without one. Raises UserError."""
    return pull_requests(read_text(file), str(file)) if file else []


def _verified(evidence: Path | None) -> list[Kept]:
    if evidence is None:
        return []
    with on_disk("read the evidence", evidence):
        return verify(evidence)


def _events(kept: Kept) -> Sequence[Event]:
    """None of what release 0.1.0 kept, which has no population."""
    file = kept.folder / POPULATION
    return kept_events(read_text(file), file, f"evidence {kept.folder.name}", kept.names) if file.exists() else ()


def _span(kept: Kept) -> Span:
    at = datetime.fromisoformat(str(kept.manifest["at"]))
    since = kept.manifest.get("since")
    covers = bool(since) and kept.manifest.get("logRead") is True
    return Span(datetime.fromisoformat(str(since)) if since else at, at, kept.folder.name, covers)


def _deployed(world: World, stack: str, pulls: Sequence[PullRequest], port: int) -> tuple[list[Event], tuple[str, ...]]:
    """A backend that can't be read costs the deployments alone."""
    try:
        history = target_of(world, world.declared(stack), port=port).pulumi().history()
    except PulumiError as error:
        return [], (f"deployments (Pulumi's history): {error}",)
    heads = [str((update.get("environment") or {}).get("git.head") or "") for update in history]
    known = commits(world.stack_file(stack).parent, filter(None, heads))
    return list(deployments(history, known, pulls)), ()
