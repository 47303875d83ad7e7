"""Killed half-way, run with too few rights, called wrongly: nothing is there twice, and the next step is said."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from typing import Any

import pytest

from airflow_entra_auth.graph import GraphError
from tests.bootstrap.conftest import Begin
from tests.bootstrap.world import REPOSITORY, Bootstrapped
from tests.deploy.test_interrupted import kill_engine

pytestmark = pytest.mark.engine

PATIENCE_SECONDS = 120
TRUST = "environment/local"


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


def test_what_somebody_corrected_in_the_portal_is_never_put_back(begin: Begin) -> None:
    """Killed half-way, corrected, and run twice more with the very command that had said something else."""
    world = begin()
    command = subprocess.Popen(
        [*world.command, "--yes"],
        env=world.session.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while TRUST not in made(world):
        assert command.poll() is None, command.communicate()[1].decode()
        assert time.monotonic() < deadline, "no federated credential was made"
        time.sleep(0.002)
    assert kill_engine(command)
    command.communicate(timeout=PATIENCE_SECONDS)

    graph = world.administrator().graph
    ids = f"repo:{REPOSITORY.replace('/', '@12/')}@345"
    (path,) = (
        f"/applications/{one['id']}/federatedIdentityCredentials/{trust['id']}"
        for one in graph.pages("/applications")
        if one["displayName"] == "airflow-entra-local"
        for trust in graph.pages(f"/applications/{one['id']}/federatedIdentityCredentials")
    )
    graph.patch(path, {"subject": f"{ids}:environment:local"})

    said = world.run("--yes").stderr
    assert f"airflow-entra-local trusts {ids}:environment:local of" in said
    report = world.report("--yes")
    assert graph.get(path)["subject"] == f"{ids}:environment:local"
    assert report["steps"] == []
    clients = {one["name"]: one["value"] for one in report["variables"]}
    with pytest.raises(GraphError) as known:  # signed in, and granted nothing yet
        world.job(clients["AZURE_CLIENT_ID"], f"{ids}:environment:local").asks().graph.get("/organization")
    assert known.value.status == 403
    refused = world.job(clients["AZURE_CLIENT_ID"], f"repo:{REPOSITORY}:environment:local").refused_sign_in()
    assert "AADSTS700213" in refused


def made(world: Bootstrapped) -> list[str]:
    """The logical names of what the state has."""
    try:
        latest: dict[str, Any] = json.loads(world.checkpoint.read_text())["checkpoint"].get("latest") or {}
    except (FileNotFoundError, ValueError):
        return []
    return [str(one["urn"]).rpartition("::")[2] for one in latest.get("resources") or []]


def test_before_the_ci_system_was_asked_nothing_is_made_and_the_question_is_said(begin: Begin) -> None:
    world = begin()
    command = world.command[: world.command.index("--subject-prefix")]
    done = subprocess.run(
        [*command, "--yes"],
        env=world.session.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f'--subject-prefix "$(gh api repos/{REPOSITORY}/actions/oidc/customization/sub)"' in done.stderr
    assert [one for one in world.administrator().graph.pages("/applications") if marked(one)] == []
