"""airflow-entra recover, as it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main
from airflow_entra.commands import recover as recovery
from airflow_entra.pulumi.runner import Pulumi

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("workspace", [None, "/somewhere/workspace"])
def test_in_the_local_world_pulumi_runs_in_its_workspace(
    monkeypatch: pytest.MonkeyPatch, workspace: str | None
) -> None:
    places: list[Path] = []

    def recover(pulumi: Pulumi, _connect: Any, _say: Any) -> bool:
        places.append(pulumi.folder)
        return False

    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(recovery, "recover", recover)
    environment = {"AIRFLOW_ENTRA_WORKSPACE": workspace, "AIRFLOW_ENTRA_STACKS": str(PROJECT / "stacks")}
    done = CliRunner().invoke(main, ["recover", "--stack", "dev"], env=environment)
    assert done.exit_code == 0, done.output
    assert done.output == "Stack dev needs no recovery.\n"
    assert places == [Path(workspace) if workspace else PROJECT]
