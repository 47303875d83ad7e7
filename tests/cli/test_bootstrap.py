"""airflow-entra bootstrap: what is refused before anything is started, and what it prints."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_entra.cli import main

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the shipped stack files and no pulumi on PATH."""
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(PROJECT / name, tmp_path)
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AIRFLOW_ENTRA_WORKSPACE", raising=False)
    monkeypatch.delenv("AIRFLOW_ENTRA_STACKS", raising=False)
    return tmp_path


SUBJECTS = ("--subject-prefix", "repo:contoso/airflow")


def bootstrap(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bootstrap", *arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--github OWNER/REPOSITORY or --azure-devops ORG/PROJECT"),
        (("--github", "a/b", "--azure-devops", "c/d"), "--github OWNER/REPOSITORY or --azure-devops ORG/PROJECT"),
        (("--github", "contoso"), "--github: 'contoso' is no repository; it is OWNER/REPOSITORY"),
        (("--azure-devops", "contoso/data"), "az devops service-endpoint list"),
        (
            ("--github", "contoso/airflow", "--stack", "qa"),
            "no stack file stacks/Pulumi.qa.yaml; there is one for: dev",
        ),
        (
            ("--github", "contoso/airflow", "--stack", "dev", "--environments", "production"),
            "no stack file is of environment production",
        ),
        (("--github", "contoso/airflow", "--environments", "prod"), "prod is no environment; an environment is what"),
        (("--github", "contoso/airflow", "--without-preview", "nowhere"), "there is no environment nowhere here"),
    ],
)
def test_a_wrong_call_says_what_is_right_and_starts_nothing(
    project: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = bootstrap(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (project / "bootstrap").exists()


def test_a_wrong_stack_file_stops_it_in_that_file_s_own_words(project: Path) -> None:
    file = project / "stacks" / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("tokenLifetime: 8h", "tokenLifetime: 48h"))
    result = bootstrap("--github", "contoso/airflow")
    assert result.exit_code == 2
    assert "Pulumi.prod.yaml:" in result.stderr
    assert not (project / "bootstrap").exists()


def test_without_pulumi_it_names_both_ways_to_have_it(project: Path) -> None:
    result = bootstrap("--github", "contoso/airflow", *SUBJECTS)
    assert result.exit_code == 2
    assert "there is no pulumi on PATH" in result.stderr
    assert "the same command after `airflow-entra local run --`" in result.stderr
    assert "Written: bootstrap (Pulumi's" in result.stderr
    assert (project / "bootstrap" / "Pulumi.yaml").is_file()  # written before the first run, and again by each


@pytest.mark.slow
def test_without_a_network_it_says_what_can_t_be_reached(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pulumi").write_text("#!/bin/sh\n")
    (project / "pulumi").chmod(0o755)
    for name, value in {
        "ARM_CLIENT_ID": "c5ca9a71-af7d-470e-8071-e2e0fdd7e2c4",
        "ARM_CLIENT_SECRET": "not-a-secret-but-a-test",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "https_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    result = bootstrap("--github", "contoso/airflow", *SUBJECTS)
    assert result.exit_code == 2
    assert "login.microsoftonline.com did not answer: " in result.stderr
    assert "not-a-secret" not in result.output
