import json
import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from airflow_entra.pulumi.locks import locks

NOW = datetime.now().astimezone()


def write_lock(backend: Path, content: dict[str, object] | str) -> None:
    folder = backend / ".pulumi/locks/organization/airflow-entra/local"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.json").write_text(content if isinstance(content, str) else json.dumps(content))


def lock_of(pid: int, hostname: str = socket.gethostname(), taken: datetime = NOW) -> dict[str, object]:
    return {"pid": pid, "username": "ada", "hostname": hostname, "timestamp": taken.isoformat()}


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def is_stale(backend: Path) -> bool:
    (lock,) = locks(backend, "airflow-entra", "local")
    return lock.stale


def test_no_lock(tmp_path: Path) -> None:
    assert list(locks(tmp_path, "airflow-entra", "local")) == []


def test_a_running_process_holds_its_lock(tmp_path: Path) -> None:
    write_lock(tmp_path, lock_of(os.getpid()))
    assert not is_stale(tmp_path)


def test_the_lock_of_an_ended_process_is_stale(tmp_path: Path) -> None:
    write_lock(tmp_path, lock_of(ended_process()))
    assert is_stale(tmp_path)


def test_a_number_given_to_a_later_process_is_stale(tmp_path: Path) -> None:
    write_lock(tmp_path, lock_of(os.getpid(), taken=NOW - timedelta(days=365)))
    assert is_stale(tmp_path)


def test_another_machines_lock_is_never_ours_to_judge(tmp_path: Path) -> None:
    write_lock(tmp_path, lock_of(ended_process(), hostname="another-machine"))
    assert not is_stale(tmp_path)


def test_a_lock_cut_off_while_it_was_written_is_stale(tmp_path: Path) -> None:
    write_lock(tmp_path, '{"pid": 12')
    assert is_stale(tmp_path)
