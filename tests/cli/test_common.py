"""How every command tells its problems."""

from __future__ import annotations

import pytest

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
