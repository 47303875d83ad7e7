"""`pulumi up` of a stack on the local tenant, recovered first where the last one was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_entra.errors import UserError, shown
from airflow_entra.files import lock
from airflow_entra.local.run import Session
from airflow_entra.local.seed import first_members
from airflow_entra.local.tenant import running, seed
from airflow_entra.local.world import World
from airflow_entra.pulumi import PROJECT
from airflow_entra.pulumi.passing_on import in_color, on_standard_output
from airflow_entra.pulumi.trouble import PulumiError


class DeploymentError(UserError):
    """Pulumi ended early; nothing is lost, and the message says how to go on."""

    exit_code = 1


def deploy(session: Session, stack: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Run `pulumi up` with the policy pack and return the stack's outputs, secrets masked.

    Raises `DeploymentError` where Pulumi failed or was killed (it has printed why) and `UserError`.
    """
    world = session.world
    with _only_one_deploys(world, stack):
        pulumi = session.pulumi(stack)
        if world.state.interrupted(PROJECT, stack):
            say(f"The last run of stack {stack} was interrupted: settling what it left behind.")
            recover = [str(world.python), "-m", "airflow_entra.cli", "recover", "--stack", stack]
            if session.call(recover, cwd=world.project):
                raise DeploymentError(f"stack {stack} could not be recovered; see above")
        try:
            pulumi.up("--policy-pack", "policies", show=on_standard_output(), color=in_color())
        except PulumiError as error:
            stopped = running(world) is None
            why = "the local tenant stopped meanwhile, and comes up with its state again" if stopped else error
            raise DeploymentError(
                f"stack {stack} is not deployed: {why}. Run the same command again when that is mended: it goes on"
            ) from None
        outputs: dict[str, Any] = pulumi.scrub.value(world.outputs(stack))
        people = first_members(world.declared(stack), outputs)
        if people:
            seed(world, people)
        return outputs


def must_not_be_running(world: World) -> None:
    """Raises `UserError` while a deployment runs in this world, which nobody may take away from under it."""
    for lock_file in world.home.glob("deploy-*.lock"):
        stack = lock_file.stem.removeprefix("deploy-")
        with _only_one_deploys(world, stack, "end it with Ctrl-C, or wait until it ends, then run this again"):
            pass


@contextmanager
def _only_one_deploys(
    world: World,
    stack: str,
    then: str = "wait until it ends, then run this again (it will find everything done, or go on)",
) -> Iterator[None]:
    """Two at once would only fight over Pulumi's own lock, whose message tells people to break it."""
    with (world.home / f"deploy-{stack}.lock").open("w") as file:
        if not lock(file):
            raise UserError(f"another deployment of stack {stack} is running in {shown(world.home)}; {then}")
        yield
