"""The outputs of a deployed stack, from a file or from Pulumi; of a stack of the local world, from that world."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from airflow_entra.local.errors import LocalError
from airflow_entra.local.world import World, workspace
from airflow_entra.pulumi.scrub import Scrub


def stack_outputs(world: World, stack: str, file: Path | None, *, local: bool) -> dict[str, Any]:
    """The stack's outputs, read from `file` where it is given; empty where it isn't deployed.

    A `local` stack is one of the local world. Of any other, Pulumi is asked with the caller's own backend: what was
    tried on the local tenant never passes for the real thing. Raises `LocalError` where Pulumi can't say.
    """
    if file is not None:
        return _parsed(file.read_text("utf-8"), str(file))
    if local and workspace() is None:
        return checkpoint_outputs(world, stack)
    return _ask_pulumi(world, stack)


def checkpoint_outputs(world: World, stack: str) -> dict[str, Any]:
    """The outputs of a stack in the local world's own backend; none of them is a secret. Empty: not deployed."""
    try:
        resources = json.loads(world.checkpoint(stack).read_text())["checkpoint"]["latest"]["resources"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    outputs = [one.get("outputs") for one in resources or () if one.get("type") == "pulumi:pulumi:Stack"]
    return dict(outputs[0] or {}) if outputs else {}


def _ask_pulumi(world: World, stack: str) -> dict[str, Any]:
    command = ["pulumi", "stack", "output", "--json", "--stack", stack, "--non-interactive"]
    where = workspace() or world.project
    scrub = Scrub(os.environ)
    try:
        said = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LocalError(
            f"there is no pulumi on PATH to ask for the outputs of stack {stack}. Install it, or give the outputs "
            f"(--outputs FILE, from `pulumi stack output --json --stack {stack}`), or see the stack as it is on the "
            f"local tenant: airflow-entra local run -- airflow-entra render --stack {stack} ..."
        ) from None
    if said.returncode:
        raise LocalError(
            f"Pulumi can't say the outputs of stack {stack}: {scrub.text(said.stderr.strip())}. Deploy it first "
            f"(pulumi up --stack {stack}), or give the outputs: --outputs FILE"
        )
    outputs: dict[str, Any] = scrub.value(_parsed(said.stdout, "`pulumi stack output --json`"))
    return outputs


def _parsed(text: str, origin: str) -> dict[str, Any]:
    try:
        outputs = json.loads(text)
    except ValueError:
        outputs = None
    if not isinstance(outputs, dict):
        raise LocalError(f"{origin} holds no JSON object with a stack's outputs")
    return outputs
