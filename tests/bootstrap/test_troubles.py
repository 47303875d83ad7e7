"""Killed half-way, run with too few rights, called wrongly: nothing is there twice, and the next step is said."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from typing import Any

import pytest

from tests.bootstrap.conftest import Begin
from tests.bootstrap.world import Bootstrapped
from tests.deploy.test_interrupted import kill_engine

pytestmark = pytest.mark.engine

PATIENCE_SECONDS = 120


def test_killed_while_applications_and_the_account_are_made_the_next_run_goes_on(begin: Begin) -> None:
    world = begin()
    command = subprocess.Popen(
        [*world.command, "--yes"],
        env=world.session.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not {"Application", "StorageAccount"} & set(pending(world)):
        assert command.poll() is None, command.communicate()[1].decode()
        assert time.monotonic() < deadline, "no create began"
        time.sleep(0.002)
    assert kill_engine(command)
    assert b"Run the same command again: it goes on" in command.communicate(timeout=PATIENCE_SECONDS)[1]
    assert command.returncode == 2

    done = world.run("--yes")
    assert "The last run was interrupted: settling what it left behind." in done.stderr
    found = [one for one in world.administrator().graph.pages("/applications") if marked(one)]
    assert Counter(one["displayName"] for one in found) == {"airflow-entra-local": 1, "airflow-entra-preview": 1}
    assert "No changes" in world.run().stdout

    shutil.rmtree(world.world.home / "bootstrap")
    lost = world.run("--yes", code=2).stderr
    assert "airflow-entra-preview (" in lost
    assert "doesn't know them: somebody has run this before" in lost


def pending(world: Bootstrapped) -> list[str]:
    """The short types of what is being made just now."""
    try:
        latest: dict[str, Any] = json.loads(world.checkpoint.read_text())["checkpoint"].get("latest") or {}
    except (FileNotFoundError, ValueError):  # not made yet, or just being written
        return []
    return [one["resource"]["type"].rpartition(":")[2] for one in latest.get("pending_operations") or []]


def marked(application: dict[str, Any]) -> bool:
    return "airflow-entra-bootstrap" in (application.get("tags") or [])


def test_with_too_few_rights_it_says_which_it_takes_and_how_to_go_on(begin: Begin) -> None:
    world = begin(identity="owned-by")
    said = world.run("--yes", code=2).stderr
    assert "does not have authorization to perform action" in said
    assert "Owner of the subscription, or of the resource group where that exists" in said
    assert "Application.ReadWrite.All or the role Cloud Application Administrator" in said
    assert "Run the same command again: it goes on" in said
