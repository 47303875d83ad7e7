"""The engine is killed in the middle of creates; the same command goes on, and nothing is there twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, Deployment, processes_of

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]

KILLS = 20
PATIENCE_SECONDS = 120


def test_killed_at_twenty_random_moments_the_same_command_ends_in_the_same_state(deployment: Deployment) -> None:
    moments = random.SystemRandom()
    deployment.session("local")
    kills = rounds = 0
    while kills < KILLS:
        kills += kill_in_the_middle_of_a_create(deployment.world, moments.randint(1, 3), moments.uniform(0, 0.05))
        assert engine_processes_end(deployment.world)
        if is_complete(deployment):
            rounds += 1
            check_nothing_is_there_twice(deployment)
            deployment.pulumi("destroy --yes --skip-preview")
    finished = make_up(deployment.world)
    assert finished.wait(PATIENCE_SECONDS) == 0, said_file(deployment.world).read_text()
    check_nothing_is_there_twice(deployment)
    assert deployment.preview() == []
    deployment.pulumi("refresh --yes --skip-preview --expect-no-changes")


def make_up(world: World) -> subprocess.Popen[bytes]:
    """What `make up` runs, in this world."""
    environment = {
        **os.environ,
        "AIRFLOW_ENTRA_LOCAL": str(world.home),
        "AIRFLOW_ENTRA_STACKS": str(world.stacks),
    }
    with said_file(world).open("a") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow_entra.cli", "local", "deploy", "--port", "0"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


def said_file(world: World) -> Path:
    return world.home / "said"


def kill_in_the_middle_of_a_create(world: World, after_creates: int, jitter: float) -> bool:
    """Start `make up`, let some creates begin, kill the engine. False where it was done before."""
    command = make_up(world)
    seen: set[str] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(seen) < after_creates and command.poll() is None:
        assert time.monotonic() < deadline, "no create began"
        seen |= {one["resource"]["urn"] for one in pending(world)}
        time.sleep(0.002)
    time.sleep(jitter)
    killed = kill_engine(command)
    assert command.wait(PATIENCE_SECONDS) == (1 if killed else 0), said_file(world).read_text()
    return killed


def kill_engine(command: subprocess.Popen[bytes]) -> bool:
    try:
        children = psutil.Process(command.pid).children()
    except psutil.NoSuchProcess:
        return False
    for child in children:
        try:
            if child.name() == "pulumi" and "up" in child.cmdline():
                child.kill()
                return True
        except psutil.NoSuchProcess:
            continue
    return False


def latest(world: World) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(world.checkpoint("local").read_text())["checkpoint"].get("latest") or {}
    except (FileNotFoundError, ValueError):  # not made yet, or just being written
        return {}
    return content


def pending(world: World) -> list[dict[str, Any]]:
    return [one for one in latest(world).get("pending_operations") or [] if one["type"] == "creating"]


def is_complete(deployment: Deployment) -> bool:
    return not pending(deployment.world) and any(
        "outputs" in one and one["outputs"].get("clientId")
        for one in latest(deployment.world).get("resources") or []
        if one["type"] == "pulumi:pulumi:Stack"
    )


def engine_processes_end(world: World) -> bool:
    """Providers, language host and program follow the engine; only the tenant stays."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if all("entra_local" in line for line in processes_of(world)):
            return True
        time.sleep(0.05)
    return False


def check_nothing_is_there_twice(deployment: Deployment) -> None:
    live = deployment.live()
    (application,) = live.applications()
    names = Counter(group["displayName"] for group in live.groups())
    assert names == Counter(["airflow-local-admins", "airflow-local-sales", "airflow-local-viewers"])
    slots = Counter(one["displayName"] for one in application["passwordCredentials"])
    assert slots == Counter(["slot-a", "slot-b"])
    (principal,) = live.graph.pages("/servicePrincipals", {"$filter": f"appId eq '{application['appId']}'"})
    assigned = live.graph.pages(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo")
    assert Counter((one["principalId"], one["appRoleId"]) for one in assigned).most_common(1)[0][1] == 1
    assert len(list(live.graph.pages("/policies/tokenLifetimePolicies"))) == 1
