"""A deployed stack, the command that rotates its secret, and what Entra and the vault say of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from airflow_entra.access import DeclaredStack
from airflow_entra.access.secret_slots import SLOTS
from airflow_entra.directory.clients import Clients
from airflow_entra.local.run import Session
from airflow_entra.pulumi.resource_types import PASSWORD
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.recovery.recover import recover
from airflow_entra.rotation.leftovers import GraphEntra
from airflow_entra.rotation.rotate import Rotate, Rotation
from airflow_entra.settings import load
from airflow_entra.variables import PROVE
from tests.deploy.deployment import PROJECT, Deployment, Live, through

STACK = "local"


@dataclass
class Rotating:
    deployment: Deployment
    session: Session

    def rotate(self, after: timedelta = timedelta(0), *, at_once: bool = False, dry_run: bool = False) -> Rotation:
        """The command's own code, for whom so much time has passed."""
        world = self.deployment.world
        pulumi = Pulumi(world.workspace, self.session.environment, STACK)
        file = world.stack_file(STACK)
        now = datetime.now(UTC) + after
        entra = GraphEntra(lambda: self.live.graph)
        say = self.deployment.said.append
        clients = Clients(self.live.graph, self.live.arm, "", "", late=lambda: 6.0)
        settle = partial(recover, pulumi, lambda: clients, say)
        rotate = Rotate(DeclaredStack(STACK, load(file)), file, pulumi, settle, entra, now, say, proofs=1)
        return rotate.run(at_once=at_once, dry_run=dry_run)

    def start(self, *options: str) -> subprocess.Popen[str]:
        """The command, as `airflow-entra local run --` runs it."""
        return subprocess.Popen(
            [sys.executable, "-m", "airflow_entra.cli", "rotate", "--stack", STACK, *options],
            cwd=PROJECT,
            env={**self.session.environment, PROVE: "2"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *options: str, code: int = 0) -> str:
        """What it printed."""
        process = self.start(*options)
        said, complained = process.communicate(timeout=300)
        self.deployment.said += [said, complained]
        assert process.returncode == code, said + complained
        return said

    @cached_property
    def live(self) -> Live:
        return self.deployment.live()

    def key_ids(self) -> dict[str, str]:
        """The application's secrets, as Entra has them: slot -> key id. Fails where a slot is there twice."""
        (application,) = self.live.applications()
        credentials = application["passwordCredentials"]
        found = {one["displayName"]: one["keyId"] for one in credentials}
        assert len(found) == len(credentials), credentials
        return found

    def all_key_ids(self) -> list[str]:
        """The same where a slot may be there twice, because a run was killed."""
        (application,) = self.live.applications()
        return [one["keyId"] for one in application["passwordCredentials"]]

    def key_ids_in_state(self) -> set[str]:
        """What Pulumi knows of the application's, as its last checkpoint says."""
        try:
            resources = self.deployment.state()
        except (FileNotFoundError, ValueError):  # just being written
            return set()
        passwords = [one for one in resources if one["type"] == PASSWORD and one["urn"].rpartition("::")[2] in SLOTS]
        outputs = [one.get("outputs") or {} for one in passwords]
        return {one["keyId"] for one in outputs if "keyId" in one}

    def vault_secret(self, whose: str = "credential") -> str:
        """What Airflow gets from the vault; "watcher": what its watcher gets."""
        with through(self.session) as http:
            environment, outputs = self.session.environment, self.deployment.outputs()
            token = self._token(
                environment["ARM_CLIENT_ID"], environment["ARM_CLIENT_SECRET"], "https://vault.azure.net"
            )
            headers = {"Authorization": f"Bearer {token}"}
            answer = http.get(outputs[whose]["secretUri"], params={"api-version": "7.4"}, headers=headers)
        return str(answer.raise_for_status().json()["value"])

    def is_taken(self, secret: str, whose: str = "") -> bool:
        """Whether Entra lets the application in with it; "watcher": the watcher."""
        outputs = self.deployment.outputs()
        client = (outputs[whose] if whose else outputs)["clientId"]
        return self._token(client, secret, "https://graph.microsoft.com") is not None

    def _token(self, client_id: str, secret: str, resource: str) -> str | None:
        tenant = self.session.environment["ARM_TENANT_ID"]
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": f"{resource}/.default",
        }
        with through(self.session) as http:
            answer = http.post(f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", data=form)
        token: str | None = answer.json().get("access_token")
        return token

    def stack_state(self) -> Any:
        return json.loads(self.deployment.world.checkpoint(STACK).read_text())["checkpoint"]["latest"]
