"""What is settled before anything is looked up: locks, and files that are half written."""

from __future__ import annotations

import json
import os
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.directory.clients import Clients
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import LockedError
from airflow_entra.recovery.recover import recover


class Settling(Pulumi):
    """On a folder backend that Pulumi.yaml names, with nothing pending; what it was asked to do is in `done`."""

    def __init__(self, folder: Path) -> None:
        (folder / "Pulumi.yaml").write_text(f"name: airflow-entra\nbackend: {{url: 'file://{folder}'}}\n")
        super().__init__(folder, {"PULUMI_HOME": str(folder)}, "prod")
        self.done: list[str] = []

    done: list[str]

    def export(self) -> dict[str, Any]:
        return {"deployment": {}}

    def cancel(self) -> None:
        self.done.append("cancel")

    def locked_by(self, pid: int) -> None:
        lock = self.folder / ".pulumi" / "locks" / "organization" / "airflow-entra" / "prod" / "one.json"
        lock.parent.mkdir(parents=True)
        taken = datetime.now().astimezone().isoformat()
        lock.write_text(json.dumps({"pid": pid, "hostname": socket.gethostname(), "timestamp": taken}))


def nobody() -> Clients:
    raise AssertionError("nothing is to be looked up")


def test_a_stale_lock_is_found_where_pulumi_yaml_says_the_backend_is(tmp_path: Path) -> None:
    pulumi, said = Settling(tmp_path), list[str]()
    pulumi.locked_by(2**22 + 1)  # beyond the highest number that Linux gives
    assert recover(pulumi, nobody, said.append)
    assert pulumi.done == ["cancel"]
    assert said == ["  the lock of process 4194305, which is gone: taken away"]


def test_a_lock_that_lives_is_left(tmp_path: Path) -> None:
    pulumi = Settling(tmp_path)
    pulumi.locked_by(os.getpid())
    with pytest.raises(LockedError, match=f"locked by process {os.getpid()}"):
        recover(pulumi, nobody, print)
    assert pulumi.done == []


def test_a_file_that_is_half_written_is_removed_though_somebody_took_the_lock_away(tmp_path: Path) -> None:
    pulumi, said = Settling(tmp_path), list[str]()
    stacks = tmp_path / ".pulumi" / "stacks" / "airflow-entra"
    stacks.mkdir(parents=True)
    (stacks / "prod.json.attrs").touch()
    assert recover(pulumi, nobody, said.append)
    assert said == ["  files that were half written: removed"]
    assert list(stacks.iterdir()) == []
    assert not recover(pulumi, nobody, said.append)
