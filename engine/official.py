"""Makes Pulumi's own provider plugins, where the user has them, available to a private PULUMI_HOME."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from engine.plugins import STAND_INS


class PluginsMissingError(Exception):
    """The official plugins are not installed; the message says how they are."""


def link_official(pulumi_home: Path, installed: Path) -> None:
    """Link the official azuread and azure-native plugins of `installed` (a PULUMI_HOME) into `pulumi_home`.

    The versions are those of the Python SDKs. Raises PluginsMissingError before anything is linked.
    """
    names = {name: f"resource-{name}-v{version(f'pulumi-{name}')}" for name in STAND_INS}
    missing = [name for name, folder in names.items() if not (installed / "plugins" / folder).is_dir()]
    if missing:
        commands = "; ".join(f"pulumi plugin install resource {name} v{version(f'pulumi-{name}')}" for name in missing)
        raise PluginsMissingError(f"not in {installed / 'plugins'}: {', '.join(missing)}; install with: {commands}")
    (pulumi_home / "plugins").mkdir(parents=True, exist_ok=True)
    for folder in names.values():
        link = pulumi_home / "plugins" / folder
        if not link.is_symlink():
            link.symlink_to(installed / "plugins" / folder)
