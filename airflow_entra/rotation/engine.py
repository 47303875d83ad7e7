"""Pulumi, run on one stack: its state, a preview, an update of a few resources."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from airflow_entra.access.secret_slots import PROVE
from airflow_entra.escape import terminal
from airflow_entra.pulumi.passing_on import ended
from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.pulumi.trouble import LOCKED, PulumiError

_KEPT_LINES = 6
"""Of what Pulumi says when it fails."""
_REASON = re.compile(r"(error|Exception|Error): |^\s*\* ")
_NO_REASON = re.compile(
    r"an unhandled (error|exception)|error: (update|preview) failed|errors? occurred:\s*$|\*\*\w+ failed"
)


class EngineError(PulumiError):
    """Pulumi, or the command that recovers a stack, ended with an error: what it said."""


class LockedError(EngineError):
    """Another process of Pulumi has the stack, or had it when it was killed."""

    @property
    def passing(self) -> bool:
        return False


class Engine:
    """`folder` is where Pulumi runs: the project, or the workspace of the local world. Secrets stay encrypted."""

    def __init__(self, folder: Path, stack: str, environment: Mapping[str, str]) -> None:
        self._folder, self._stack, self._environment = folder, stack, dict(environment)
        self._scrub = Scrub(environment)

    def export(self) -> dict[str, Any]:
        """The state. Raises EngineError, as the others do."""
        return _object(self._pulumi("stack", "export"))

    def preview(self, replace: Sequence[str]) -> list[dict[str, Any]]:
        """The steps that a whole update would take if it also replaced these."""
        said = self._pulumi("preview", "--json", "--non-interactive", *_options("--replace", replace))
        return [self._scrub.value(step) for step in _object(said).get("steps") or []]

    def update(self, replace: Sequence[str], targets: Sequence[str], proofs: int) -> None:
        """Update the targets alone; the vault gets a new secret when Entra has taken it `proofs` times in a row."""
        self._pulumi(
            *("up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"),
            *_options("--replace", replace),
            *_options("--target", targets),
            **{PROVE: str(proofs)},
        )

    def put(self, state: Mapping[str, Any]) -> None:
        """Make this the state: an export, changed."""
        self._pulumi("stack", "import", told=json.dumps(state))

    def recover(self) -> str:
        """Settle what an interrupted run left; what was done, in lines. Raises EngineError where that can't be."""
        command = [sys.executable, "-m", "airflow_entra.cli", "recover", "--stack", self._stack]
        return self._scrub.text("".join(self._run(command, {})))

    def _pulumi(self, *arguments: str, told: str = "", **environment: str) -> str:
        command = ["pulumi", *arguments, "--color", "never", "--stack", self._stack]
        return self._run(command, environment, told)[0]

    def _run(self, command: Sequence[str], environment: Mapping[str, str], told: str = "") -> tuple[str, str]:
        """What it said on standard output and standard error.

        Both are files: if this process is killed, Pulumi ends its work instead of dying at a broken pipe.
        """
        with ExitStack() as files:
            asked, said, complained = (files.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
            asked.write(told)
            asked.seek(0)
            try:
                process = subprocess.Popen(
                    command,
                    cwd=self._folder,
                    env={**self._environment, **environment},
                    stdin=asked,
                    stdout=said,
                    stderr=complained,
                )
            except FileNotFoundError:
                raise EngineError(
                    f"there is no pulumi on PATH: install it, or for the local tenant: airflow-entra local run -- "
                    f"airflow-entra rotate --stack {self._stack}"
                ) from None
            code = ended(process)
            texts = _text(said), _text(complained)
        if code == 0:
            return texts
        reason = _reason(code, *map(self._scrub.text, texts))
        raise LockedError(reason) if any(LOCKED in text for text in texts) else EngineError(reason)


def _telling(lines: Sequence[str]) -> list[str]:
    """The lines that say why, each once; where none does, the last ones."""
    reasons = dict.fromkeys(
        line.strip(" \t*") for line in lines if _REASON.search(line) and not _NO_REASON.search(line)
    )
    return [*(reasons or filter(str.strip, lines))][-_KEPT_LINES:]


def _options(name: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (name, value)]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise EngineError("Pulumi did not answer with a JSON object")
    return found


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read())


def _reason(code: int, said: str, complained: str) -> str:
    """Why it failed, in one line: the diagnostics of --json, else the last lines."""
    try:
        diagnostics = json.loads(said).get("diagnostics") or []
        lines = [one["message"] for one in diagnostics if one.get("severity") == "error"]
    except (ValueError, AttributeError, TypeError, KeyError):
        lines = _telling((said + "\n" + complained).splitlines())
    killed = f"it was killed (signal {-code})" if code < 0 else ""
    return "; ".join(filter(None, [killed, *(terminal.line(line) for line in lines)])) or f"exit code {code}"
