"""Whole worlds for the tests: the real engine, the local tenant, and stack files that a test may change."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from airflow_entra.directory.credentials import ARM, GRAPH
from airflow_entra.local.run import Session, open_session
from airflow_entra.local.world import World
from airflow_entra_auth.graph import Graph, GraphError
from tests.late import copies_are_late, long_ago

PROJECT = Path(__file__).parents[2]


@dataclass
class Deployment:
    """One world, and what the tests do in it. `said` collects everything that any command printed."""

    world: World
    said: list[str] = field(default_factory=list)
    identity: str = "full"
    lives: list[Live] = field(default_factory=list)
    late: bool = False
    """Whether the tenant shows late what a run writes: tests/late.py."""
    _told: bool = False

    def session(self, *stacks: str) -> Session:
        session = open_session(self.world, stacks, http_port=0, identity=self.identity, say=self.said.append)
        if self.late:
            if not self._told:
                copies_are_late(self.world)
                self._told = True
            long_ago(self.world)
        return session

    def pulumi(self, command: str, stack: str = "local", *more: str, fails: bool = False) -> str:
        """Run a Pulumi command in the world and return what it printed. The exit code has to fit `fails`."""
        session = self.session(stack)
        session.pulumi(stack)
        done = captured(session, ["pulumi", *command.split(), "--stack", stack, "--non-interactive", *more])
        self.said.append(done.stdout + done.stderr)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, stack: str = "local", *more: str) -> str:
        return self.pulumi("up --yes --skip-preview --policy-pack policies", stack, *more)

    def preview(self, stack: str = "local") -> list[tuple[str, str]]:
        """(operation, logical name) of every step that changes something, and of reads."""
        session = self.session(stack)
        session.pulumi(stack)
        done = captured(session, ["pulumi", "preview", "--json", "--stack", stack, "--non-interactive"])
        self.said.append(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        steps = json.loads(done.stdout)["steps"]
        return sorted((step["op"], step["urn"].rpartition("::")[2]) for step in steps if step["op"] != "same")

    def outputs(self, stack: str = "local") -> dict[str, Any]:
        said = captured(self.session(stack), ["pulumi", "stack", "output", "--json", "--stack", stack])
        self.said.append(said.stdout + said.stderr)
        outputs: dict[str, Any] = json.loads(said.stdout)
        return outputs

    def edit(self, stack: str, section: str, **changes: Any) -> None:
        """Change a section of a stack file, as in `edit("local", "signIn", tokenLifetime="4h")`."""
        self.write(stack, section, self.read(stack, section) | changes)

    def write(self, stack: str, section: str, value: Any) -> None:
        file = self.world.stack_file(stack)
        content = yaml.safe_load(file.read_text())
        content["config"][f"airflow-entra:{section}"] = value
        file.write_text(yaml.safe_dump(content, sort_keys=False))

    def read(self, stack: str, section: str) -> Any:
        return yaml.safe_load(self.world.stack_file(stack).read_text())["config"][f"airflow-entra:{section}"]

    def state(self, stack: str = "local") -> list[dict[str, Any]]:
        content = json.loads(self.world.checkpoint(stack).read_text())
        resources: list[dict[str, Any]] = content["checkpoint"]["latest"].get("resources") or []
        return resources

    def live(self) -> Live:
        """The tenant, asked past Pulumi by the deploying identity."""
        self.lives.append(Live(self.session("local")))
        return self.lives[-1]


def captured(session: Session, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """A command in the world, and what it said; Pulumi runs in the workspace."""
    return subprocess.run(
        command,
        cwd=session.world.workspace if command[0] == "pulumi" else None,
        env=session.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def through(session: Session) -> httpx.Client:
    """A client for Azure's own names, answered by the world's tenant."""
    trust = ssl.create_default_context(cafile=session.tenant.ca_file)
    return httpx.Client(proxy=session.tenant.proxy, verify=trust)


class Live:
    """What the tenant itself holds, asked past Pulumi. `proof` is who asks, as the token endpoint takes it."""

    def __init__(self, session: Session) -> None:
        self._environment, self._world = session.environment, session.world
        self.proof = {
            "client_id": self._environment.get("ARM_CLIENT_ID", ""),
            "client_secret": self._environment.get("ARM_CLIENT_SECRET", ""),
        }
        self._http = through(session)
        self.graph = Graph(lambda: self._token(GRAPH), client=self._http)
        self.arm = Graph(lambda: self._token(ARM), base="https://management.azure.com", client=self._http)

    def close(self) -> None:
        self._http.close()

    def _token(self, scope: str) -> str:
        long_ago(self._world)
        form = {"grant_type": "client_credentials", "scope": scope, **self.proof}
        url = f"https://login.microsoftonline.com/{self._environment['ARM_TENANT_ID']}/oauth2/v2.0/token"
        token: str = self._http.post(url, data=form).raise_for_status().json()["access_token"]
        return token

    def applications(self) -> list[dict[str, Any]]:
        """Those that people sign in to, not their watchers."""
        found = [(one, one.get("tags") or []) for one in self.graph.pages("/applications")]
        return [one for one, tags in found if "airflow-entra" in tags and not any(map(_watchers, tags))]

    def groups(self) -> list[dict[str, Any]]:
        return [one for one in self.graph.pages("/groups") if one["displayName"].startswith("airflow-")]

    def vault(self, resource_id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.arm.get(resource_id, {"api-version": "2023-07-01"})
        except GraphError as error:
            if error.status == 404:
                return None
            raise
        return found


def _watchers(tag: str) -> bool:
    return tag.endswith(":watcher")


def processes_of(world: World) -> list[str]:
    """The command lines of every process that was started in or for this world."""
    found = subprocess.run(["ps", "-eo", "pid,args", "e"], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if str(world.home) in line and " ps " not in line]


def assert_no_process_left(world: World) -> None:
    assert processes_of(world) == []
