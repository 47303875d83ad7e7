"""Stack files as the tests of the pipelines' identities need them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_entra.access.pipeline import Pipeline, pipeline
from airflow_entra.access.repository import CONNECTION, Trust, azure_devops, github, workload
from airflow_entra.settings import StackSettings, load
from tests.components.harness import stack_settings

REPOSITORY = github("contoso/airflow-sign-on", "repo:contoso/airflow-sign-on")
PROJECT = azure_devops("contoso/data platform")
ISSUER = "https://login.microsoftonline.com/7a0c8f5e-5f0e-4a63-9c29-4d4a5a0a6f01/v2.0"
EVERYTHING = {"groups", "assignments", "consent", "tokenLifetime", "conditionalAccess", "vaultRoles"}


def shipped() -> dict[str, StackSettings]:
    """The stack files of this repository."""
    files = (Path(__file__).parents[2] / "stacks").glob("Pulumi.*.yaml")
    return {file.name.split(".")[1]: load(file) for file in files}


def stack(environment: str = "production", **changes: Any) -> StackSettings:
    """One stack; `manage` says who does which part, everything else is as in the harness of components."""
    manage: Mapping[str, str] = changes.pop("manage", {})
    parts = {f"tenant.manage.{part}": who for part, who in manage.items()}
    return stack_settings({"environment": environment, **parts, **changes})


def declared(**options: Any) -> Pipeline:
    return pipeline(REPOSITORY, {"prod": stack(), "staging": stack("staging")}, **options)


def connected(*keys: str) -> dict[str, tuple[Trust, ...]]:
    """What Azure DevOps shows of the service connections of the preview and of these environments."""
    return {
        key: (workload("--trust", key, ISSUER, f"/eid1/c/pub/t/b3V/a/b3Vy/sc/organisation/{key}", CONNECTION),)
        for key in ("preview", *keys)
    }
