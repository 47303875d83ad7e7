"""airflow-entra check, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main

PROJECT = Path(__file__).parents[2]


def test_the_shipped_stacks_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 0, result.output
    assert "4 files fine" in result.stderr


def test_a_wrong_file_is_exit_code_2_and_a_located_line(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config:\n  azuread:tenantId: no\n")
    result = CliRunner().invoke(main, ["check", str(file)])
    assert result.exit_code == 2
    assert f"{file}:2:21: error: 'no' is not an object id" in result.stdout
    assert "correct and check again" in result.stderr
    as_json = json.loads(CliRunner().invoke(main, ["check", "--format", "json", str(file)]).stdout)
    assert {"line": 2, "column": 21}.items() <= as_json["findings"][-1].items()


def test_no_stack_file_at_all_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 2
    assert "no stacks/Pulumi.*.yaml here" in result.output


def test_the_generated_files_are_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    assert CliRunner().invoke(main, ["schema", "--check"]).exit_code == 0


@pytest.mark.parametrize("code", [0, 2])
def test_github_and_sarif_change_no_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    file = tmp_path / "stacks" / "Pulumi.dev.yaml"
    file.parent.mkdir()
    text = (PROJECT / "stacks" / "Pulumi.dev.yaml").read_text("utf-8")
    file.write_text(text if code == 0 else text.replace("airflow-entra:owners:", "airflow-entra:ownerz:"), "utf-8")
    marked = CliRunner().invoke(main, ["check", "--format", "github", str(file)])
    alerts = CliRunner().invoke(main, ["check", "--format", "sarif", str(file)])
    assert (marked.exit_code, alerts.exit_code) == (code, code)
    errors = [line for line in marked.stdout.splitlines() if line.startswith("::error file=stacks/Pulumi.dev.yaml,")]
    results = json.loads(alerts.stdout)["runs"][0]["results"]
    assert len(errors) == sum(result["level"] == "error" for result in results) == code // 2
    assert "1 file fine" in alerts.stderr or "1 error in 1 of 1 file" in alerts.stderr


def test_a_stack_named_in_place_of_its_file_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    result = CliRunner().invoke(main, ["check", "local", "nowhere"])
    assert result.exit_code == 2
    assert "fix:   stacks/Pulumi.local.yaml?" in result.stdout
    assert "Pulumi.nowhere.yaml" not in result.stdout


def test_a_file_that_is_named_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    named = ["stacks/Pulumi.prod.yaml", "./stacks/../stacks/Pulumi.prod.yaml", "--stack", "prod"]
    assert "1 file fine" in CliRunner().invoke(main, ["check", *named]).stderr


def test_a_stack_is_named_in_place_of_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    assert "2 files fine" in CliRunner().invoke(main, ["check", "--stack", "prod", "--stack", "dev"]).stderr
    unknown = CliRunner().invoke(main, ["check", "--stack", "prdo"])
    assert unknown.exit_code == 2
    assert "no stack file stacks/Pulumi.prdo.yaml; there is one for: dev, local, prod, staging" in unknown.stderr


def test_every_command_tells_a_wrong_file_in_the_words_of_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Pulumi.yaml", "__main__.py"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    (tmp_path / "stacks").mkdir()
    text = (PROJECT / "stacks" / "Pulumi.prod.yaml").read_text()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(text.replace("guests: refuse", "guests: invite"))
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, ["check", "--stack", "prod"]).stdout
    assert said.startswith("stacks/Pulumi.prod.yaml:")
    assert "\n  right: " in said
    for command in (["graph"], ["who", "--stack", "prod"], ["explain", "--stack", "prod", "--role", "Op"]):
        told = CliRunner().invoke(main, command)
        assert (told.exit_code, told.stderr) == (2, said), command
