"""The shipped stacks, unchanged, on the local tenant; the tracked files and real state stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.deployment import PROJECT, Deployment

pytestmark = pytest.mark.engine


def tracked() -> dict[Path, bytes]:
    """Everything of the project that a real deployment of these stacks reads or writes."""
    rooms = (PROJECT / "stacks", PROJECT / "handover")
    files = [file for room in rooms if room.is_dir() for file in room.iterdir()]
    return {file: file.read_bytes() for file in [*files, PROJECT / "Pulumi.yaml"]}


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_a_real_environments_stack_runs_unchanged_and_leaves_no_trace(deployment: Deployment, stack: str) -> None:
    copies = {file: file.read_bytes() for file in deployment.world.stacks.iterdir()}
    before = tracked()
    deployment.up(stack)
    assert deployment.preview(stack) == []
    deployment.pulumi("refresh --yes --skip-preview --expect-no-changes", stack)
    assert {file: file.read_bytes() for file in deployment.world.stacks.iterdir()} == copies
    assert tracked() == before
    assert not (PROJECT / ".pulumi").exists()
    destroyed = deployment.pulumi("destroy --yes --skip-preview", stack, fails=stack == "prod")
    if stack == "prod":
        assert "protected" in destroyed
