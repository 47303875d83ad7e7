"""Azure, as the identity and the backend of the caller's environment see it.

Inside `airflow-entra local run` that environment leads Azure's names to the local tenant, and Pulumi to the local
world: a production stack is then previewed, audited and rotated there as it would be in Azure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_entra import next_step
from airflow_entra.local.workspace import prepare_workspace
from airflow_entra.local.world import World, workspace
from airflow_entra.pulumi.backend import FolderBackend
from airflow_entra.pulumi.trouble import NoSuchStackError

if TYPE_CHECKING:
    from airflow_entra.audit.records import Records
    from airflow_entra.directory.clients import Clients
    from airflow_entra.pulumi.runner import Pulumi


@dataclass(frozen=True)
class Azure:
    """The target of a stack that isn't of the environment `local`."""

    world: World
    stack: str
    tenant_id: str
    subscription: str | None
    at_hand: bool = True

    @property
    def deploy_command(self) -> str:
        return next_step.up(self.stack)

    @contextmanager
    def clients(self, *, audits: bool = False) -> Iterator[Clients]:
        """One identity for everything: whether it may read sign-ins is up to its permissions."""
        from airflow_entra.directory.clients import connect

        yield connect(self.tenant_id, self.subscription)

    @property
    def own_backend(self) -> bool:
        folder = workspace()
        backend = FolderBackend.of(folder, os.environ) if folder else None
        return backend is not None and backend.folder.resolve() == self.world.backend.resolve()

    def pulumi(self, *, new_file: bool = False) -> Pulumi:
        from airflow_entra.pulumi.runner import Pulumi  # most commands ask the directory alone

        if new_file and workspace():
            prepare_workspace(self.world, lambda _: None)  # of the new file too; `local run` told what it left out
        return Pulumi(workspace() or self.world.project, os.environ, self.stack)

    def outputs(self) -> dict[str, Any]:
        """Asked of the caller's own backend: what was tried on the local tenant never passes for the real thing."""
        try:
            return self.pulumi().outputs()
        except NoSuchStackError:
            return {}

    def records(self, since: datetime) -> tuple[Records, ...]:
        """None: an Airflow elsewhere is asked in its own environment, and hands its records over as a file."""
        return ()
