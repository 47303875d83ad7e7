"""Steps of a pipeline run for real, in bash as the runner starts it, with programs that a test puts in their way."""

from __future__ import annotations

import base64
import gzip
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

MARKER = "<!-- airflow-entra-preview -->"
COMMENT = f"**prod**: 1 group gains Admin\n\n| a | b |\n\n{MARKER}\n"
needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed; every hosted runner has it")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def edit(folder: Path, stack: str, before: str, after: str) -> None:
    file = folder / "stacks" / f"Pulumi.{stack}.yaml"
    text = file.read_text("utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), "utf-8")


def unpacked(text: str) -> str:
    return gzip.decompress(base64.b64decode(text)).decode()


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
