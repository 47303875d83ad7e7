"""One world for the tests of imports: the engine is slow to start, and nothing here needs a tenant of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, Deployment, assert_no_process_left


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Deployment]:
    """A world with the shipped stack files, in which the local stack is deployed."""
    assert (engine / "pulumi").exists()
    home = tmp_path_factory.mktemp("importing")
    shutil.copytree(PROJECT / "stacks", home / "stacks")
    world = World(PROJECT, home / "world", home / "stacks")
    deployment = Deployment(world)
    deployment.up()
    yield deployment
    for live in deployment.lives:
        live.close()
    tenants.stop(world)
    assert_no_process_left(world)
