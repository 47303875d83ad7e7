"""Groups with names that somebody chose to do harm, on the real engine: they are deployed, and shown as they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.deployment import PROJECT, Deployment
from tests.escape.readers import commands, letters, markdown, unprintable

pytestmark = pytest.mark.engine
STACKS = Path(__file__).parents[1] / "escape" / "stacks"


@pytest.mark.parametrize("stack", ["markup-name", "hostile-names"])
def test_a_deployment_shows_them_as_they_are(deployment: Deployment, stack: str) -> None:
    world = deployment.world
    shutil.copy(STACKS / f"Pulumi.{stack}.yaml", world.stacks)
    name = deployment.read(stack, "roles")["sales-editor"]["groups"][0]["create"]
    done = subprocess.run(
        [sys.executable, "-m", "airflow_entra.cli", "local", "deploy", "--port", "0", "--stack", stack],
        cwd=PROJECT,
        env=os.environ | {"AIRFLOW_ENTRA_LOCAL": str(world.home), "AIRFLOW_ENTRA_STACKS": str(world.stacks)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.partition(f"Stack {stack} is deployed")[2]
    assert letters(name) in letters(summary)
    assert not unprintable(summary)
    assert not commands(summary)

    (file,) = world.home.rglob(f"{stack}.md")
    page = markdown(file.read_text("utf-8"))
    assert letters(f"Create the group {name}") in letters(page.text)
    assert page.elements <= {"h1", "h2", "h3", "p", "pre", "code", "ul", "li"}
    assert not page.read_by_hosts()
