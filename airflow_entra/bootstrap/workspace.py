"""The folder in which the bootstrap's Pulumi project lies: written by each run, its state kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from airflow_entra.access.azure_roles import BLOB_CONTRIBUTOR, BLOB_READER, CRYPTO_USER
from airflow_entra.access.identity_permissions import KNOWN
from airflow_entra.access.pipeline import Pipeline
from airflow_entra.access.repository import PULL_REQUEST
from airflow_entra.bootstrap import PROJECT, STACK
from airflow_entra.bootstrap.described import read, write
from airflow_entra.errors import UserError, shown
from airflow_entra.escape.terminal import line
from airflow_entra.files import write_whole
from airflow_entra.pulumi import resource_types as types
from airflow_entra.pulumi.backend import FolderBackend, salt, with_backend
from airflow_entra.settings.issuers import github_host, is_github_server
from airflow_entra.settings.model import config_key
from airflow_entra.settings.stack_file import stack_file

_STATE = {
    types.STORAGE_ACCOUNT: "holds the state",
    types.BLOB_SERVICE: "keeps every version of the state",
    types.CONTAINER: "holds the state",
    types.KEY: "encrypts what is secret in the state",
}
_PROGRAM = '''"""Written by `airflow-entra bootstrap`."""

from airflow_entra.components import start_up  # noqa: F401, I001 -- before all else
from airflow_entra.bootstrap.program import run

run()
'''


@dataclass(frozen=True, slots=True)
class Workspace:
    """`folder` holds the project and its state; `project` the stack files and the policy pack."""

    folder: Path
    project: Path

    @property
    def backend(self) -> FolderBackend:
        return FolderBackend(self.folder / "state")

    @property
    def policy_config(self) -> Path:
        return self.folder / "policies.json"

    @property
    def exists(self) -> bool:
        """Whether an earlier run has made the stack."""
        return self.backend.checkpoint(PROJECT, STACK).exists()

    def earlier(self) -> Pipeline | None:
        """What the last run declared, with what a person changed in its file since; None before the first run.

        Raises UserError where the file can't be read.
        """
        file = stack_file(self.folder, STACK)
        if not file.is_file():
            return None
        try:
            return read(yaml.safe_load(file.read_text("utf-8"))["config"][f"{PROJECT}:pipeline"])
        except (ValueError, KeyError, TypeError, yaml.YAMLError) as error:
            raise UserError(
                f"{shown(file)}: it can't be read any more ({line(str(error).partition(chr(10))[0])}); take it from "
                f"the repository's history: what was corrected by hand stands in it"
            ) from None

    def prepare(self, pipeline: Pipeline) -> None:
        """Write the project as this pipeline needs it. Raises OSError."""
        self.backend.folder.mkdir(parents=True, exist_ok=True)
        place = pipeline.state
        settings = {
            config_key("tenant_id"): pipeline.tenant,
            "azure-native:tenantId": pipeline.tenant,
            config_key("subscription_id"): place.subscription,
            config_key("location"): place.location,
            f"{PROJECT}:pipeline": write(pipeline),
        }
        file = stack_file(self.folder, STACK)
        _write(file, yaml.safe_dump({**salt(file), "config": settings}, sort_keys=False))
        _write(self.folder / "Pulumi.yaml", yaml.safe_dump(self._project(), sort_keys=False))
        _write(self.folder / "__main__.py", _PROGRAM)
        _write(self.policy_config, json.dumps(policy_config(pipeline), indent=2) + "\n")

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The caller's, with the project's own backend. Nothing in its state is secret: no passphrase guards it."""
        return with_backend(inherited, self.backend.folder, "")

    def _project(self) -> dict[str, Any]:
        environment = Path(sys.prefix)
        inside = environment.is_relative_to(self.project)
        virtualenv = os.path.relpath(environment, self.folder) if inside else str(environment)
        return {
            "name": PROJECT,
            "description": "What the pipelines of airflow-entra need: written by `airflow-entra bootstrap`",
            "runtime": {"name": "python", "options": {"virtualenv": virtualenv}},
        }


def policy_config(pipeline: Pipeline) -> dict[str, Any]:
    """How the policy pack judges these resources, which are no Airflow: `--policy-pack-config`.

    Nothing is switched off. What the pack doesn't know of a sign-on is listed: each type with its reason, each Azure
    role with its place.
    """
    place = pipeline.state
    issuers = {trust.issuer for identity in pipeline.identities for trust in identity.trusts}
    allowed = [f"application:{name}" for name in sorted(KNOWN)]
    return {
        "exact-federated-subject": {
            # A person named them: those of GitHub that everybody knows are judged by their form alone.
            "issuers": sorted(issuer for issuer in issuers if is_github_server(issuer) or not github_host(issuer)),
            "pullRequests": [trust.subject for trust in pipeline.preview.trusts if trust.name == PULL_REQUEST],
        },
        "known-types-only": {"allowed": _STATE},
        "no-high-risk-permission": {"allowed": allowed},
        "vault-roles-narrow": {
            "allowed": [
                *(f"{role}@{place.container_id}" for role in (BLOB_CONTRIBUTOR, BLOB_READER)),
                *(f"{CRYPTO_USER}@{place.key_id(environment)}" for environment in pipeline.environments),
            ]
        },
    }


def _write(file: Path, text: str) -> None:
    if not file.is_file() or file.read_text("utf-8") != text:
        write_whole(file, text)
