"""airflow-entra import: calls that can't be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main


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
