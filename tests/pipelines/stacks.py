"""The stacks that pipelines have to name."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from airflow_entra.settings import load
from tests.pipelines.workflows import PROJECT


@cache
def tracked() -> dict[str, str]:
    """Deployable stacks -> environment, of the stack files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "stacks/Pulumi.*.yaml"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    found = {Path(file).name.split(".")[1]: load(PROJECT / file).environment for file in listed}
    return {stack: environment for stack, environment in found.items() if environment != "local"}
