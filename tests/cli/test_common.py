"""What several commands print."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from airflow_entra.cli import main
from airflow_entra.cli.common import form_of, hosted, next_steps, own_command
from airflow_entra.finding import Finding, InFile

OURS = Path(sys.executable).with_name("airflow-entra")


def test_our_own_command_is_named_as_the_caller_s_shell_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(OURS.parent))
    assert own_command("who") == "airflow-entra who"

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(OURS.parents[2])
    assert own_command("--version") == ".venv/bin/airflow-entra --version"
    subprocess.run(own_command("--version"), shell=True, check=True)  # noqa: S602 -- in a plain shell

    monkeypatch.chdir(tmp_path)
    assert own_command("who") == f"{OURS} who"


def test_another_program_of_that_name_is_not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "airflow-entra").write_text("#!/bin/sh\n")
    (tmp_path / "airflow-entra").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert own_command("who") == f"{OURS} who"


def test_next_steps_stand_below_each_other() -> None:
    assert next_steps({"open x": "", "make down": "stop it"}) == "Next: open x\n      make down  stop it"


@pytest.mark.parametrize(
    ("form", "out", "written"),
    [
        (None, None, "text"),
        ("json", None, "json"),
        (None, "a", "text"),
        (None, "/dev/stdout", "text"),
        (None, "a.2026-11-30", "text"),
        (None, "a.md", "markdown"),
        (None, "a.JSON", "json"),
        ("json", "a.json", "json"),
        ("json", "a.txt", "json"),
    ],
)
def test_a_file_is_written_in_the_format_that_its_name_says(form: str | None, out: str | None, written: str) -> None:
    assert form_of(form, Path(out) if out else None, ("text", "json", "markdown"), "text") == written


REFUSED = [
    (["graph", "--stack", "dev"], "x.jpg", "a picture of pixels"),
    (["audit", "--stack", "prod"], "x.pdf", "a printed page, and this command writes text, markdown, html, csv, json"),
    (["audit", "--stack", "prod", "--format", "csv"], "x.html", "html, and --format is csv"),
    (["preview", "--stack", "prod"], "x.html", "html, and this command writes text, json, markdown"),
    (["import", "--stack", "new", "--application", "a"], "x.json", "json, and this command writes yaml"),
    (["render", "--stack", "prod", "--target", "helm"], "values.yaml", "called as a file is"),
]


@pytest.mark.parametrize(("command", "name", "said"), REFUSED, ids=lambda value: str(value))
def test_no_command_writes_a_file_of_another_kind_than_its_name_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], name: str, said: str
) -> None:
    monkeypatch.chdir(OURS.parents[2])
    result = CliRunner().invoke(main, [*command, "--out", str(tmp_path / name)])
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert said in " ".join(result.stderr.split())


def test_every_command_with_out_is_tried() -> None:
    having = {name for name, command in commands() if any("--out" in one.opts for one in command.params)}
    assert having == {command[0] for command, _, _ in REFUSED}


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(main)
    found = ((name, main.get_command(context, name)) for name in main.list_commands(context))
    return [(name, command) for name, command in found if command]


@pytest.mark.parametrize("folder", ["", "airflow_entra/settings"])
def test_a_repository_s_host_is_told_of_files_from_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    place = InFile(tmp_path / "stacks" / "Pulumi.prod.yaml", 1, 1)
    hosted("sarif", [Finding(place, "a", "b", "c", id="x/y")], "audit")
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    named = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert named == {"uri": "stacks/Pulumi.prod.yaml", "uriBaseId": "%SRCROOT%"}
