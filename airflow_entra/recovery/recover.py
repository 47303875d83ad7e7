"""Brings a stack whose last run was interrupted back to where `pulumi up` can go on."""

from __future__ import annotations

from collections.abc import Callable

from airflow_entra.directory.clients import Clients
from airflow_entra.pulumi.backend import FolderBackend
from airflow_entra.pulumi.pending import Interruption, interruption, settled
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import LockedError
from airflow_entra.recovery.finders import settle


def recover(pulumi: Pulumi, connect: Callable[[], Clients], say: Callable[[str], None]) -> bool:
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
