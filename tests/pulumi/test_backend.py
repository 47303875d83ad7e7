"""Where the backend is, and what a folder backend says of a stack."""

import json
import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from airflow_entra.pulumi.backend import FolderBackend, backend_url, with_backend
from airflow_entra.pulumi.trouble import PulumiError

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
    (lock,) = FolderBackend(backend).locks("airflow-entra", "local")
    return lock.stale


def test_no_lock(tmp_path: Path) -> None:
    assert list(FolderBackend(tmp_path).locks("airflow-entra", "local")) == []


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


def test_only_what_cannot_be_read_is_removed_and_only_of_this_stack(tmp_path: Path) -> None:
    stacks = tmp_path / ".pulumi" / "stacks" / "airflow-entra"
    stacks.mkdir(parents=True)
    kept = {"local.json": "{}", "local.json.bak": "{}", "local.json.bak.attrs": '{"md5": ""}'}
    anothers = {"prod.json.attrs": "", "prod.json.18ea.tmp": "{", "local2.json.attrs": '{"md'}
    torn = {"local.json.attrs": "", "local.json.18ea.tmp": "{"}
    for name, text in {**kept, **anothers, **torn}.items():
        (stacks / name).write_text(text)
    backend = FolderBackend(tmp_path)
    assert backend.interrupted("airflow-entra", "local")
    assert backend.remove_torn_files("airflow-entra", "local") == 1
    assert {file.name: file.read_text() for file in stacks.iterdir()} == kept | anothers
    assert backend.remove_torn_files("airflow-entra", "local") == 0


def test_an_empty_backend(tmp_path: Path) -> None:
    backend = FolderBackend(tmp_path)
    assert backend.remove_torn_files("airflow-entra", "local") == 0
    assert backend.outputs("airflow-entra", "local") == {}
    assert backend.changes_of_last_update("airflow-entra", "local") == {}
    assert not backend.interrupted("airflow-entra", "local")


def test_the_backend_is_the_environments_then_the_projects_then_that_of_the_last_login(tmp_path: Path) -> None:
    environment = {"PULUMI_HOME": str(tmp_path / "home")}
    assert backend_url(tmp_path, environment) == ""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "credentials.json").write_text('{"current": "file:///login"}')
    assert backend_url(tmp_path, environment) == "file:///login"
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "a", "backend": {"url": "file:///project"}}))
    assert backend_url(tmp_path, environment) == "file:///project"
    assert backend_url(tmp_path, environment | {"PULUMI_BACKEND_URL": "azblob://state"}) == "azblob://state"


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///a/b%20c", "/a/b c"),
        ("file://there", "{here}/there"),
        ("file://~/state", str(Path.home() / "state")),
        ("azblob://state?storage_account=a", None),
        ("https://api.pulumi.com", None),
    ],
)
def test_which_folder_a_backend_is(tmp_path: Path, url: str, folder: str | None) -> None:
    found = FolderBackend.of(tmp_path, {"PULUMI_BACKEND_URL": url})
    assert (str(found.folder) if found else None) == (folder.format(here=tmp_path) if folder else None)


def test_a_backend_of_our_own_has_one_key_and_nothing_of_another(tmp_path: Path) -> None:
    theirs = {"PATH": "/bin", "PULUMI_ACCESS_TOKEN": "t", "PULUMI_CONFIG_PASSPHRASE": "p", "PULUMI_STACK": "s"}
    file = tmp_path / "passphrase"
    there = {"PATH": "/bin", "PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    assert with_backend(theirs, tmp_path, file) == there | {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    assert with_backend(theirs, tmp_path, "") == there | {"PULUMI_CONFIG_PASSPHRASE": ""}


def test_a_state_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    backend = FolderBackend(tmp_path)
    file = backend.checkpoint("airflow-entra", "local")
    file.parent.mkdir(parents=True)
    file.write_text('{"checkpoint": ')
    with pytest.raises(PulumiError, match=r"local\.json is no state"):
        backend.outputs("airflow-entra", "local")


@pytest.mark.parametrize(
    "content",
    ["[]", "null", "7", "{}", '{"pid": null, "hostname": "a", "timestamp": "x"}', "[" * 100_000]
    + [json.dumps(lock_of(pid)) for pid in (-1, 0, 2**40)],
    ids=lambda content: content[:30],
)
def test_a_lock_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    write_lock(tmp_path, content)
    with pytest.raises(PulumiError, match=r"locks/.*\.json is no lock of Pulumi's: it has the pid, hostname"):
        list(FolderBackend(tmp_path).locks("airflow-entra", "local"))


@pytest.mark.parametrize(
    "latest", ['{"resources": [{}]}', '{"resources": [7]}', '{"resources": {"a": 1}}', "[1]", "[" * 100_000]
)
def test_a_checkpoint_that_is_none_is_named(tmp_path: Path, latest: str) -> None:
    backend = FolderBackend(tmp_path)
    file = backend.checkpoint("airflow-entra", "local")
    file.parent.mkdir(parents=True)
    file.write_text(f'{{"checkpoint": {{"latest": {latest}}}}}')
    with pytest.raises(PulumiError, match=r"local.json is no state of a stack: restore it from local.json.bak"):
        backend.outputs("airflow-entra", "local")
