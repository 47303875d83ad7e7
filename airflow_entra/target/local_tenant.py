"""The local tenant and the local world around it: started where they aren't running, seeded for the stack.

What only some commands ask is imported when they ask: a preview needs neither httpx nor Airflow's files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_entra.local import fault
from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import AUDITOR, FULL, identities
from airflow_entra.local.seed import seed_for
from airflow_entra.local.world import World, workspace
from airflow_entra.settings.model import StackSettings
from airflow_entra.target.azure import Azure

if TYPE_CHECKING:
    from airflow_entra.audit.records import Records
    from airflow_entra.directory.clients import Clients
    from airflow_entra.pulumi.runner import Pulumi


@dataclass(frozen=True)
class LocalTenant:
    """The target of a stack of the environment `local`. `port` is where the tenant is started; 0 for any."""

    world: World
    stack: str
    tenant_id: str
    subscription: str | None
    prepared_for: StackSettings | None
    port: int
    say: Callable[[str], None]

    @property
    def deploy_command(self) -> str:
        return f"airflow-entra local deploy --stack {self.stack}"

    @property
    def at_hand(self) -> bool:
        return workspace() is not None

    @property
    def _inside(self) -> Azure:
        """What a command of `local run` sees."""
        return Azure(self.world, self.stack, self.tenant_id, self.subscription)

    @contextmanager
    def clients(self, *, audits: bool = False) -> Iterator[Clients]:
        """As the deploying identity, or as the one that audits; inside `local run` as the identity chosen there."""
        from airflow_entra.local.clients import clients_of

        tenant = tenants.start(self.world, self.port)
        if self.prepared_for:
            tenants.seed(self.world, seed_for(self.prepared_for, identities(self.world).values()))
        identity = AUDITOR if audits else FULL
        own = clients_of(self.world, tenant, self.tenant_id, self.subscription, identity=identity)
        with self._inside.clients() if workspace() and not audits else own as clients:
            yield replace(clients, late=self._late)

    def _late(self) -> float:
        """A second more than the fault says, where there is one: a local tenant shows everything at once otherwise."""
        faults = fault.read(self.world)
        return faults.unseen / 1000 + 1 if faults and faults.unseen else 0.0

    @property
    def own_backend(self) -> bool:
        return self._inside.own_backend if workspace() else True

    def pulumi(self, *, new_file: bool = False) -> Pulumi:
        from airflow_entra.local.run import open_session
        from airflow_entra.pulumi.runner import Pulumi  # most commands ask the directory alone

        if workspace():
            return self._inside.pulumi(new_file=new_file)
        session = open_session(self.world, [self.stack], http_port=self.port, say=self.say)
        return Pulumi(self.world.workspace, session.environment, self.stack)

    def outputs(self) -> dict[str, Any]:
        return self.world.outputs(self.stack)

    def records(self, since: datetime) -> Iterator[Records]:
        """Those of the stack's Airflows on this machine, running or not."""
        from airflow_entra.local.airflow.records import records_of

        return records_of(self.world, self.stack, since)
