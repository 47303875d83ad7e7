"""Airflow's configuration for a deployed stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow_entra.errors import UserError
from airflow_entra.files import read_object
from airflow_entra.local.world import World
from airflow_entra.pulumi.trouble import PulumiError
from airflow_entra.render import Places, SecretPlaces, facts, render
from airflow_entra.render import Target as File
from airflow_entra.target import Target, target_of


def rendered(
    world: World,
    stack: str,
    files: Sequence[File],
    outputs: Path | None,
    *,
    version: str | None,
    url: str | None,
    at: str,
    secrets: SecretPlaces,
    stock: bool,
) -> dict[File, str]:
    """The text of each file. The stack's outputs are read from a file, or else from where it is deployed.

    `at` is the folder in which Airflow finds its files, `secrets` where it finds a secret that isn't in the key vault.
    Raises UserError.
    """
    declared = world.declared(stack)
    known = read_object(outputs, "a stack's outputs") if outputs else _asked(target_of(world, declared, port=0), stack)
    said = facts(declared, known, version=version, url=url, places=Places.below(at), secrets=secrets)
    return {file: render(file, said, stock=stock) for file in files}


def _asked(target: Target, stack: str) -> dict[str, Any]:
    instead = f"or give the outputs: --outputs FILE, from `pulumi stack output --json --stack {stack}`"
    try:
        outputs = target.outputs()
    except PulumiError as error:
        raise PulumiError(f"the outputs of stack {stack} are not to be had: {error}; {instead}") from error
    if not outputs:
        raise UserError(f"stack {stack} is not deployed: `{target.deploy_command}` deploys it; {instead}")
    return outputs
