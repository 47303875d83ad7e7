"""Puts the stand-in providers where a private PULUMI_HOME looks for plugins."""

import os
import shlex
import tempfile
from importlib.metadata import version
from pathlib import Path

STAND_INS = ("azuread", "azure-native")


def install_stand_ins(pulumi_home: Path, python: Path) -> None:
    """Write `plugins/resource-<name>-v<SDK version>/pulumi-resource-<name>` below `pulumi_home`, for each stand-in.

    Each is a launcher that runs `engine.standins.server` with `python` (the interpreter of an environment where this
    package is installed). Only ever for a PULUMI_HOME of our own: in the user's, a stand-in would answer a real `up`.
    Safe to call again and from two processes at once: a file appears whole or not at all.
    """
    for name in STAND_INS:
        folder = pulumi_home / "plugins" / f"resource-{name}-v{version(f'pulumi-{name}')}"
        folder.mkdir(parents=True, exist_ok=True)
        launcher = f'#!/bin/sh\nexec {shlex.quote(str(python.absolute()))} -m engine.standins.server {name} "$@"\n'
        _write_executable(folder / f"pulumi-resource-{name}", launcher)


def _write_executable(path: Path, text: str) -> None:
    if path.is_file() and os.access(path, os.X_OK) and path.read_text(encoding="utf-8") == text:
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).chmod(0o755)
    Path(temporary).replace(path)
