"""`pulumi up` of a stack on the local tenant, recovered first where the last one was interrupted."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_entra.errors import UserError
from airflow_entra.local.errors import LocalError
from airflow_entra.local.run import Session
from airflow_entra.local.seed import first_members
from airflow_entra.local.tenant import running, seed
from airflow_entra.local.world import World
from airflow_entra.pulumi import PROJECT
from airflow_entra.pulumi.locks import locks


class DeploymentError(UserError):
    """Pulumi ended early; nothing is lost, and the message says how to go on."""

    exit_code = 1


def deploy(session: Session, stack: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Run `pulumi up` with the policy pack and return the stack's outputs, secrets masked.

    Raises `DeploymentError` where Pulumi failed or was killed (it has printed why) and `LocalError`.
    """
    world = session.world
    with _only_one_deploys(world, stack):
        session.ensure_stack(stack)
        if was_interrupted(world, stack):
            say(f"The last run of stack {stack} was interrupted: settling what it left behind.")
            recover = [str(world.python), "-m", "airflow_entra.cli", "recover", "--stack", stack]
            if session.call(recover, cwd=world.workspace):
                raise DeploymentError(f"stack {stack} could not be recovered; see above")
        _up(session, stack)
        outputs = _outputs(session, stack)
        people = first_members(world.declared(stack), outputs)
        if people:
            seed(world, people)
        return outputs


def was_interrupted(world: World, stack: str) -> bool:
    """True where a lock or an unfinished operation of an earlier run is in the world's backend."""
    return any(locks(world.backend, PROJECT, stack)) or bool(_latest_deployment(world, stack).get("pending_operations"))


def changes_of_last_update(world: World, stack: str) -> dict[str, int]:
    """What the last `pulumi up` did, by kind ("create", "same", ...), as its history says."""
    history = world.backend / ".pulumi" / "history" / PROJECT / stack
    newest = max(history.glob("*.history.json"), default=None)
    changes = json.loads(newest.read_text()).get("resourceChanges") if newest else None
    return dict(changes or {})


def _up(session: Session, stack: str) -> None:
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"]
    code = session.show([*command, "--stack", stack, "--policy-pack", "policies"])
    if code < 0:
        raise DeploymentError(f"pulumi was killed (signal {-code}); run the same command again: it goes on from there")
    if code:
        stopped = running(session.world) is None
        why = "the local tenant stopped meanwhile, and comes up with its state again" if stopped else "see above"
        raise DeploymentError(f"stack {stack} is not deployed: {why}. Run the same command again when that is mended")


def _outputs(session: Session, stack: str) -> dict[str, Any]:
    said = session.capture(["pulumi", "stack", "output", "--json", "--stack", stack])
    if said.returncode:
        raise LocalError(f"cannot read the outputs of stack {stack}: {session.scrub.text(said.stderr.strip())}")
    try:
        outputs = json.loads(said.stdout)
    except ValueError:
        outputs = None
    if not isinstance(outputs, dict):
        raise LocalError(f"cannot read the outputs of stack {stack}: Pulumi did not answer with a JSON object")
    shown: dict[str, Any] = session.scrub.value(outputs)
    return shown


def _latest_deployment(world: World, stack: str) -> dict[str, Any]:
    checkpoint = world.checkpoint(stack)
    if not checkpoint.exists():
        return {}
    return json.loads(checkpoint.read_text())["checkpoint"].get("latest") or {}


def must_not_be_running(world: World) -> None:
    """Raises `LocalError` while a deployment runs in this world, which nobody may take away from under it."""
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
    with (world.home / f"deploy-{stack}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(f"another deployment of stack {stack} is running in {world.home}; {then}") from None
        yield
