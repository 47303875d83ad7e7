from pathlib import Path

import pytest
import yaml

from airflow_entra.local.workspace import prepare_workspace
from airflow_entra.local.world import World

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
    prepare_workspace(world)
    copy = yaml.safe_load((world.workspace / "stacks" / "Pulumi.prod.yaml").read_text())
    assert copy == {"config": {"airflow-entra:environment": "production"}}
    assert world.stack_file("prod").read_text() == TRACKED


def test_the_salt_of_the_local_stack_survives_and_changes_of_the_tracked_file_arrive(world: World) -> None:
    prepare_workspace(world)
    copy = world.workspace / "stacks" / "Pulumi.prod.yaml"
    copy.write_text(copy.read_text() + "encryptionsalt: v1:abc\n")
    world.stack_file("prod").write_text(TRACKED.replace("production", "staging"))
    prepare_workspace(world)
    assert yaml.safe_load(copy.read_text()) == {
        "config": {"airflow-entra:environment": "staging"},
        "encryptionsalt": "v1:abc",
    }


def test_a_stack_file_that_is_no_yaml_is_left_to_the_check_and_stops_no_other(world: World) -> None:
    (world.stacks / "Pulumi.broken.yaml").write_text("config: [")
    prepare_workspace(world)
    assert [file.name for file in (world.workspace / "stacks").iterdir()] == ["Pulumi.prod.yaml"]


def test_the_program_runs_from_the_project(world: World) -> None:
    prepare_workspace(world)
    project = yaml.safe_load((world.workspace / "Pulumi.yaml").read_text())
    assert project == {
        "name": "airflow-entra",
        "runtime": {"name": "python", "options": {"virtualenv": ".venv"}},
        "main": str(world.project),
    }
    assert (world.workspace / ".venv" / "bin" / world.python.name).exists()
    assert (world.workspace / "policies").resolve() == world.project / "policies"
