"""Steps of a pipeline run for real, in bash as the runner starts it, with programs that a test puts in their way."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def shellcheck(script: str) -> str:
    """What shellcheck says of a script; nothing, and a line that says so, where it isn't installed."""
    program = shutil.which("shellcheck")
    if program is None:
        print("shellcheck is not installed: this script is not looked at")  # noqa: T201
        return ""
    return subprocess.run(
        [program, "--shell=bash", "-"], input=script, capture_output=True, text=True, check=False
    ).stdout


@dataclass
class Runner:
    """A runner's folder. `bin` is found before everything else; GitHub's files are there, and what was written."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bin.mkdir(parents=True, exist_ok=True)

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def summary(self) -> str:
        file = self.folder / "GITHUB_STEP_SUMMARY"
        return file.read_text("utf-8") if file.exists() else ""

    @property
    def outputs(self) -> dict[str, str]:
        file = self.folder / "GITHUB_OUTPUT"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def install(self, name: str, script: str) -> None:
        """A program of this name, for what isn't on this machine or mustn't be asked."""
        program = self.bin / name
        program.write_text(f"#!/bin/bash\n{script}\n", "utf-8")
        program.chmod(0o755)

    def run(
        self, script: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        files = {name: str(self.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],  # what `shell: bash` is on GitHub
            cwd=cwd or self.folder,
            env={
                "HOME": os.environ["HOME"],
                "LANG": "C.UTF-8",
                "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
                **files,
                **self.env,
                **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
