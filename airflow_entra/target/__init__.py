"""Where a stack is deployed: on the local tenant or in Azure. Chosen once; a command asks the target, never which."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_entra.target.target import Target, asking

if TYPE_CHECKING:
    from airflow_entra.access import DeclaredStack
    from airflow_entra.local.world import World
    from airflow_entra.settings.model import StackSettings

__all__ = ["Target", "asking", "target_at", "target_of"]

LOCAL = "local"
"""The environment of stacks whose target is the local tenant."""


def _quiet(_: str) -> None:
    """Tells nobody."""


def target_of(
    world: World, stack: DeclaredStack, *, port: int, say: Callable[[str], None] = _quiet, tried_here: bool = False
) -> Target:
    """The target of a stack that has a file; see `target_at`. `tried_here` takes the local tenant in any case."""
    settings = stack.settings
    return target_at(
        world,
        stack.name,
        LOCAL if tried_here else settings.environment,
        settings.tenant_id,
        settings.subscription_id,
        prepared_for=settings,
        port=port,
        say=say,
    )


def target_at(
    world: World,
    stack: str,
    environment: str,
    tenant_id: str,
    subscription: str | None = None,
    *,
    prepared_for: StackSettings | None = None,
    port: int,
    say: Callable[[str], None] = _quiet,
) -> Target:
    """The local tenant for the environment `local`, else Azure.

    The local tenant is prepared for some settings: what they take for granted is there. `port` is where it is started
    where it isn't running, 0 for any; `say` is told what takes long.
    """
    if environment == LOCAL:
        from airflow_entra.target.local_tenant import LocalTenant

        return LocalTenant(world, stack, tenant_id, subscription, prepared_for, port, say)
    from airflow_entra.target.azure import Azure

    return Azure(world, stack, tenant_id, subscription)
