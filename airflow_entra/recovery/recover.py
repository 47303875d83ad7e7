"""Brings a stack whose last run was interrupted back to where `pulumi up` can go on."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from airflow_entra.errors import UserError
from airflow_entra.pulumi import PROJECT
from airflow_entra.pulumi.locks import locks
from airflow_entra.pulumi.pending import Interruption, interruption, settled
from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.pulumi.torn import remove_torn_files
from airflow_entra.pulumi.trouble import LOCKED
from airflow_entra.recovery.finders import Clients, settle
from airflow_entra_auth.azure import RESOURCE_MANAGER


class RecoveryError(UserError):
    """The stack could not be brought back; nothing was lost, and the message says what to do."""


@dataclass(frozen=True)
class Place:
    """Where Pulumi runs: its project's name and folder, and the environment that says which backend."""

    project: str = PROJECT
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def pulumi(self, *arguments: str, stdin: str = "") -> str:
        """Run the command and return what it says. Raises RecoveryError."""
        try:
            done = subprocess.run(
                ["pulumi", *arguments],
                cwd=self.folder,
                env=dict(self.environment),
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise RecoveryError("there is no `pulumi` on PATH") from None
        if done.returncode:
            said = "\n".join(part.strip() for part in (done.stdout, done.stderr) if part.strip())
            masked = Scrub(self.environment).text(said)
            raise RecoveryError(f"pulumi {' '.join(arguments[:2])} failed:\n{masked}")
        return done.stdout

    def export(self, stack: str) -> dict[str, Any]:
        """The stack's state. Raises RecoveryError."""
        try:
            export = json.loads(self.pulumi("stack", "export", "--stack", stack))
        except ValueError:
            export = None
        if not isinstance(export, dict):
            raise RecoveryError("pulumi stack export did not answer with a JSON object") from None
        return export


def recover(stack: str, connect: Callable[[], Clients], say: Callable[[str], None], place: Place | None = None) -> bool:
    """Settle lock and unfinished operations of `stack`. True where there was anything to settle.

    Safe to run at any time, to interrupt and to run again. Raises RecoveryError, AmbiguousError, GraphError.
    """
    place = place or Place()
    lock_was_stale = _cancel_stale_lock(stack, say, place)
    export = place.export(stack)
    found = interruption(export)
    if found.nothing:
        return lock_was_stale
    adoptions = _adoptions(found, connect, say)
    if found.others:
        say(f"  {found.others} other unfinished steps: reading what came of them")
    place.pulumi("stack", "import", "--stack", stack, stdin=json.dumps(settled(export, adoptions)))
    place.pulumi("refresh", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs", "--stack", stack)
    return True


def _adoptions(found: Interruption, connect: Callable[[], Clients], say: Callable[[str], None]) -> dict[str, str]:
    """The creates that had happened, as URN -> id."""
    if not found.creates:
        return {}
    clients = connect()
    adoptions: dict[str, str] = {}
    for create in found.creates:
        settlement = settle(create, clients, found.known_ids)
        say(f"  {create.name}: {settlement.note}")
        if settlement.id:
            adoptions[create.urn] = settlement.id
    return adoptions


def _cancel_stale_lock(stack: str, say: Callable[[str], None], place: Place) -> bool:
    backend = _folder_backend(place.environment)
    held = list(locks(backend, place.project, stack)) if backend else []
    if not held:
        return False
    for lock in held:
        if not lock.stale:
            raise RecoveryError(
                f"stack {stack}: {LOCKED} by process {lock.pid} on {lock.hostname} since {lock.taken:%Y-%m-%d %H:%M}; "
                f"wait until it ends, or if it can't be running any more: pulumi cancel --stack {stack}"
            )
    if backend and remove_torn_files(backend):
        say("  files that were half written: removed")
    say(f"  the lock of process {held[0].pid}, which is gone: taken away")
    place.pulumi("cancel", "--yes", "--stack", stack)
    return True


def _folder_backend(environment: Mapping[str, str]) -> Path | None:
    url = urlsplit(environment.get("PULUMI_BACKEND_URL", ""))
    return Path(unquote(url.netloc + url.path)) if url.scheme == "file" else None


def tenant_clients(tenant_id: str, subscription: str) -> Clients:
    """Graph and Azure Resource Manager as the identity in the ARM_* variables sees them."""
    from airflow_entra.directory.credentials import ARM, GRAPH, token_source
    from airflow_entra_auth.graph import Graph

    def client(scope: str, **base: Any) -> Graph:
        return Graph(token_source(scope, tenant_id), **base)

    return Clients(client(GRAPH), client(ARM, base=RESOURCE_MANAGER), subscription)
