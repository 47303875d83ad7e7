"""airflow-entra rotate: a new client secret, and no failed sign-in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from airflow_entra.cli.common import Form, format_option, target_port_option
from airflow_entra.cli.output import agreed, can_ask, result, say, width
from airflow_entra.local.world import project_world

if TYPE_CHECKING:
    from airflow_entra.directory.application_credentials import ApplicationCredential


@click.command(name="rotate")
@click.option("--stack", required=True, help="The deployed stack whose client secret is rotated.")
@click.option("--now", "at_once", is_flag=True, help="After a leak: replace both secrets, due or not.")
@click.option("--dry-run", is_flag=True, help="Say what is due and touch nothing; exit code 1 where something is.")
@click.option(
    "--remove-unknown", is_flag=True, help="With --now: take away credentials of the application that the stack lacks."
)
@target_port_option
@format_option
def command(stack: str, at_once: bool, dry_run: bool, remove_unknown: bool, port: int, form: Form) -> None:
    """Replace the older of the two client secrets when `rotateEvery` is over; else say when that is. Run it daily.

    With `revocation: watch` the watcher's two as well. The vault gets the new secret once Entra takes it, and Airflow
    finds it there without a restart. Nothing else of the stack is touched. Uses Pulumi, the backend and the ARM_*
    identity of the environment, as `pulumi up` does.

    With --now every credential of the stack's applications is looked at, too: one that the stack doesn't have, or a
    look that is denied, is a finding and exit code 1, since whoever leaked the secret may have made another.
    """
    if remove_unknown and not at_once:
        raise click.UsageError("--remove-unknown goes with --now: first the stack's own secret, then the others")
    from airflow_entra.commands.rotate import rotate_stack
    from airflow_entra.finding import exit_code
    from airflow_entra.rotation.report import conclusion, render

    rotations = rotate_stack(
        project_world(),
        stack,
        at_once=at_once,
        dry_run=dry_run,
        remove_unknown=remove_unknown,
        port=port,
        say=say,
        agreed=_agreed,
    )
    result(render(rotations, form, width()))
    say(conclusion(next((rotation for rotation in rotations if not rotation.fine), rotations[0])))
    sys.exit(exit_code((finding for rotation in rotations for finding in rotation.findings), "warning"))


def _agreed(found: Sequence[ApplicationCredential]) -> bool:
    """A person at a terminal sees first what would go; elsewhere --remove-unknown says it all."""
    from airflow_entra.rotation.unknown import words

    say("The stack doesn't have:")
    for credential in found:
        say(f"  {words(credential)}")
    return not can_ask() or agreed("Take away? What uses one of them stops working")
