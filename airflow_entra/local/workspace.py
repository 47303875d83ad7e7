"""The workspace in which Pulumi runs on the local tenant: copies of the stack files, so that the tracked ones stay.

The CLI rewrites what a stack file says of the key of its secrets, so it only ever sees copies without that. The program
itself reads the tracked file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from airflow_entra.errors import on_disk, shown
from airflow_entra.files import write_private
from airflow_entra.local.world import World
from airflow_entra.pulumi.backend import declaration, salt, without_key
from airflow_entra.settings.document import NotYaml
from airflow_entra.settings.source import content
from airflow_entra.settings.stack_file import FOLDER, stack_files


def prepare_workspace(world: World, say: Callable[[str], None]) -> None:
    """Write the workspace's Pulumi.yaml, a copy of every readable stack file, and the way to the policies.

    `say` is told which stack file can't be read: it stops no other stack.
    """
    with on_disk("prepare the workspace", world.workspace):
        (world.workspace / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(world.workspace / "Pulumi.yaml", yaml.safe_dump(_project(world), sort_keys=False))
        for tracked in stack_files(world.stacks):
            _copy(tracked, world.workspace / FOLDER / tracked.name, say)
        _lead(world.workspace / "policies", world.project / "policies")
        _lead(world.workspace / ".venv", world.python.parent.parent)  # the policy pack names it as ../.venv


def _project(world: World) -> dict[str, Any]:
    return {**declaration(world.project), "main": str(world.project)}


def _lead(link: Path, target: Path) -> None:
    if not link.is_symlink():
        link.symlink_to(target)


def _copy(tracked: Path, copy: Path, say: Callable[[str], None]) -> None:
    """Copy without the keys that tie the stack to its real secrets provider; keep the salt of the local one."""
    try:
        found = content(tracked)
    except NotYaml as error:
        say(f"{shown(tracked)}: left out, as it can't be read: {error}")
        return
    if not isinstance(found, dict):
        say(f"{shown(tracked)}: left out, as it has no sections")
        return
    write_private(copy, yaml.safe_dump(without_key(found) | salt(copy), sort_keys=False))
