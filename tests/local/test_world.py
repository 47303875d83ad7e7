from pathlib import Path

import pytest

from airflow_entra.errors import UserError
from airflow_entra.local.world import World, own_environment, project_world

PROJECT = Path(__file__).parents[2]


def test_nothing_of_the_callers_clouds_proxies_or_pulumi_enters() -> None:
    callers = {
        "PATH": "/bin",
        "LANG": "C",
        "ARM_CLIENT_SECRET": "x",
        "AZURE_TENANT_ID": "x",
        "PULUMI_ACCESS_TOKEN": "x",
        "PULUMI_HOME": "x",
        "http_proxy": "x",
        "ALL_PROXY": "x",
        "https_proxy": "x",
        "no_proxy": "x",
        "SSL_CERT_DIR": "x",
        "AIRFLOW_ENTRA_STACKS": "x",
    }
    kept = {"PATH": "/bin", "LANG": "C", "PULUMI_SKIP_CHECKPOINTS": "1", "AIRFLOW_ENTRA_DEBUG": "true"}
    assert own_environment(callers | kept) == kept


def test_prepare_keeps_the_passphrase(tmp_path: Path) -> None:
    world = World(tmp_path, tmp_path / ".local")
    world.prepare()
    first = world.passphrase_file.read_text()
    world.prepare()
    assert world.passphrase_file.read_text() == first
    assert len(first) >= 32


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("a file")
    with pytest.raises(UserError, match=r"cannot prepare the local world: .*\.local"):
        World(tmp_path, tmp_path / ".local").prepare()


def test_a_command_of_local_run_finds_the_world_it_runs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(PROJECT, tmp_path / "home")
    monkeypatch.setenv("AIRFLOW_ENTRA_WORKSPACE", str(world.workspace))
    for name in ("AIRFLOW_ENTRA_LOCAL", "AIRFLOW_ENTRA_STACKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(PROJECT / "docs")
    assert project_world() == world
