"""How every command tells its problems."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from airflow_entra.cli import LazyGroup
from airflow_entra.cli.common import told
from airflow_entra.local.errors import LocalError


def test_a_problem_is_told_in_one_line_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_TOKEN", "c0rrect9horse")
    with pytest.raises(SystemExit) as ended, told():
        raise LocalError("git could not reach https://ada:c0rrect9horse@host/x; its log ends with: c0rrect9horse")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said == "airflow-entra: git could not reach https://[secret]@host/x; its log ends with: [secret]\n"


def test_an_interrupted_command_says_how_to_go_on() -> None:
    outer, inner = LazyGroup("outer", lazy={}), LazyGroup("inner", lazy={})

    @inner.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    @inner.command()
    def not_agreed() -> None:
        raise click.Abort

    outer.add_command(inner)
    result = CliRunner().invoke(outer, ["inner", "interrupted"])
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "airflow-entra: interrupted; run the same command again, and it goes on\n"
    assert CliRunner().invoke(outer, ["inner", "not-agreed"]).exit_code == 1
