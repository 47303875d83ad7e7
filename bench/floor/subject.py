"""The floor as something to measure: its own Pulumi home, backend and stack."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from airflow_entra.local.world import own_environment
from bench.floor.provider import VERSION
from bench.measure import Measured, measure
from bench.subjects import ROOT, WITHOUT_CHECKPOINTS, Size
from engine.logs import keep_no_logs


@dataclass(frozen=True)
class Floor:
    """The bare program of `bench.floor`, in a Pulumi home and backend of its own below `folder`."""

    folder: Path
    engine: Path
    size: Size

    def __post_init__(self) -> None:
        home = self.folder / "home" / "plugins" / f"resource-floor-v{VERSION}"
        home.mkdir(parents=True, exist_ok=True)
        (self.folder / "state").mkdir(exist_ok=True)
        launcher = home / "pulumi-resource-floor"
        # The engine starts it in a folder that has no `bench`.
        path, python = shlex.quote(str(ROOT)), shlex.quote(sys.executable)
        launcher.write_text(f"#!/bin/sh\nPYTHONPATH={path} exec {python} -m bench.floor.provider\n")
        launcher.chmod(0o755)
        project = {
            "name": "floor",
            "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
            "main": str(ROOT / "bench" / "floor"),
        }
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        keep_no_logs(self.folder / "home")
        init = [str(self.engine / "pulumi"), "stack", "init", "floor", "--non-interactive"]
        subprocess.run(init, cwd=self.folder, env=self._environment(), check=True, capture_output=True)

    def pulumi(self, *arguments: str, checkpoints: bool = True) -> Measured:
        environment = self._environment() | ({} if checkpoints else WITHOUT_CHECKPOINTS)
        return measure([str(self.engine / "pulumi"), *arguments, "--stack", "floor"], self.folder, environment)

    def _environment(self) -> dict[str, str]:
        return own_environment(os.environ) | {
            "PATH": os.pathsep.join((str(self.engine), os.environ["PATH"])),
            "AIRFLOW_ENTRA_PYTHON": sys.executable,
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "floor",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "FLOOR_RESOURCES": str(self.size.resources),
            "FLOOR_COMPONENTS": str(self.size.components),
        }
