"""Brings a stack whose last run was interrupted back to where `pulumi up` can go on."""

from __future__ import annotations

import time
from collections.abc import Callable

from airflow_entra.directory.clients import Clients
from airflow_entra.directory.replication import once_there
from airflow_entra.pulumi.backend import FolderBackend
from airflow_entra.pulumi.pending import Interruption, PendingCreate, interruption, settled
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import LockedError
from airflow_entra.recovery.finders import NOT_MADE, Settlement, settle

Say = Callable[[str], None]
_PAUSE = 2.0  # seconds between two looks


def recover(pulumi: Pulumi, connect: Callable[[], Clients], say: Say) -> bool:
    """Settle lock and unfinished operations of a stack. True where there was anything to settle.

    Safe to run at any time, to interrupt and to run again. Raises LockedError where another run has the stack, other
    PulumiErrors, AmbiguousError and GraphError; nothing is lost then.
    """
    backend = FolderBackend.of(pulumi.folder, pulumi.environment)
    touched = backend is not None and _settled(backend, pulumi, say)
    export = pulumi.export()
    found = interruption(export)
    if found.nothing:
        return touched
    adoptions = _adoptions(found, connect, say)
    if found.others:
        say(f"  {found.others} other unfinished steps: reading what came of them")
    pulumi.put(settled(export, adoptions))
    pulumi.refresh()
    return True


def _adoptions(found: Interruption, connect: Callable[[], Clients], say: Say) -> dict[str, str]:
    """The creates that had happened, as URN -> id."""
    if not found.creates:
        return {}
    clients = connect()
    adoptions: dict[str, str] = {}
    for create in found.creates:
        settlement = _settle(create, clients, found, say)
        say(f"  {create.name}: {settlement.note}")
        if settlement.id:
            adoptions[create.urn] = settlement.id
    return adoptions


def _settle(create: PendingCreate, clients: Clients, found: Interruption, say: Say) -> Settlement:
    """What became of a create. Entra may not show yet what was made a moment before the interruption, and it would be
    made twice: where nothing is found, it is looked for again until it would be shown."""
    known = {part for id_ in found.known_ids for part in id_.split("/")}
    waits = False
    while True:
        settlement = once_there(lambda: settle(create, clients, found.known_ids), clients.graph, known, say=say)
        recent = create.type.startswith("azuread:") and settlement.note == NOT_MADE
        left = found.written + clients.late() - time.time() if recent else 0.0
        if left <= 0:
            return settlement
        if not waits:
            say(f"  {create.name}: not to be seen; if it was made, Entra shows it within {left:.0f} s: looking again")
        waits = True
        time.sleep(min(left, _PAUSE))


def _settled(backend: FolderBackend, pulumi: Pulumi, say: Callable[[str], None]) -> bool:
    """Take away a stale lock and what is half written. True where there was anything."""
    held = list(backend.locks(pulumi.project, pulumi.stack))
    for lock in held:
        if not lock.stale:
            raise LockedError(
                f"stack {pulumi.stack} is locked by process {lock.pid} on {lock.hostname} since "
                f"{lock.taken:%Y-%m-%d %H:%M}; wait until it ends, or if it can't be running any more: "
                f"pulumi cancel --stack {pulumi.stack}"
            )
    torn = backend.remove_torn_files(pulumi.project, pulumi.stack)
    if torn:
        say("  files that were half written: removed")
    if held:
        say(f"  the lock of process {held[0].pid}, which is gone: taken away")
        pulumi.cancel()
    return bool(torn or held)
