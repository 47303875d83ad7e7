"""From a clone to a login page: the stack `local`, deployed, and both of its Airflows started by the command."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from airflow_entra.render import FILES
from tests.airflow.waiting import until

PROJECT = Path(__file__).parents[2]
COMMAND = Path(__file__).parents[2] / ".venv" / "bin" / "airflow-entra"
TENANT = "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11"

pytestmark = [pytest.mark.airflow, pytest.mark.engine]


class CommandLine:
    """airflow-entra in a world of its own."""

    def __init__(self, home: Path, stacks: Path) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "AIRFLOW_ENTRA_LOCAL": str(home),
            "AIRFLOW_ENTRA_LOCAL_PORT": "0",
            "AIRFLOW_ENTRA_STACKS": str(stacks),
        }

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [COMMAND, *arguments], cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def airflow_entra(tmp_path: Path, engine: Path) -> Iterator[CommandLine]:
    assert (engine / "pulumi").exists()
    stacks = tmp_path / "stacks"
    shutil.copytree(PROJECT / "stacks", stacks)
    command = CommandLine(tmp_path / "world", stacks)
    yield command
    command("local", "down")


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def _processes_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_both_airflows_of_the_local_stack_send_people_to_the_tenant_and_stop(airflow_entra: CommandLine) -> None:
    assert "make up STACK=local" in airflow_entra("local", "airflow", code=2)
    airflow_entra("local", "deploy")

    ports = {"3.3": _free_port(), "2.11": _free_port()}
    for version, login, redirect in (
        ("3.3", "/auth/login/azure", "/auth/oauth-authorized/azure"),
        ("2.11", "/login/azure", "/oauth-authorized/azure"),
    ):
        base = f"http://localhost:{ports[version]}"
        said = airflow_entra("local", "airflow", "--version", version, "--port", ports[version])
        assert re.search(rf"Airflow {re.escape(version)}\.\d is up: {base}$", said, re.MULTILINE)
        assert re.search(r"ada@contoso\.com +Admin", said)
        answer = httpx.get(base + login, trust_env=False)
        asked = urlsplit(answer.headers["location"])
        assert asked.netloc == urlsplit(tenants.running(_world(airflow_entra)).url).netloc  # type: ignore[union-attr]
        assert asked.path == f"/{TENANT}/oauth2/v2.0/authorize"
        assert parse_qs(asked.query)["redirect_uri"] == [base + redirect]
        assert parse_qs(asked.query)["code_challenge_method"] == ["S256"]

    pids = {process.pid for process in _processes_in(airflow_entra.home)}
    assert "Starting" not in airflow_entra("local", "airflow", "--port", ports["3.3"])
    assert {process.pid for process in _processes_in(airflow_entra.home)} == pids
    assert airflow_entra("local", "status").count("Airflow    http://localhost:") == 2
    logs = list(airflow_entra.home.glob("airflow/local/*/logs/watch.log"))  # the stack file says `revocation: watch`
    assert len(logs) == 2
    fresh = "           watcher: following the directory"
    until(lambda: airflow_entra("local", "status").count(fresh) == 2, 60, "two watchers that are fresh")
    assert "2 Airflows are stopped" in airflow_entra("local", "down")
    assert _processes_in(airflow_entra.home) == []


def test_the_rendered_files_come_from_the_deployment(airflow_entra: CommandLine, tmp_path: Path) -> None:
    assert "stack local is not deployed" in airflow_entra("render", "--target", "env", code=2)
    airflow_entra("local", "deploy")
    airflow_entra("render", "--out", str(tmp_path / "out"))

    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == set(FILES.values())
    said = airflow_entra("local", "run", "--", "airflow-entra", "render", "--target", "roles")
    assert (tmp_path / "out" / "sign-on.json").read_text() in said


def test_an_airflow_elsewhere_is_not_started_here(airflow_entra: CommandLine) -> None:
    airflow_entra("local", "deploy", "--stack", "staging")
    said = airflow_entra("local", "airflow", "--stack", "staging", code=2)
    assert "https://airflow.staging.contoso.com, where no browser on this machine finds it" in said


def _world(command: CommandLine) -> World:
    return World(PROJECT, command.home, Path(command.environment["AIRFLOW_ENTRA_STACKS"]))
