from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main
from airflow_entra.local import run, tenant
from engine.obtain import EngineError

PROJECT = Path(__file__).parents[2]


def test_without_an_engine_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(progress: object) -> Path:
        raise EngineError("the Pulumi CLI is not to be had\n  on PATH      there is no pulumi on PATH")

    monkeypatch.setattr(run, "engine_folder", none)
    monkeypatch.setattr(tenant, "start", lambda *_: pytest.fail("a tenant was started"))
    monkeypatch.setenv("AIRFLOW_ENTRA_LOCAL", str(tmp_path / "world"))
    monkeypatch.chdir(PROJECT)

    done = CliRunner().invoke(main, ["local", "deploy", "--stack", "local", "--port", "0"])

    assert done.exit_code == 2
    assert "airflow-entra: the Pulumi CLI is not to be had\n" in done.output
