"""Imports on the real engine: a state that was lost, and an application that somebody clicked together."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.engine

COMMAND = (sys.executable, "-m", "airflow_entra.cli", "import")


def run_import(deployment: Deployment, stack: str, client_id: str, *more: str, code: int) -> dict[str, Any]:
    """What `airflow-entra local run -- airflow-entra import` reports, as JSON."""
    command = [*COMMAND, "--stack", stack, "--application", client_id, "--format", "json", *more]
    done = deployment.session("local").capture(command)
    deployment.said.append(done.stdout + done.stderr)
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def everything(deployment: Deployment, client_id: str) -> list[Any]:
    """All of the application's side of the directory, to be compared."""
    graph = deployment.live().graph
    (application,) = graph.pages("/applications", {"$filter": f"appId eq '{client_id}'"})
    (principal,) = graph.pages("/servicePrincipals", {"$filter": f"appId eq '{client_id}'"})
    return [
        application,
        principal,
        list(graph.pages(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo")),
        list(graph.pages(f"/applications/{application['id']}/owners")),
        list(graph.pages(f"/applications/{application['id']}/tokenLifetimePolicies")),
        list(graph.pages("/groups")),
        list(graph.pages("/oauth2PermissionGrants")),
    ]


def test_a_lost_state_comes_back_and_only_the_client_secrets_are_made_anew(deployment: Deployment) -> None:
    client_id = deployment.outputs()["clientId"]
    before = everything(deployment, client_id)
    ids = {
        one["urn"]: one["id"] for one in deployment.state() if one.get("id") and "::pulumi:providers" not in one["urn"]
    }
    tracked = deployment.world.stack_file("local").read_bytes()
    deployment.pulumi("stack rm --force --yes --preserve-config")

    report = run_import(deployment, "local", client_id, code=1)

    assert everything(deployment, client_id) == before
    assert deployment.world.stack_file("local").read_bytes() == tracked
    assert not report["written"]
    assert report["imported"] == len(ids) - 4  # the two slots; the two dynamic resources are written beside
    assert [(one["operation"], one["name"], one["expected"]) for one in report["differing"]] == [
        ("create", "slot-a", True),
        ("create", "slot-b", True),
        ("update", "client-secret", True),
    ]
    again = {one["urn"]: one["id"] for one in deployment.state() if one.get("id")}
    slots = {urn for urn in ids if urn.endswith(("::slot-a", "::slot-b"))}
    assert {urn: id_ for urn, id_ in ids.items() if urn not in slots} == {
        urn: id_ for urn, id_ in again.items() if "::pulumi:providers" not in urn
    }
    said = " ".join(one["where"] for one in report["findings"])
    assert "client secret slot-a" in said
    assert "client secret slot-b" in said

    deployment.up()
    assert deployment.preview() == []
    after = everything(deployment, client_id)
    assert after[2:] == before[2:]
    assert len(after[0]["passwordCredentials"]) == 4
