"""The workspace in which Pulumi runs on the local tenant: copies of the stack files, so that the tracked ones stay.

The CLI rewrites a stack file's `secretsprovider`, `encryptedkey` and `encryptionsalt` (`stack init` drops a stack's Key
Vault key without a word), so it only ever sees copies without them. The program itself reads the tracked file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from airflow_entra.local.errors import LocalError
from airflow_entra.local.world import World, write_private

_CLI_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")


def prepare_workspace(world: World) -> None:
    """Write the workspace's Pulumi.yaml, a copy of every stack file that YAML can read, and the way to the policies."""
    try:
        (world.workspace / "stacks").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(world.workspace / "Pulumi.yaml", yaml.safe_dump(_project(world), sort_keys=False))
        for tracked in sorted(world.stacks.glob("Pulumi.*.yaml")):
            _copy(tracked, world.workspace / "stacks" / tracked.name)
        policies = world.workspace / "policies"
        if not policies.is_symlink():
            policies.symlink_to(world.project / "policies")
    except OSError as error:
        raise LocalError.from_os_error("prepare the workspace", world.workspace, error) from error


def _project(world: World) -> dict[str, Any]:
    project = yaml.safe_load((world.project / "Pulumi.yaml").read_text())
    options = dict(project["runtime"].get("options", {}))
    if "virtualenv" in options:
        options["virtualenv"] = str(world.python.parent.parent)
    return {
        "name": project["name"],
        "description": project.get("description", ""),
        "runtime": {"name": "python", "options": options},
        "main": str(Path("..", "..", ".") if world.home == world.project / ".local" else world.project),
        "stackConfigDir": "stacks",
    }


def _copy(tracked: Path, copy: Path) -> None:
    """Copy without the keys that tie the stack to its real secrets provider; keep the salt of the local one."""
    try:
        content = yaml.safe_load(tracked.read_text())
    except (yaml.YAMLError, UnicodeDecodeError):
        return
    if not isinstance(content, dict):
        return
    kept = {key: value for key, value in content.items() if key not in _CLI_KEYS}
    if copy.exists():
        salt = (yaml.safe_load(copy.read_text()) or {}).get("encryptionsalt")
        kept |= {"encryptionsalt": salt} if salt else {}
    write_private(copy, yaml.safe_dump(kept, sort_keys=False))
