"""Keeps Pulumi from writing down every step of every command in a private PULUMI_HOME."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

_WHY = "Pulumi writes no logs of its own here: `pulumi -v=9 --logtostderr ...` shows them.\n"


def keep_no_logs(pulumi_home: Path) -> None:
    """Puts a file where Pulumi would make its folder of logs, and removes the folder where there is one.

    Pulumi 3.256 logs each command at its finest level, in up to 500 MB of $PULUMI_HOME/logs: encrypted where the
    command has a stack, not where it has none. That is a quarter of the engine's time, and has no switch; where the
    folder can't be made, Pulumi works without. Only ever for a PULUMI_HOME of our own.
    """
    logs = pulumi_home / "logs"
    with suppress(OSError):  # a command that begins this moment may make the folder: then it is kept until the next one
        if logs.is_dir():
            shutil.rmtree(logs)
        pulumi_home.mkdir(parents=True, exist_ok=True)
        if not logs.exists():
            logs.write_text(_WHY, "utf-8")
