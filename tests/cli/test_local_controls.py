"""airflow-entra local clock, fault and seed, as they are called: on a tenant that runs meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from click.testing import CliRunner, Result

from airflow_entra.cli import main
from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
STACK = ["--stack", "local"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose tenant runs."""
    world = World(PROJECT, tmp_path_factory.mktemp("home"))
    tenants.start(world, 0)
    yield world
    tenants.stop(world)


def call(world: World, *arguments: str) -> Result:
    runner = CliRunner(env={"AIRFLOW_ENTRA_LOCAL": str(world.home)})
    return runner.invoke(main, ["local", *arguments])


def fine(world: World, *arguments: str) -> str:
    result = call(world, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def graph(world: World) -> httpx.Response:
    """The answer of Graph, at the tenant's own address, to nobody."""
    tenant = tenants.running(world)
    assert tenant is not None
    return httpx.get(f"{tenant.url}/v1.0/users", trust_env=False)


def test_the_clock_moves_and_goes_back(world: World) -> None:
    assert "8h ahead" in fine(world, "clock", "--forward", "8h")
    assert "1d8h ahead" in fine(world, "clock", "--forward", "1d")
    said = datetime.fromisoformat(graph(world).json()["error"]["innerError"]["date"]).replace(tzinfo=UTC)
    assert abs(said - datetime.now(UTC) - timedelta(hours=32)) < timedelta(minutes=5)
    assert "clock      1d8h ahead" in fine(world, "status")
    assert "the machine's time" in fine(world, "clock", "--reset")


def test_faults_come_and_go(world: World) -> None:
    said = fine(world, "fault", "--throttle", "100%", "--host", "graph", "--seed", "7")
    assert said == fine(world, "fault")
    assert "100% of the requests are throttled" in said
    assert "at graph; seed 7" in said
    assert (graph(world).status_code, graph(world).headers["retry-after"]) == (429, "1")
    said = fine(world, "fault", "--unseen", "5s")
    assert said == fine(world, "fault")
    assert "new and changed objects of the directory are not to be seen for 5 s" in said
    fine(world, "fault", "--away")
    assert "fault      away" in fine(world, "status")
    with pytest.raises(httpx.TransportError):
        graph(world)
    assert "no faults" in fine(world, "fault", "--off")
    assert graph(world).status_code == 401


def test_an_airflow_whose_watcher_died_is_not_well(world: World) -> None:
    me = {"pid": os.getpid(), "created": psutil.Process().create_time()}
    record = world.home / "airflow" / "local" / "2.11.2" / "process.json"
    record.parent.mkdir(parents=True)
    url = "http://localhost:8081"
    for watcher, missing in ({"pid": os.getpid(), "created": 1.0}, True), (me, False):
        parts = [{"name": "webserver", **me}, {"name": "watch", **watcher}]
        record.write_text(json.dumps({"url": url, "localUrl": url, "parts": parts}))
        result = call(world, "status")
        assert f"Airflow    {url}, logs in {record.parent / 'logs'}\n" in result.output
        assert ("not running: watch" in result.output) == missing
        assert ("airflow-entra local airflow --stack local --version 2.11` starts it" in result.output) == missing
        assert result.exit_code == int(missing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tenants, "running", lambda _: None)  # as one that was killed
        result = call(world, "status")
    assert (result.exit_code, f"Airflow    {url}" in result.output) == (1, True)
    record.unlink()


def test_people_are_added_once(world: World) -> None:
    wanted = ["seed", "--people", "40", "--groups", "5", "--seed", "3", *STACK]
    assert fine(world, *wanted).startswith("Added 40 people and 5 groups with ")
    assert fine(world, *wanted) == "Added 0 people and 0 groups with 0 memberships.\n"
    tenant = tenants.running(world)
    assert tenant is not None
    counts = json.loads(httpx.get(f"{tenant.url}/health", trust_env=False).text)["tenants"]
    assert next(iter(counts.values()))["users"] >= 40


@pytest.mark.parametrize(
    "wrong",
    [
        ["fault", "--throttle", "101%"],
        ["fault", "--throttle", "60%", "--drop", "50%"],
        ["fault", "--slow", "200"],
        ["fault", "--host", "graph"],
        ["fault", "--off", "--away"],
        ["clock", "--forward", "8"],
        ["clock", "--forward", "8h", "--reset"],
        ["seed", "--people", "-1"],
        ["seed", "--stack", "moon"],
    ],
)
def test_what_makes_no_sense_is_refused(world: World, wrong: list[str]) -> None:
    result = call(world, *wrong)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
