"""What is settled before anything is looked up: locks, and files that are half written."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_entra.directory.clients import Clients
from airflow_entra.pulumi.resource_types import APPLICATION
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import LockedError
from airflow_entra.recovery.recover import recover
from airflow_entra_auth.graph import Graph


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


class Pending(Settling):
    """A state that was written so many seconds ago, while an application was being made."""

    def __init__(self, folder: Path, seconds: float) -> None:
        super().__init__(folder)
        urn = "urn:pulumi:prod::airflow-entra::azuread:index/application:Application::application"
        resource = {"urn": urn, "type": APPLICATION, "inputs": {"tags": ["airflow-entra:stack:prod"]}}
        at = datetime.fromtimestamp(time.time() - seconds, UTC).isoformat().replace("+00:00", "789Z")
        self.state: dict[str, Any] = {
            "manifest": {"time": at},
            "pending_operations": [{"type": "creating", "resource": resource}],
        }

    def export(self) -> dict[str, Any]:
        return {"deployment": self.state}

    def put(self, state: Mapping[str, Any]) -> None:
        self.state = state["deployment"]

    def refresh(self) -> None:
        self.done.append("refresh")


@pytest.mark.parametrize(("ago", "adopted"), [(0.0, True), (120.0, False)])
def test_what_entra_doesn_t_show_yet_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ago: float, adopted: bool
) -> None:
    """Made a moment before the engine was killed: it would be made a second time otherwise."""
    monkeypatch.setattr("airflow_entra.recovery.recover._PAUSE", 0.0)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"value": [{"id": "app"}] if len(asked) > 3 else []})

    pulumi, said = Pending(tmp_path, ago), list[str]()
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        graph = Graph(lambda: "t", client=client)
        assert recover(pulumi, lambda: Clients(graph, graph, "", ""), said.append)
    ids = [resource["id"] for resource in pulumi.state["resources"]]
    assert ids == (["/applications/app"] if adopted else [])
    assert any("looking again" in line for line in said) is adopted
    assert len(asked) == (4 if adopted else 1)
