"""The Pulumi commands that an import takes. None of them changes anything in a directory or in Azure."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.pulumi.trouble import LOCKED, PulumiError

Json = dict[str, Any]


class EngineRefusedError(PulumiError):
    """Pulumi could not do what was asked; nothing in the tenant has changed, and the message says how to go on."""


@dataclass(frozen=True)
class Listed:
    """A preview: its steps, and the file of what it would create, in `pulumi import`'s form."""

    steps: tuple[Json, ...]
    creates: Json


class Engine:
    """Pulumi on one stack, run in `place` with the caller's own backend. `pulumi` is what it is called."""

    def __init__(self, stack: str, place: Path) -> None:
        self._stack, self._place = stack, place
        self._scrub = Scrub(os.environ)

    def stack_exists(self) -> bool:
        done = self._run("stack", "export")
        return done.returncode == 0

    def init(self) -> None:
        self._pulumi("stack", "init", self._stack, "--no-select", names_stack=False)

    def shown(self, steps: Sequence[Json]) -> list[Json]:
        """A preview's steps as they may be shown, without secrets."""
        return [self._scrub.value(step) for step in steps]

    def preview(self) -> Listed:
        """Raises EngineRefusedError, with the program's own words where the stack file is wrong."""
        with tempfile.TemporaryDirectory(prefix="airflow-entra-") as folder:
            file = Path(folder) / "import.json"
            said = self._pulumi("preview", "--json", "--import-file", str(file))
            creates = json.loads(file.read_text("utf-8")) if file.exists() else {"resources": []}
        return Listed(tuple(_object(said).get("steps") or ()), creates)

    def import_(self, resources: Mapping[str, Any], *, protect: bool) -> None:
        """Into the state alone. Raises EngineRefusedError."""
        with tempfile.TemporaryDirectory(prefix="airflow-entra-") as folder:
            file = Path(folder) / "import.json"
            file.write_text(json.dumps(resources), "utf-8")
            self._pulumi(
                "import",
                *("--file", str(file), "--yes", "--skip-preview", "--suppress-outputs"),
                *("--generate-code=false", f"--protect={'true' if protect else 'false'}"),
            )

    def export(self) -> Json:
        export = _object(self._pulumi("stack", "export"))
        if "deployment" not in export:
            raise EngineRefusedError("pulumi stack export did not answer with a stack's state")
        return export

    def replace_state(self, export: Mapping[str, Any]) -> None:
        self._pulumi("stack", "import", stdin=json.dumps(export))

    def _pulumi(self, *arguments: str, stdin: str = "", names_stack: bool = True) -> str:
        done = self._run(*arguments, stdin=stdin, names_stack=names_stack)
        if done.returncode < 0:
            raise EngineRefusedError(
                f"pulumi {arguments[0]} was killed (signal {-done.returncode}); run the same command again: it goes on"
            )
        if done.returncode:
            said = self._scrub.text("\n".join(part for part in (_why(done.stdout), done.stderr.strip()) if part))
            raise EngineRefusedError(f"pulumi {' '.join(arguments[:2])} failed:\n{said}{self._advice(said)}")
        return done.stdout

    def _run(self, *arguments: str, stdin: str = "", names_stack: bool = True) -> subprocess.CompletedProcess[str]:
        stack = ["--stack", self._stack] if names_stack else []
        interactive = [] if arguments[:2] in (("stack", "export"), ("stack", "import")) else ["--non-interactive"]
        try:
            return subprocess.run(
                ["pulumi", *arguments, *stack, *interactive, "--color", "never"],
                cwd=self._place,
                env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise EngineRefusedError(
                "there is no pulumi on PATH. Install it; or try it all on the local tenant: airflow-entra local run -- "
                "airflow-entra import ..."
            ) from None

    def _advice(self, said: str) -> str:
        if LOCKED in said:
            return (
                f"\nIf that run was interrupted: airflow-entra recover --stack {self._stack}, then this command again."
            )
        return ""


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _why(said: str) -> str:
    """The errors in what `pulumi preview --json` says; everything of what other commands say."""
    diagnostics = [one for one in _object(said).get("diagnostics") or () if one.get("severity") == "error"]
    return "\n".join(str(one.get("message") or "").strip() for one in diagnostics) or said.strip()
