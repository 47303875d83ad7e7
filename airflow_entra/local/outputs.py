"""The outputs of a deployed stack, from a file or from Pulumi; of a stack of the local world, from that world."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airflow_entra.files import read_text
from airflow_entra.local.errors import LocalError
from airflow_entra.local.world import World, workspace
from airflow_entra.pulumi.trouble import PulumiError


def stack_outputs(world: World, stack: str, file: Path | None, *, local: bool) -> dict[str, Any]:
    """The stack's outputs, read from `file` where it is given; empty where it isn't deployed.

    A `local` stack is one of the local world. Of any other, Pulumi is asked with the caller's own backend: what was
    tried on the local tenant never passes for the real thing. Raises `LocalError` where Pulumi can't say.
    """
    if file is not None:
        return _parsed(read_text(file), str(file))
    if local and workspace() is None:
        return world.outputs(stack)
    return _ask_pulumi(world, stack)


def _ask_pulumi(world: World, stack: str) -> dict[str, Any]:
    from airflow_entra.pulumi.runner import Pulumi  # it brings Pulumi's own package

    try:
        return Pulumi(workspace() or world.project, os.environ, stack).outputs()
    except PulumiError as error:
        raise LocalError(
            f"Pulumi can't say the outputs of stack {stack}: {error}. Deploy it first (pulumi up --stack {stack}), or "
            f"give the outputs (--outputs FILE, from `pulumi stack output --json --stack {stack}`)"
        ) from error


def _parsed(text: str, origin: str) -> dict[str, Any]:
    try:
        outputs = json.loads(text)
    except ValueError:
        outputs = None
    if not isinstance(outputs, dict):
        raise LocalError(f"{origin} holds no JSON object with a stack's outputs")
    return outputs
