"""Which Airflow of a stack is started, and what of one that runs is left alone."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from airflow_entra.errors import UserError
from airflow_entra.local.airflow import deployed, process
from airflow_entra.local.airflow.deployed import Prepared, Wish
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.local.airflow.process import RunningAirflow
from airflow_entra.local.world import World


def test_an_airflow_that_runs_is_not_stopped_for_a_port_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = AirflowHome(tmp_path, "3.3.2", Path(sys.executable))
    url = "http://localhost:1"
    stopped: list[Path] = []
    monkeypatch.setattr(process, "running", lambda home: RunningAirflow(home, url, url, {"api-server": 1}))
    monkeypatch.setattr(process, "stop", lambda *folders: stopped.extend(folders))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        prepared = Prepared(home, f"http://localhost:{port}", {}, {}, {}, watched=False)
        monkeypatch.setattr(deployed, "prepare", lambda *_, **__: prepared)
        with pytest.raises(UserError, match=f"can't listen on port {port}"):
            deployed.start(World(tmp_path, tmp_path), Wish("local", port=port), http_port=0, say=lambda _: None)
    assert stopped == []
