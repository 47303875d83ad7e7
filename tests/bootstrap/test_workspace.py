"""The folder that the project lies in, and how the pack is told to judge it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from airflow_entra.access.pipeline import pipeline
from airflow_entra.access.repository import AzureDevOps, GitHub
from airflow_entra.bootstrap.described import read, write
from airflow_entra.bootstrap.workspace import Workspace, policy_config
from policies.registry import RULES
from tests.access.pipelines import PROJECT, REPOSITORY, connected, declared, stack

HERE = Path(__file__).parents[2]


@pytest.mark.parametrize("repository", [REPOSITORY, PROJECT])
def test_a_pipeline_comes_back_from_its_configuration_as_it_was(repository: GitHub | AzureDevOps) -> None:
    trusts = connected("production")
    described = pipeline(
        repository, {"prod": stack()}, without_preview=["production"], owners=["b", "a"], trusts=trusts
    )
    assert read(yaml.safe_load(yaml.safe_dump(write(described)))) == described


def test_a_second_run_writes_the_same_and_keeps_what_pulumi_wrote(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "bootstrap", tmp_path)
    workspace.prepare(declared())
    stack_file = workspace.folder / "Pulumi.bootstrap.yaml"
    stack_file.write_text("encryptionsalt: v1:salt\n" + stack_file.read_text())
    files = {file: file.stat().st_mtime_ns for file in workspace.folder.iterdir() if file != stack_file}
    workspace.prepare(declared())
    assert yaml.safe_load(stack_file.read_text())["encryptionsalt"] == "v1:salt"
    assert {file: file.stat().st_mtime_ns for file in files} == files


def test_what_is_written_into_the_repository_passes_its_checks(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "bootstrap", tmp_path)
    workspace.prepare(declared())
    ruff, settings = HERE / ".venv" / "bin" / "ruff", HERE / "pyproject.toml"
    for check in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [ruff, *check, "--config", settings, workspace.folder], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_pulumi_gets_the_folder_as_its_backend_and_no_passphrase_of_anybody_s(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "bootstrap", tmp_path)
    environment = workspace.environment(
        {"PATH": "/bin", "PULUMI_CONFIG_PASSPHRASE_FILE": "theirs", "PULUMI_BACKEND_URL": "azblob://state"}
    )
    assert environment == {
        "PATH": "/bin",
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'bootstrap' / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
    }


def test_the_pack_judges_everything_and_is_told_what_a_sign_on_has_not() -> None:
    config = policy_config(declared())
    rules = {rule.name: {setting.name for setting in rule.settings} for rule in RULES}
    for name, settings in config.items():
        assert set(settings) <= rules[name]
    assert config["exact-federated-subject"] == {
        "issuers": [],
        "pullRequests": ["repo:contoso/airflow-sign-on:pull_request"],
    }
    assert not [name for name in config["no-high-risk-permission"]["allowed"] if "Directory.ReadWrite" in name]
    assert all(reason for reason in config["known-types-only"]["allowed"].values())
    assert len(config["vault-roles-narrow"]["allowed"]) == 2 + len(declared().environments)
