"""Runs the bootstrap's Pulumi project: what would be made, making it, and what came of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_entra.access.pipeline import Pipeline
from airflow_entra.bootstrap import PROJECT, STACK
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.errors import AnswerError
from airflow_entra.escape.odata import literal
from airflow_entra.pulumi.locks import locks
from airflow_entra.pulumi.passing_on import passed_on
from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.recovery.recover import Place, recover, tenant_clients
from airflow_entra.report.bootstrap import Step

if TYPE_CHECKING:
    from airflow_entra.recovery.finders import Clients
    from airflow_entra_auth.graph import Graph

_RIGHTS = (
    "It takes, in the directory, Application.ReadWrite.All or the role Cloud Application Administrator; in Azure, "
    "Owner of the subscription, or of the resource group where that exists (--existing-resource-group)"
)

_NO_PULUMI = (
    "there is no pulumi on PATH. Install it (https://www.pulumi.com/docs/install/), or try it all on the local tenant, "
    "which brings its own: airflow-entra local run -- airflow-entra bootstrap ..."
)


class BootstrapError(AnswerError):
    """It could not be shown or made; what had been made is kept, and the message says how to go on."""


@dataclass(frozen=True)
class Engine:
    """Pulumi in the workspace. `policies` is the pack's folder."""

    workspace: Workspace
    environment: Mapping[str, str]
    policies: Path

    def settle(self, pipeline: Pipeline, say: Callable[[str], None]) -> None:
        """Make the stack, or settle what an interrupted run of it left. Raises RecoveryError and what asking raises.

        Raises BootstrapError where there is no stack here and its identities are in the tenant all the same: a second
        set of the same name would be made.
        """
        if shutil.which("pulumi", path=self.environment.get("PATH", os.defpath)) is None:
            raise BootstrapError(_NO_PULUMI)
        connect = partial(tenant_clients, pipeline.tenant, pipeline.state.subscription)
        with _reached():
            self._settle(pipeline, connect, say)

    def _settle(self, pipeline: Pipeline, connect: Callable[[], Clients], say: Callable[[str], None]) -> None:
        if not self.workspace.exists:
            if there := _made_elsewhere(pipeline, connect().graph):
                raise BootstrapError(
                    f"{', '.join(there)} exist in tenant {pipeline.tenant}, and {self.workspace.folder} doesn't know "
                    f"them: somebody has run this before. Take their folder {self.workspace.folder.name} (it belongs "
                    f"into the repository) and run this again; where it is lost for good, delete the applications first"
                )
            self._run("stack", "init", STACK, "--no-select", "--non-interactive", "--secrets-provider", "passphrase")
        elif self._was_interrupted():
            say("The last run was interrupted: settling what it left behind.")
            recover(STACK, connect, say, Place(PROJECT, self.workspace.folder, self.environment))

    def changes(self) -> list[Step]:
        """What `apply` would do, judged by the policy pack. Raises BootstrapError."""
        previewed = ("preview", "--non-interactive", "--stack", STACK, *self._judged())
        done = self._pulumi(*previewed, "--json")
        if done.returncode:
            # As text it says what the policies found, too.
            said = self._pulumi(*previewed, "--color", "never", "--suppress-outputs")
            why = self._scrub.text(_complaints(said.stdout) or said.stderr)
            raise BootstrapError(f"it can't be previewed:\n{why}\n{_RIGHTS}.")
        return [*_steps(_object(done.stdout, "pulumi preview --json").get("steps", []))]

    def apply(self) -> None:
        """`pulumi up`, its progress on standard error. Raises BootstrapError."""
        arguments = ["up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs", "--stack", STACK]
        with _left_to_child(), passed_on(self._scrub, sys.stderr, sys.stderr) as (out, err):
            code = subprocess.run(
                ["pulumi", *arguments, *self._judged()],
                cwd=self.workspace.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
            ).returncode
        if code:
            raise BootstrapError(
                f"not everything is made; see above. {_RIGHTS}. Run the same command again: it goes on"
            )

    def outputs(self) -> dict[str, Any]:
        """The program's outputs; empty where nothing has been made."""
        said = self._run("stack", "output", "--json", "--stack", STACK)
        outputs: dict[str, Any] = self._scrub.value(_object(said, "pulumi stack output --json"))
        return outputs

    @property
    def _scrub(self) -> Scrub:
        return Scrub(self.environment)

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
            why = self._scrub.text(done.stderr.strip() or done.stdout)
            raise BootstrapError(f"pulumi {' '.join(arguments[:2])} failed: {why}")
        return done.stdout

    def _pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments],
            cwd=self.workspace.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def _reached() -> Iterator[None]:
    """Raises BootstrapError where Microsoft's services can't be asked at all."""
    import httpx

    try:
        yield
    except httpx.TransportError as error:
        raise BootstrapError(
            f"Entra, Graph or Azure can't be reached: {str(error) or type(error).__name__}; check the network and "
            "HTTPS_PROXY, then run this again"
        ) from None


def _made_elsewhere(pipeline: Pipeline, graph: Graph) -> list[str]:
    """The identities that an earlier run for this repository has made, by their tags; none where nobody may look."""
    from airflow_entra_auth.graph import GraphError

    try:
        return [
            f"{found['displayName']} ({found['appId']})"
            for identity in pipeline.identities
            for found in graph.pages("/applications", {"$filter": f"tags/any(t:t eq {literal(identity.tags[-1])})"})
        ]
    except GraphError as error:
        if error.status == 403:
            return []
        raise


def _steps(said: Iterable[Mapping[str, Any]]) -> Iterator[Step]:
    """Without what changes nothing, and without components: nothing of them is in Azure."""
    for one in said:
        *_, types, name = one["urn"].split("::")
        kind = types.rpartition("$")[2]
        if one["op"] not in ("same", "read") and not kind.startswith(("pulumi:", "airflow-entra:")):
            yield Step(one["op"], kind.rpartition(":")[2], name)


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BootstrapError(f"`{what}` did not answer with a JSON object")
    return found


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
