"""Runs the bootstrap's Pulumi project: what would be made, making it, and what came of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_entra.bootstrap import PROJECT, STACK
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.recovery.locks import locks
from airflow_entra.recovery.recover import Place, recover, tenant_clients
from airflow_entra.report.bootstrap import Step

_RIGHTS = (
    "It takes, in the directory, Application.ReadWrite.All or the role Cloud Application Administrator; in Azure, "
    "Owner of the subscription, or of the resource group where that exists (--existing-resource-group)"
)


class BootstrapError(Exception):
    """It could not be shown or made; what had been made is kept, and the message says how to go on."""


@dataclass(frozen=True)
class Engine:
    """Pulumi in the workspace. `policies` is the pack's folder."""

    workspace: Workspace
    environment: Mapping[str, str]
    policies: Path

    def settle(self, tenant: str, subscription: str, say: Callable[[str], None]) -> None:
        """Make the stack, or settle what an interrupted run of it left. Raises RecoveryError and what asking raises."""
        if not self.workspace.exists:
            self._run("stack", "init", STACK, "--no-select", "--non-interactive", "--secrets-provider", "passphrase")
        elif self._was_interrupted():
            say("The last run was interrupted: settling what it left behind.")
            place = Place(PROJECT, self.workspace.folder, self.environment)
            recover(STACK, lambda: tenant_clients(tenant, subscription), say, place)

    def changes(self) -> list[Step]:
        """What `apply` would do, judged by the policy pack. Raises BootstrapError."""
        previewed = ("preview", "--non-interactive", "--stack", STACK, *self._judged())
        done = self._pulumi(*previewed, "--json")
        if done.returncode:
            # As text it says what the policies found, too.
            said = self._pulumi(*previewed, "--color", "never", "--suppress-outputs")
            raise BootstrapError(f"it can't be previewed:\n{_complaints(said.stdout) or said.stderr}\n{_RIGHTS}.")
        return [*_steps(json.loads(done.stdout).get("steps", []))]

    def apply(self) -> None:
        """`pulumi up`, its progress on standard error. Raises BootstrapError."""
        arguments = ["up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs", "--stack", STACK]
        with _left_to_child():
            code = subprocess.run(
                ["pulumi", *arguments, *self._judged()],
                cwd=self.workspace.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                check=False,
            ).returncode
        if code:
            raise BootstrapError(
                f"not everything is made; see above. {_RIGHTS}. Run the same command again: it goes on"
            )

    def outputs(self) -> dict[str, Any]:
        """The program's outputs; empty where nothing has been made."""
        outputs: dict[str, Any] = json.loads(self._run("stack", "output", "--json", "--stack", STACK))
        return outputs

    def _judged(self) -> list[str]:
        """`--policy-pack` and how it judges: the same for what is shown and what is made."""
        config = self.workspace.policy_config.absolute()
        return ["--policy-pack", str(self.policies), "--policy-pack-config", str(config)]

    def _was_interrupted(self) -> bool:
        if any(locks(self.workspace.backend, PROJECT, STACK)):
            return True
        file = self.workspace.backend / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"
        latest = json.loads(file.read_text("utf-8"))["checkpoint"].get("latest") or {}
        return bool(latest.get("pending_operations"))

    def _run(self, *arguments: str) -> str:
        done = self._pulumi(*arguments)
        if done.returncode:
            raise BootstrapError(f"pulumi {' '.join(arguments[:2])} failed: {done.stderr.strip() or done.stdout}")
        return done.stdout

    def _pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["pulumi", *arguments],
                cwd=self.workspace.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise BootstrapError(
                "there is no pulumi on PATH. Install it (https://www.pulumi.com/docs/install/), or try it all on the "
                "local tenant, which brings its own: airflow-entra local run -- airflow-entra bootstrap ..."
            ) from None


def _steps(said: Iterable[Mapping[str, Any]]) -> Iterator[Step]:
    """Without what changes nothing, and without components: nothing of them is in Azure."""
    for one in said:
        *_, types, name = one["urn"].split("::")
        kind = types.rpartition("$")[2]
        if one["op"] not in ("same", "read") and not kind.startswith(("pulumi:", "airflow-entra:")):
            yield Step(one["op"], kind.rpartition(":")[2], name)


def _complaints(output: str) -> str:
    """From the first heading of a preview's text that says what is wrong."""
    lines = output.splitlines()
    begin = next((at for at, line in enumerate(lines) if line.rstrip() in ("Policies:", "Diagnostics:")), 0)
    return "\n".join(lines[begin:]).rstrip()


@contextmanager
def _left_to_child() -> Iterator[None]:
    """Ctrl-C reaches Pulumi too, which ends in order; this process waits for that, where it would kill it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
