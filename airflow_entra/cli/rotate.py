"""airflow-entra rotate: a new client secret, and no failed sign-in."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import click

from airflow_entra.cli.common import Form, format_option, told
from airflow_entra.cli.output import result, say
from airflow_entra.local.world import project_world, workspace


@click.command(name="rotate")
@click.option("--stack", required=True, help="The deployed stack whose client secret is rotated.")
@click.option("--now", "at_once", is_flag=True, help="After a leak: replace both secrets, due or not.")
@click.option("--dry-run", is_flag=True, help="Say what is due and touch nothing; exit code 1 where something is.")
@format_option
def command(stack: str, at_once: bool, dry_run: bool, form: Form) -> None:
    """Replace the older of the two client secrets when `rotateEvery` is over; else say when that is. Run it daily.

    With `revocation: watch` the watcher's two as well. The vault gets the new secret once Entra takes it, and Airflow
    finds it there without a restart. Nothing else of the stack is touched. Uses Pulumi, the backend and the ARM_*
    identity of the environment, as `pulumi up` does.
    """
    from airflow_entra.recovery.recover import tenant_clients
    from airflow_entra.rotation.engine import Engine, EngineError
    from airflow_entra.rotation.leftovers import GraphEntra
    from airflow_entra.rotation.report import conclusion, render_all
    from airflow_entra.rotation.rotate import Rotate, proofs
    from airflow_entra.settings import load

    with told(EngineError):
        world = project_world()
        stack_file = world.existing_stack_file(stack)
        engine = Engine(workspace() or world.project, stack, os.environ)
        settings = load(stack_file)
        entra = GraphEntra(lambda: tenant_clients(settings.tenant_id, settings.subscription_id or "").graph)
        rotate = Rotate(stack, stack_file, settings, engine, entra, datetime.now(UTC), say, proofs(os.environ))
        rotations = rotate.run_all(at_once=at_once, dry_run=dry_run)
    result(render_all(rotations, form))
    say(conclusion(next((rotation for rotation in rotations if not rotation.fine), rotations[0])))
    sys.exit(0 if all(rotation.fine for rotation in rotations) else 1)
