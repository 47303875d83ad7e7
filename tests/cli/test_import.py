"""airflow-entra import: calls that can't be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main
from airflow_entra.commands.import_ import with_present_sign_in
from airflow_entra.importing.choices import Choices


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--application CLIENT-ID"),
        (["--application", "c", "--role", "Admin"], "WHAT=ROLE"),
        (["--application", "c", "--role", "=Admin"], "WHAT=ROLE"),
        (["--apply"], "--apply goes with --users"),
        (["--application", "c", "--airflow-version", "3.1"], "3.1.7 answers the way back from Entra with HTTP 500"),
        (["--application", "c", "--url", "https://airflow.contoso.com/home"], "write https://airflow.contoso.com"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(
        main, ["import", "--stack", "new", "--tenant", "t", *arguments], env={"ARM_TENANT_ID": ""}
    )
    assert done.exit_code == 2
    assert told in done.output


def test_the_tenant_has_to_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_TENANT_ID", raising=False)
    done = CliRunner().invoke(main, ["import", "--stack", "new", "--application", "c"])
    assert done.exit_code == 2
    assert "ARM_TENANT_ID" in done.output


def test_a_stack_file_that_is_there_and_wrong_is_told_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_ENTRA_STACKS", str(tmp_path))
    file = tmp_path / "Pulumi.new.yaml"
    file.write_text("config: {}\n")
    done = CliRunner().invoke(main, ["import", "--stack", "new", "--tenant", "t", "--application", "c"])
    assert done.exit_code == 2
    assert f"{file}:1:1" in done.output
    assert file.read_text() == "config: {}\n"


CONFIG = """
OAUTH_PROVIDERS = [{"name": "azure", "remote_app": {
    "client_id": "22222222-3333-4444-8555-666666666666",
    "server_metadata_url": "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0/x",
}}]
AUTH_ROLES_MAPPING = {"a": ["Admin"], "b": ["Op"]}
"""
CLIENT, TENANT = "22222222-3333-4444-8555-666666666666", "11111111-2222-4333-8444-555555555555"


def test_the_present_configuration_says_application_tenant_and_roles(tmp_path: Path) -> None:
    file = tmp_path / "webserver_config.py"
    file.write_text(CONFIG)
    said = Choices(stack="new", roles={"b": ("Viewer",)})
    choices, client_id = with_present_sign_in(said, None, file)
    assert (client_id, choices.tenant_id) == (CLIENT, TENANT)
    assert choices.roles == {"a": ("Admin",), "b": ("Viewer",)}  # what the caller says counts
    assert with_present_sign_in(said, "c", None) == (said, "c")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--application", "c", "--tenant", TENANT], f"application {CLIENT}, and application c was asked for"),
        (["--application", CLIENT.upper(), "--tenant", "t"], f"tenant {TENANT}, and tenant t was asked for"),
    ],
)
def test_a_configuration_of_another_airflow_is_refused(tmp_path: Path, arguments: list[str], told: str) -> None:
    file = tmp_path / "webserver_config.py"
    file.write_text(CONFIG)
    done = CliRunner().invoke(main, ["import", "--stack", "new", "--webserver-config", str(file), *arguments])
    assert done.exit_code == 2
    assert told in done.stderr
