"""A local world in which the command runs as a person would run it, and CI jobs as the identities that it made."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_entra.access.repository import AUDIENCE
from airflow_entra.local import tenant as tenants
from airflow_entra.local.run import Session, open_session
from airflow_entra.local.world import World
from airflow_entra.settings.issuers import GITHUB_ISSUER
from airflow_entra_auth.graph import Graph
from tests.deploy.deployment import Live

REPOSITORY = "contoso/airflow-sign-on"
PREFIX = f"repo:{REPOSITORY}"
COMMAND = ("bootstrap", "--github", REPOSITORY, "--environments", "local", "--subject-prefix", PREFIX)
STACK = "local"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Bootstrapped:
    """`github` signs tokens as GitHub does: its public key is what the tenant finds at the issuer."""

    world: World
    session: Session
    folder: Path
    github: rsa.RSAPrivateKey
    lives: list[Live] = field(default_factory=list)
    asked: tuple[str, ...] = COMMAND

    @classmethod
    def made_in(cls, world: World, folder: Path, identity: str = "full") -> Bootstrapped:
        session = open_session(world, [STACK], http_port=0, identity=identity, say=lambda _: None)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "github"}
        anybody = {
            "id": "d0000000-0000-4000-8000-000000000001",
            "appId": "d0000000-0000-4000-8000-000000000002",
            "servicePrincipalId": "d0000000-0000-4000-8000-000000000003",
            "displayName": "somebody else's",
            "federatedCredentials": [
                {"issuer": issuer, "subject": "x", "audience": AUDIENCE, "jwks": {"keys": [jwk]}}
                for issuer in (GITHUB_ISSUER, entra_issuer(session))
            ],
        }
        tenants.seed(world, {"applications": [anybody | {"tenantId": session.environment["ARM_TENANT_ID"]}]})
        return cls(world, session, folder, key)

    @property
    def command(self) -> list[str]:
        return [str(self.world.python), "-m", "airflow_entra.cli", *self.asked]

    @property
    def checkpoint(self) -> Path:
        """The bootstrap's own state."""
        folder = self.world.home / "bootstrap" / "state" / ".pulumi" / "stacks"
        return folder / "airflow-entra-bootstrap" / "bootstrap.json"

    def run(self, *more: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """The command, as its own process."""
        done = subprocess.run(
            [*self.command, *more],
            env=self.session.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def report(self, *more: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("--format", "json", *more).stdout)
        return found

    def administrator(self) -> Live:
        """The tenant, asked by who may do everything."""
        self.lives.append(Live(self.session))
        return self.lives[-1]

    def job(self, client: str, subject: str, backend: str = "", issuer: str = GITHUB_ISSUER) -> Job:
        """A CI job whose token has this subject, signed in as this client; `backend` is its PULUMI_BACKEND_URL."""
        return Job(self, client, subject, backend, issuer)

    def close(self) -> None:
        for live in self.lives:
            live.close()


@dataclass(frozen=True)
class Job:
    world: Bootstrapped
    client: str
    subject: str
    backend: str
    issuer: str

    def pulumi(self, *arguments: str, read_only: bool = False) -> str:
        """Pulumi in the workspace; what it printed. It has to end well."""
        session = self.world.session
        done = subprocess.run(
            [str(session.engine / "pulumi"), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.world.world.workspace,
            env=self.environment() | {"AIRFLOW_ENTRA_READ_ONLY": str(read_only).lower()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    def asks(self) -> Live:
        """The tenant, asked by this identity past Pulumi."""
        live = Live(self.world.session)
        live.proof = {"client_id": self.client, "client_assertion_type": _BEARER, "client_assertion": self._token()}
        self.world.lives.append(live)
        return live

    def refused_sign_in(self) -> str:
        """Why the token endpoint lets this job in as nobody."""
        with pytest.raises(httpx.HTTPStatusError) as refusal:
            self.asks().graph.get("/organization")
        return refusal.value.response.text

    def environment(self) -> dict[str, str]:
        """What `airflow-entra federated` sets, for a token of this job, and nothing that another identity could use."""
        dropped = ("ARM_CLIENT_SECRET", "PULUMI_CONFIG_PASSPHRASE_FILE")
        kept = {name: value for name, value in self.world.session.environment.items() if name not in dropped}
        file = self.world.folder / f"token-{self.client}"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as token:
            token.write(self._token())
        return kept | {
            "ARM_CLIENT_ID": self.client,
            "ARM_USE_OIDC": "true",
            "ARM_OIDC_TOKEN_FILE_PATH": str(file),
            "AZURE_TENANT_ID": kept["ARM_TENANT_ID"],
            "AZURE_CLIENT_ID": self.client,
            "AZURE_FEDERATED_TOKEN_FILE": str(file),
            "AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential",
            "PULUMI_BACKEND_URL": self.backend,
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        }

    def _token(self) -> str:
        claims = {"iss": self.issuer, "sub": self.subject, "aud": AUDIENCE}
        claims |= {"exp": datetime.now(UTC) + timedelta(minutes=30)}  # type: ignore[dict-item]
        return jwt.encode(claims, self.world.github, algorithm="RS256", headers={"kid": "github"})


def entra_issuer(session: Session) -> str:
    """Of Azure DevOps's newer service connections: Entra itself."""
    return f"https://login.microsoftonline.com/{session.environment['ARM_TENANT_ID']}/v2.0"


def grant(report: Mapping[str, Any], administrator: Live) -> None:
    """Do exactly what the report asks for, call by call."""
    for ask in report["grants"]:
        graph_id = ""
        for call in ask["calls"]:
            client, path = _service(administrator, call["url"])
            if call["method"] == "GET":
                # The local tenant finds a service principal by its filter, and not by an alternate key.
                app_id = path.partition("(appId='")[2].partition("'")[0]
                (found,) = client.pages("/servicePrincipals", {"$filter": f"appId eq '{app_id}'"})
                graph_id = found["id"]
                continue
            body = json.loads(
                json.dumps(call["body"]).replace("<id of Microsoft Graph, from the call above>", graph_id)
            )
            url, _, version = path.partition("?api-version=")
            client.post(path, body) if call["method"] == "POST" else client.put(url, body, {"api-version": version})


def _service(administrator: Live, url: str) -> tuple[Graph, str]:
    graph, arm = "https://graph.microsoft.com/v1.0", "https://management.azure.com"
    if url.startswith(graph):
        return administrator.graph, url.removeprefix(graph)
    return administrator.arm, url.removeprefix(arm)
