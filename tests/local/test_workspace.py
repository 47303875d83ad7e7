import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from airflow_entra.local.workspace import prepare_workspace
from airflow_entra.local.world import World
from airflow_entra.pulumi.trouble import PulumiError

TRACKED = """\
# kept as it is
secretsprovider: azurekeyvault://kv.vault.azure.net/keys/k
encryptedkey: c2VjcmV0
config:
  airflow-entra:environment: production
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "policies").mkdir()
    project = {"name": "airflow-entra", "runtime": {"name": "python", "options": {"virtualenv": ".venv"}}}
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(TRACKED)
    world = World(tmp_path, tmp_path / ".local")
    world.prepare()
    return world


def test_the_cli_sees_a_copy_without_the_real_secrets_provider(world: World) -> None:
    prepare_workspace(world, print)
    copy = yaml.safe_load((world.workspace / "stacks" / "Pulumi.prod.yaml").read_text())
    assert copy == {"config": {"airflow-entra:environment": "production"}}
    assert world.stack_file("prod").read_text() == TRACKED


def test_the_salt_of_the_local_stack_survives_and_changes_of_the_tracked_file_arrive(world: World) -> None:
    prepare_workspace(world, print)
    copy = world.workspace / "stacks" / "Pulumi.prod.yaml"
    copy.write_text(copy.read_text() + "encryptionsalt: v1:abc\n")
    world.stack_file("prod").write_text(TRACKED.replace("production", "staging"))
    prepare_workspace(world, print)
    assert yaml.safe_load(copy.read_text()) == {
        "config": {"airflow-entra:environment": "staging"},
        "encryptionsalt": "v1:abc",
    }


BROKEN: dict[str, Callable[[Path], object]] = {
    "no YAML": lambda file: file.write_text("config: ["),
    "no sections": lambda file: file.write_text("config"),
    "nested deeply": lambda file: file.write_text("config: " + "[" * 5000),
    "a device": lambda file: file.symlink_to("/dev/zero"),
    "a named pipe": lambda file: os.mkfifo(file),
    "a folder": lambda file: file.mkdir(),
    "nowhere": lambda file: file.symlink_to("nowhere"),
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN)
def test_a_stack_file_that_cannot_be_read_is_told_and_stops_no_other(
    world: World, make: Callable[[Path], object]
) -> None:
    said: list[str] = []
    make(broken := world.stacks / "Pulumi.broken.yaml")
    prepare_workspace(world, said.append)
    assert [file.name for file in (world.workspace / "stacks").iterdir()] == ["Pulumi.prod.yaml"]
    assert [line.partition(": left out, as it ")[0] for line in said] == [str(broken)]


@pytest.mark.parametrize("value", ["2001-13-99", "9" * 5000, "2001-01-01", "23:59:59"])
def test_a_value_that_yaml_might_take_for_a_date_or_a_number_is_copied(world: World, value: str) -> None:
    (world.stacks / "Pulumi.odd.yaml").write_text(f"config:\n  a:b: {value}\n")
    prepare_workspace(world, pytest.fail)
    copy = yaml.safe_load((world.workspace / "stacks" / "Pulumi.odd.yaml").read_text())
    assert copy["config"]["a:b"] == (value if len(value) < 99 else float("inf"))


def test_a_project_that_is_none_is_named(world: World) -> None:
    (world.project / "Pulumi.yaml").write_text("[" * 5000)
    with pytest.raises(PulumiError, match=r"Pulumi.yaml is no project of Pulumi's"):
        prepare_workspace(world, pytest.fail)


def test_the_program_runs_from_the_project(world: World) -> None:
    prepare_workspace(world, print)
    project = yaml.safe_load((world.workspace / "Pulumi.yaml").read_text())
    assert project == {
        "name": "airflow-entra",
        "runtime": {"name": "python", "options": {"virtualenv": ".venv"}},
        "main": str(world.project),
    }
    assert (world.workspace / ".venv" / "bin" / world.python.name).exists()
    assert (world.workspace / "policies").resolve() == world.project / "policies"
