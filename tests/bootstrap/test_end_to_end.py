"""The whole of it on the local tenant: made, granted, and then used by the pipelines' identities with their tokens."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from airflow_entra_auth.graph import GraphError
from tests.bootstrap.conftest import Begin
from tests.bootstrap.world import REPOSITORY, STACK, Bootstrapped, Job, grant

pytestmark = pytest.mark.engine

PULL_REQUEST = f"repo:{REPOSITORY}:pull_request"
DEPLOYMENT = f"repo:{REPOSITORY}:environment:local"


def test_from_nothing_to_a_deployment_by_an_identity_that_has_what_was_printed_and_no_more(begin: Begin) -> None:
    world = begin()
    assert "17 would be made. Nothing is made yet." in world.run().stdout
    assert registrations(world) == {}

    assert "Done: 17 made." in world.run("--yes").stdout
    report = world.report("--yes")
    assert report["steps"] == []
    assert list(registrations(world)) == ["airflow-entra-local", "airflow-entra-preview"]
    for registration in registrations(world).values():
        assert registration["passwordCredentials"] == registration["keyCredentials"] == []
    assert_no_secret_in_the_state(world)

    variables = {one["name"]: one["value"] for one in report["variables"]}
    backend = variables["PULUMI_BACKEND_URL"]
    deployment = world.job(variables["AZURE_CLIENT_ID"], DEPLOYMENT, backend)
    preview = world.job(variables["AZURE_CLIENT_ID_PREVIEW"], PULL_REQUEST, backend)
    assert refused(deployment, "POST", "/groups") == refused(preview, "GET", "/groups") == 403
    assert_nobody_else_signs_in(world, deployment.client)

    list_as_owner(world, report["owners"]["local"])
    grant(report, world.administrator())
    provider = variables["PULUMI_SECRETS_PROVIDER"]
    deployment.pulumi("stack", "init", STACK, "--no-select", "--secrets-provider", provider)
    deployment.pulumi("up", "--yes", "--skip-preview", "--policy-pack", "policies", "--stack", STACK)

    preview.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", STACK, read_only=True)
    assert refused(preview, "POST", "/groups") == refused(preview, "POST", "/applications") == 403
    assert_gives_no_role_but_those_of_the_vault(world, deployment)


def registrations(world: Bootstrapped) -> dict[str, Any]:
    found = world.administrator().graph.pages("/applications")
    ours = {one["displayName"]: one for one in found if "airflow-entra-bootstrap" in (one.get("tags") or [])}
    return dict(sorted(ours.items()))


def refused(job: Job, method: str, path: str) -> int:
    """The status of Graph's refusal."""
    graph = job.asks().graph
    with pytest.raises(GraphError) as refusal:
        graph.post(path, {"displayName": "x"}) if method == "POST" else graph.get(path)
    return refusal.value.status


def assert_nobody_else_signs_in(world: Bootstrapped, client: str) -> None:
    """Neither as the deployer by a pull request, a branch, another environment or another repository."""
    main = f"repo:{REPOSITORY}:ref:refs/heads/main"
    strangers = [PULL_REQUEST, main, f"{DEPLOYMENT}x", DEPLOYMENT.replace("contoso", "fabrikam"), DEPLOYMENT.upper()]
    for subject in strangers:
        assert "AADSTS" in world.job(client, subject).refused_sign_in()


def list_as_owner(world: Bootstrapped, object_id: str) -> None:
    """What "Write into the stack files" says."""
    file = world.world.stack_file(STACK)
    content = yaml.safe_load(file.read_text())
    content["config"]["airflow-entra:owners"]["application"].append(object_id)
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def assert_gives_no_role_but_those_of_the_vault(world: Bootstrapped, deployment: Job) -> None:
    subscription = world.session.environment["ARM_SUBSCRIPTION_ID"]
    group = f"/subscriptions/{subscription}/resourceGroups/rg-airflow-local"
    name = "0f0f0f0f-0000-4000-8000-000000000000"
    owner = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions"
    wanted = {
        "principalId": "0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01",
        "roleDefinitionId": f"{owner}/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    }
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{name}"
    with pytest.raises(GraphError) as refusal:
        deployment.asks().arm.put(path, {"properties": wanted}, {"api-version": "2022-04-01"})
    assert refusal.value.status == 403


def assert_no_secret_in_the_state(world: Bootstrapped) -> None:
    for file in (world.world.home / "bootstrap").rglob("*"):
        if file.is_file():
            text = file.read_text()
            assert "4dabf18193072939515e22adb298388d" not in text  # Pulumi's mark of an encrypted value
            assert world.session.environment["ARM_CLIENT_SECRET"] not in text
