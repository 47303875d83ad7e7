"""Which target a stack has, and what it says without anything that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_entra.directory.clients import Clients, connect
from airflow_entra.directory.membership import NotDeployedError
from airflow_entra.local.world import World
from airflow_entra.pulumi.trouble import NoSuchStackError
from airflow_entra.target import asking, target_of
from airflow_entra.target.azure import Azure
from airflow_entra.target.local_tenant import LocalTenant

PROJECT = Path(__file__).parents[2]
WORKSPACE = "AIRFLOW_ENTRA_WORKSPACE"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One in which nothing runs, called from outside."""
    monkeypatch.delenv(WORKSPACE, raising=False)
    return World(PROJECT, tmp_path / "world")


@pytest.mark.parametrize(
    ("stack", "kind", "command"),
    [
        ("local", LocalTenant, "airflow-entra local deploy --stack local"),
        ("dev", Azure, "pulumi up --stack dev --policy-pack policies"),
        ("staging", Azure, "pulumi up --stack staging --policy-pack policies"),
        ("prod", Azure, "pulumi up --stack prod --policy-pack policies"),
    ],
)
def test_the_environment_says_which(world: World, stack: str, kind: type, command: str) -> None:
    target = target_of(world, world.declared(stack), port=0)
    assert isinstance(target, kind)
    assert target.deploy_command == command
    assert target.tenant_id == world.declared(stack).settings.tenant_id


def test_a_real_stack_that_is_tried_here_is_asked_of_the_local_tenant(world: World) -> None:
    assert isinstance(target_of(world, world.declared("prod"), port=0, tried_here=True), LocalTenant)


def test_nothing_has_to_be_started_for_azure_or_inside_local_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    targets = {stack: target_of(world, world.declared(stack), port=0) for stack in ("local", "prod")}
    assert {stack: target.at_hand for stack, target in targets.items()} == {"local": False, "prod": True}
    monkeypatch.setenv(WORKSPACE, str(world.workspace))
    assert {target.at_hand for target in targets.values()} == {True}


def test_pulumi_runs_in_the_project_or_inside_local_run_in_the_workspace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://theirs")
    target = target_of(world, world.declared("prod"), port=0)
    pulumi = target.pulumi()
    assert (pulumi.folder, pulumi.stack, pulumi.environment["PULUMI_BACKEND_URL"]) == (PROJECT, "prod", "s3://theirs")
    assert not target.own_backend
    monkeypatch.setenv(WORKSPACE, str(world.workspace))
    for backend, own in (("azblob://state", False), (f"file://{world.backend}", True), ("file:///elsewhere", False)):
        monkeypatch.setenv("PULUMI_BACKEND_URL", backend)
        for stack in ("prod", "local"):
            target = target_of(world, world.declared(stack), port=0)
            assert (target.pulumi().folder, target.own_backend) == (world.workspace, own)


def test_a_stack_that_is_deployed_nowhere_has_no_outputs_and_no_records(world: World) -> None:
    target = target_of(world, world.declared("local"), port=0)
    assert target.outputs() == {}
    assert list(target.records(datetime.now(UTC))) == []


@dataclass(frozen=True)
class Anywhere(Azure):
    @contextmanager
    def clients(self, *, audits: bool = False) -> Iterator[Clients]:
        yield connect(self.tenant_id, None, {})


@pytest.mark.parametrize("missing", [NotDeployedError, NoSuchStackError])
def test_what_is_not_there_is_told_with_the_command_that_makes_it(world: World, missing: type[Exception]) -> None:
    told = pytest.raises(missing, match=r"no stack cloud: `pulumi up --stack cloud --policy-pack policies` makes it")
    with told, asking(Anywhere(world, "cloud", "t", None)):
        raise missing("no stack cloud")
