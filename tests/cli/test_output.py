"""What a command prints: nothing in it commands the terminal or the pipeline that shows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main
from airflow_entra.cli.ending import told
from airflow_entra.cli.output import result, say, show
from airflow_entra.errors import UserError
from tests.escape.names import HOSTILE, LEGIBLE
from tests.escape.readers import commands, letters, markdown, unprintable

STACKS = Path(__file__).parents[1] / "escape" / "stacks"


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_printed_is_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result(f"{name}\n")
    show(name)
    say(name)
    with pytest.raises(SystemExit), told():
        raise UserError(name)
    for printed in capsys.readouterr():
        assert not unprintable(printed) - {"\t"}
        assert not commands(printed)


def test_ordinary_names_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    for name in LEGIBLE:
        show(name)
    assert capsys.readouterr().out.splitlines() == LEGIBLE


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif"])
def test_the_name_of_a_file_is_no_command_of_a_pipeline(form: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x\n::error::y ##vso[task.complete result=Succeeded]z.yaml"
    file.write_text("config: [", "utf-8")
    said = CliRunner().invoke(main, ["check", "--format", form, str(file)])
    assert said.exit_code == 2
    assert not commands(said.output)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif", "github"])
def test_the_name_of_a_file_need_not_be_text(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = os.fsdecode(b"Pulumi.\xff.yaml")
    Path(file).write_text("config: [", "utf-8")
    said = CliRunner().invoke(main, ["check", "--format", form, file])
    assert said.exit_code == 2
    assert isinstance(said.exception, SystemExit), said.exception
    said.stdout.encode()


def test_for_github_the_commands_are_commands_and_each_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x\n::set-env name=PATH::y.yaml"
    file.write_text("config: [", "utf-8")
    said = CliRunner().invoke(main, ["check", "--format", "github", str(file)])
    assert [line.partition(" ")[0] for line in said.stdout.splitlines()] == ["::error"]


def test_a_terminal_without_a_letter_shows_its_code() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "airflow_entra.cli", "check", "Łódź 李"],
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert said.returncode == 2, said.stderr
    assert b"\\u0141\xf3d\\u017a \\u674e" in said.stdout


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_stack_with_such_names_is_compared(form: str) -> None:
    files = [str(STACKS / f"Pulumi.{name}.yaml") for name in ("markup-name", "hostile-names")]
    said = CliRunner().invoke(main, ["diff", "--format", form, *files])
    assert said.exit_code == 0, said.output
    assert letters("@contoso/security") in letters(said.output)
    if form == "markdown":
        page = markdown(said.stdout)
        assert page.elements <= {"p", "strong", "h4", "table", "thead", "tbody", "tr", "th", "td", "code"}
        assert not page.read_by_hosts()


def test_a_question_without_a_terminal_says_which_option_answers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_ENTRA_LOCAL", str(tmp_path))
    said = CliRunner().invoke(main, ["local", "reset"], input="y\n")
    assert (said.exit_code, said.stderr) == (2, "airflow-entra: there is no terminal to ask at: give --yes\n")
    assert tmp_path.is_dir()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["audti"], "No such command 'audti'. Did you mean 'audit'?"),
        (["local", "depoy"], "No such command 'depoy'. Did you mean 'deploy'?"),
        (["local", "who"], "No such command 'who' here: it is `main who`."),
        (["zzz"], "No such command 'zzz'."),
    ],
)
def test_a_command_that_there_is_none_of_is_told_with_what_may_be_meant(words: list[str], said: str) -> None:
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, f"Error: {said}")
