"""airflow-entra graph, as it is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_entra.cli import main

PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["graph", *arguments])


def test_all_stacks_as_mermaid_unless_said() -> None:
    result = call()
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("flowchart LR\n")
    for stack in ("dev", "local", "prod", "staging"):
        assert f"Who may do what#58; {stack}" in result.stdout


def test_one_stack_as_svg() -> None:
    result = call("--stack", "prod", "--format", "svg")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("<svg ")
    assert "platform-on-call" in result.stdout
    assert "airflow-local" not in result.stdout


@pytest.mark.parametrize(("name", "start"), [("a.svg", "<svg "), ("a.md", "```mermaid\n"), ("a.mmd", "flowchart LR")])
def test_the_file_is_of_the_kind_that_its_name_says(tmp_path: Path, name: str, start: str) -> None:
    result = call("--stack", "dev", "--out", str(tmp_path / name))
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / name}\n")
    assert (tmp_path / name).read_text("utf-8").startswith(start)


def test_a_wrong_call_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = call("--stack", "prdo")
    assert unknown.exit_code == 2
    assert "there is one for: dev, local, prod, staging" in unknown.stderr
    nowhere = call("--stack", "dev", "--out", str(tmp_path / "none" / "a.svg"))
    assert nowhere.exit_code == 2
    assert f"{tmp_path / 'none' / 'a.svg'}: there is no such file or folder" in nowhere.stderr
    monkeypatch.setenv("AIRFLOW_ENTRA_STACKS", str(tmp_path))
    (tmp_path / "Pulumi.x.yaml").write_text("config: {}\n", "utf-8")
    wrong = call("--stack", "x")
    assert wrong.exit_code == 2
    assert "is missing" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "{}/x.png"], "x.png: by its name that is a picture of pixels, and this command writes mermaid, svg"),
        (["--out", "{}/x.pdf"], "a printed page"),
        (["--out", "{}/x.PNG", "--format", "svg"], "a picture of pixels, and --format is svg"),
        (["--out", "{}/x.svg", "--format", "mermaid"], "that is svg, and --format is mermaid"),
    ],
)
def test_a_file_of_another_kind_than_its_name_says_is_not_written(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    result = call("--stack", "dev", *(part.format(tmp_path) for part in arguments))
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert said in " ".join(result.stderr.split())
