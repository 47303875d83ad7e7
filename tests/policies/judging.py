"""The pack in the real engine: a stack of its own for programs that need neither network nor tenant."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from engine.obtain import engine_folder
from engine.plugins import install_stand_ins

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OFFICIAL = {name: version(f"pulumi-{name}") for name in ("azuread", "azure-native")}
OTHERS = ("azure", "azure-native_keyvault_v20230701", "command", "kubernetes", "pulumi-nodejs", "random")
"""Packages that no sign-on needs: here to be refused."""
_OF_A_PROGRAM = re.compile(r"^([mc]\d+): ", re.MULTILINE)


@dataclass(frozen=True)
class Judged:
    """What the engine and the pack said of a program."""

    code: int
    said: str
    violations: dict[str, list[str]] = field(default_factory=dict)
    """Policy -> the messages of its violations."""
    levels: dict[str, str] = field(default_factory=dict)
    remediated: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Policy -> the properties that it put in place."""
    blamed: list[tuple[str, str]] = field(default_factory=list)
    """(first word of the message, URN of the resource)"""
    by_program: dict[str, set[str]] = field(default_factory=dict)
    """The name of one program of many -> the policies that it violates."""

    def of(self, program: str) -> set[str]:
        return self.by_program.get(program, set())


class Stack:
    """A stack whose program is a file in Pulumi YAML. `pack` judges; `as_declared`: no type has a stand-in's checks."""

    def __init__(self, folder: Path, pack: Path = ROOT / "policies", as_declared: bool = False) -> None:
        self._folder, self._pack = folder, pack
        self._engine = engine_folder(progress=lambda _line: None)
        project = {
            "name": "somebody-elses",
            "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
            "main": str(HERE / "program"),
        }
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        (folder / "state").mkdir()
        install_stand_ins(folder / "home", Path(sys.executable))
        _lenient(folder / "home" / "plugins", as_declared)
        own = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "ARM_", "AZURE_"))}
        self._environment = own | {
            "PATH": os.pathsep.join((str(self._engine), os.environ["PATH"])),
            "AIRFLOW_ENTRA_PYTHON": sys.executable,
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "only for this test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "POLICY_VERSIONS": json.dumps(OFFICIAL),
            "ARM_TENANT_ID": "7a0c5d0e-5d3c-4f0a-9d8e-0f3a6f1b2c3d",
            "ARM_CLIENT_ID": "0d1f7a52-8a4e-4a3e-9a51-1b7a2d3c4e5f",
            "ARM_CLIENT_SECRET": "never sent anywhere",
            "ARM_USE_CLI": "false",
            "HTTPS_PROXY": "http://localhost:1",  # whatever reaches for the network fails at once
            "NO_PROXY": "localhost,127.0.0.1",
        }
        made = self._pulumi("stack", "init", "test")
        assert made.returncode == 0, made.stderr

    def run(self, example: Path, *arguments: str, command: str = "preview") -> Judged:
        """`pulumi preview` or `up` of the program in the file, with the pack."""
        events = self._folder / f"{example.stem}.{command}.events"
        events.unlink(missing_ok=True)
        asked = ["up", "--yes", "--skip-preview"] if command == "up" else ["preview"]
        arguments = ("--policy-pack", str(self._pack), "--event-log", str(events), *arguments)
        done = self._pulumi(*asked, *arguments, POLICY_EXAMPLE=str(example))
        assert events.exists(), done.stderr
        judged = Judged(done.returncode, done.stdout + done.stderr)
        for event in map(json.loads, events.read_text().splitlines()):
            if found := event.get("policyEvent"):
                _add(judged, found)
            if repaired := event.get("policyRemediationEvent"):
                judged.remediated[repaired["policyName"]] = repaired["after"]
        return judged

    def judge(self, document: Mapping[str, Any], command: str, levels: Mapping[str, str] | None = None) -> Judged:
        """The same of a program as a document, with these levels of policies."""
        file, config = self._folder / f"{command}.yaml", self._folder / f"{command}.json"
        file.write_text(yaml.safe_dump(document))
        config.write_text(json.dumps({name: {"enforcementLevel": level} for name, level in (levels or {}).items()}))
        return self.run(file, *(("--policy-pack-config", str(config)) if levels else ()), command=command)

    def _pulumi(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._engine / "pulumi"), *arguments, "--non-interactive"]
        environment = self._environment | more
        return subprocess.run(
            command, cwd=self._folder, env=environment, capture_output=True, text=True, timeout=240, check=False
        )


def _add(judged: Judged, found: Mapping[str, Any]) -> None:
    policy, message = found["policyName"], found["message"]
    judged.violations.setdefault(policy, []).append(message)
    judged.levels[policy] = found["enforcementLevel"]
    if program := _OF_A_PROGRAM.search(message):
        judged.by_program.setdefault(program[1], set()).add(policy)
        judged.blamed.append((program[1], found.get("resourceUrn", "")))


def _lenient(plugins: Path, as_declared: bool) -> None:
    for name in (*OFFICIAL, *OTHERS):
        folder = plugins / f"resource-{name}-v{OFFICIAL.get(name, '1.0.0')}"
        folder.mkdir(exist_ok=True)
        words = [sys.executable, str(HERE / "provider.py"), name, *(["as-declared"] if as_declared else [])]
        launcher = folder / f"pulumi-resource-{name}"
        launcher.write_text(f'#!/bin/sh\nexec env PYTHONPATH={shlex.quote(str(ROOT))} {shlex.join(words)} "$@"\n')
        launcher.chmod(0o755)
