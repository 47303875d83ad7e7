"""Airflow's processes: started, found, told apart from others, stopped with all that they started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from airflow_entra.errors import UserError
from airflow_entra.local.airflow import process
from airflow_entra.local.airflow.home import AirflowHome

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Iterator[AirflowHome]:
    """An Airflow 3 whose program is a stand-in."""
    home = AirflowHome(tmp_path / "airflow", "3.3.2", Path(sys.executable))
    program = home.folder / "airflow" / "__main__.py"  # found first: Airflow runs in its home
    program.parent.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("fake_airflow.py"), program)
    yield home
    process.stop(home.folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def _children(home: AirflowHome) -> list[int]:
    return [int(file.read_text()) for file in home.folder.glob("*.child")]


def test_it_starts_answers_is_found_and_ends_with_all_its_children(home: AirflowHome, port: int) -> None:
    running = process.start(home, port, {})
    again = process.start(home, port, {})

    assert running.url == running.local_url == f"http://localhost:{port}"
    assert list(running.pids) == ["api-server", "scheduler", "dag-processor"]
    assert again.pids == running.pids
    running.stop()
    assert process.running(home) is None
    assert all(map(_gone, [*running.pids.values(), *_children(home)]))
    assert process.stop(home.folder) == 0


def test_the_database_is_migrated_once_for_an_environment(home: AirflowHome, port: int) -> None:
    for _ in range(2):
        process.start(home, port, {}).stop()
    assert (home.folder / "migrations").read_text() == "migrated\n"


def test_the_public_url_has_a_path_and_the_local_one_the_same(home: AirflowHome, port: int) -> None:
    running = process.start(home, port, {"AIRFLOW__API__BASE_URL": "https://airflow.contoso.com/data/"})

    assert running.url == "https://airflow.contoso.com/data"
    assert running.local_url == f"http://localhost:{port}/data"


def test_children_of_a_killed_airflow_are_stopped_too(home: AirflowHome, port: int) -> None:
    running = process.start(home, port, {})
    for pid in running.pids.values():
        os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid) for pid in running.pids.values() if psutil.pid_exists(pid)], 5)

    assert process.running(home) is None
    assert not any(map(_gone, _children(home)))
    assert process.stop(home.folder) == 1
    assert all(map(_gone, _children(home)))


def test_a_part_that_died_is_seen_and_started_again_alone_and_its_last_words_stay(home: AirflowHome, port: int) -> None:
    before = process.start(home, port, {"WHOSE": "ours"})
    log = home.logs / "scheduler.log"
    log.write_text("why it died\n")
    os.kill(before.pids["scheduler"], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before.pids["scheduler"])], 5)

    seen = process.running(home)
    assert seen
    assert (seen.missing, process.missing_in(home.folder)) == (("scheduler",), ("scheduler",))
    assert "scheduler" not in seen.pids
    again = process.start(home, port, {"WHOSE": "ours"})
    assert again.missing == process.missing_in(home.folder) == ()
    kept = {"api-server", "dag-processor"}
    assert {name: again.pids[name] for name in kept} == {name: before.pids[name] for name in kept}
    assert psutil.Process(again.pids["scheduler"]).environ()["WHOSE"] == "ours"
    assert log.read_text().startswith("why it died\n")
    again.stop()
    assert all(map(_gone, again.pids.values()))


@pytest.mark.parametrize("forged", [{"pid": os.getpid(), "created": 1.0}, {"pid": os.getsid(0), "created": 1.0}])
def test_a_process_of_somebody_else_is_never_touched(home: AirflowHome, forged: dict[str, float]) -> None:
    part = {"name": "api-server", **forged}
    home.record.write_text(json.dumps({"url": "", "localUrl": "", "parts": [part]}))

    assert process.running(home) is None
    assert process.stop(home.folder) == 0
    assert psutil.pid_exists(os.getpid())


@pytest.mark.parametrize(
    ("fails", "words"),
    [("db", "airflow db migrate` ended with 1"), ("api-server", "Airflow's api-server ended with 1")],
)
def test_where_it_dies_its_last_words_are_told_and_nothing_stays(
    home: AirflowHome, port: int, fails: str, words: str
) -> None:
    (home.folder / f"fail-{fails}").touch()
    with pytest.raises(UserError, match=words) as told:
        process.start(home, port, {})

    assert str(told.value).endswith("there is no such table")
    assert process.running(home) is None
    assert all(map(_gone, _children(home)))


def test_a_port_that_is_taken_is_said_and_the_other_server_never_passes_for_airflow(home: AirflowHome) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"can't listen on port {port}.*--port"):
            process.start(home, port, {})


def test_the_logs_of_one_part_are_its_own(home: AirflowHome, port: int) -> None:
    process.start(home, port, {})
    names = {file.name for file in home.logs.iterdir()}
    assert {"api-server.log", "scheduler.log", "dag-processor.log"} <= names


def test_only_the_server_has_what_is_private(home: AirflowHome, port: int) -> None:
    running = process.start(home, port, {"COMMON": "c"}, private={"PRIVATE": "p"}, watcher={"WATCHER": "w"})
    seen = {name: psutil.Process(pid).environ() for name, pid in running.pids.items()}

    assert {name for name, variables in seen.items() if "PRIVATE" in variables} == {"api-server"}
    assert all(variables["COMMON"] == "c" and "WATCHER" not in variables for variables in seen.values())


def test_a_watcher_that_died_starts_again_with_its_own_variables(home: AirflowHome, port: int) -> None:
    program = home.folder / "airflow_entra_auth" / "watch" / "__main__.py"
    program.parent.mkdir(parents=True)
    program.write_text("import time; time.sleep(600)")
    how: dict[str, Any] = {
        "private": {"PRIVATE": "p"},
        "watcher": {"WATCHER": "w"},
        "parts": (*process.PARTS[3], process.WATCH),
    }
    before = process.start(home, port, {"COMMON": "c"}, **how)
    for part in (process.WATCH, "scheduler"):
        os.kill(before.pids[part], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before.pids[part]) for part in (process.WATCH, "scheduler")], 5)
    again = process.start(home, port, {"COMMON": "c"}, **how)

    assert {part for part in again.pids if again.pids[part] != before.pids[part]} == {process.WATCH, "scheduler"}
    watcher, scheduler = (psutil.Process(again.pids[part]).environ() for part in (process.WATCH, "scheduler"))
    assert [watcher.get(name) for name in ("COMMON", "PRIVATE", "WATCHER")] == ["c", "p", "w"]
    assert [scheduler.get(name) for name in ("COMMON", "PRIVATE", "WATCHER")] == ["c", None, None]
