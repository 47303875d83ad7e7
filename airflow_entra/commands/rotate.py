"""Rotates the client secrets of a deployed stack."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.local.world import World
from airflow_entra.recovery.recover import recover
from airflow_entra.rotation.leftovers import GraphEntra
from airflow_entra.rotation.rotate import Rotate, Rotation, proofs
from airflow_entra.target import asking, target_of
from airflow_entra.variables import NEEDS


def rotate_stack(
    world: World,
    stack: str,
    *,
    at_once: bool,
    dry_run: bool,
    remove_unknown: bool,
    port: int,
    say: Callable[[str], None],
    agreed: Callable[[Sequence[ApplicationCredential]], bool],
) -> tuple[Rotation, ...]:
    """The sign-on's secret, then the watcher's; see `Rotate.run_all`.

    `agreed` is asked before credentials are taken away that the stack doesn't have. `port` is where a local tenant is
    started that isn't running. Raises UserError.
    """
    declared = world.declared(stack)
    target = target_of(world, declared, port=port, say=say)
    pulumi = target.pulumi()
    pulumi.environment[NEEDS] = "no"  # an owner of the application rotates, who may do nothing else of the stack's
    with asking(target) as clients:
        rotate = Rotate(
            declared,
            world.stack_file(stack),
            pulumi,
            partial(recover, pulumi, lambda: clients, say),
            GraphEntra(lambda: clients.graph),
            datetime.now(UTC),
            say,
            proofs(os.environ),
            agreed=agreed,
        )
        return rotate.run_all(at_once=at_once, dry_run=dry_run, remove_unknown=remove_unknown)
