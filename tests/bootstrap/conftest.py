from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from tests.bootstrap.world import Bootstrapped
from tests.deploy.deployment import PROJECT, assert_no_process_left

Begin = Callable[..., Bootstrapped]


@pytest.fixture
def begin(tmp_path: Path, engine: Path) -> Iterator[Begin]:
    """A fresh world with the shipped local stack, in which the command has not run yet; made on demand."""
    assert (engine / "pulumi").exists()
    begun: list[Bootstrapped] = []

    def make(identity: str = "full") -> Bootstrapped:
        stacks = tmp_path / "stacks"
        stacks.mkdir()
        shutil.copy(PROJECT / "stacks" / "Pulumi.local.yaml", stacks)
        begun.append(Bootstrapped.made_in(World(PROJECT, tmp_path / "world", stacks), tmp_path, identity))
        return begun[-1]

    yield make
    for one in begun:
        one.close()
        tenants.stop(one.world)
        assert_no_process_left(one.world)
