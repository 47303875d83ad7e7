"""A fresh world for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, Deployment, assert_no_process_left


@pytest.fixture
def deployment(tmp_path: Path, engine: Path) -> Iterator[Deployment]:
    """A fresh world with copies of the shipped stack files."""
    assert (engine / "pulumi").exists()
    stacks = tmp_path / "stacks"
    shutil.copytree(PROJECT / "stacks", stacks)
    world = World(PROJECT, tmp_path / "world", stacks)
    deployment = Deployment(world, late=True)
    yield deployment
    for live in deployment.lives:
        live.close()
    tenants.stop(world)
    assert_no_process_left(world)
