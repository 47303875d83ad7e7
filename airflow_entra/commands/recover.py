"""Settles what an interrupted `pulumi up` of a stack left."""

from __future__ import annotations

from collections.abc import Callable

from airflow_entra.local.world import World
from airflow_entra.recovery.recover import recover
from airflow_entra.target import asking, target_of


def recover_stack(world: World, stack: str, *, port: int, say: Callable[[str], None]) -> bool:
    """True where there was anything to settle. `port` is where a local tenant is started that isn't running.

    Raises what `recover` raises, and UserError.
    """
    target = target_of(world, world.declared(stack), port=port, say=say)
    with asking(target) as clients:
        return recover(target.pulumi(), lambda: clients, say)
