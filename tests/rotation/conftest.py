"""One world for all rotations: each leaves the stack as it should be, which the next one relies on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, Deployment, assert_no_process_left
from tests.rotation.rotating import Rotating


@pytest.fixture(scope="module")
def rotating(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Rotating]:
    """The stack `local`, deployed on a tenant of its own."""
    assert (engine / "pulumi").exists()
    folder = tmp_path_factory.mktemp("rotating")
    shutil.copytree(PROJECT / "stacks", folder / "stacks")
    deployment = Deployment(World(PROJECT, folder / "world", folder / "stacks"))
    try:
        deployment.pulumi("up --yes --skip-preview")
        yield Rotating(deployment, deployment.session("local"))
    finally:
        for live in deployment.lives:
            live.close()
        tenants.stop(deployment.world)
        assert_no_process_left(deployment.world)
