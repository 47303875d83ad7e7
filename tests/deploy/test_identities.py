"""Who deploys: an identity that may do little, and two at once in one program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_entra.local.identities import FULL, OWNED_BY, identities
from tests.deploy.deployment import Deployment, captured

pytestmark = pytest.mark.engine


def test_with_application_readwrite_ownedby_alone_a_stack_deploys_whose_other_parts_are_others(
    deployment: Deployment,
) -> None:
    deployment.identity = OWNED_BY
    deployment.write("staging", "credential", federated())
    file = deployment.world.stack_file("staging")
    deployment.up("staging")
    assert deployment.preview("staging") == []
    outputs = deployment.outputs("staging")
    open_parts = outputs["handOver"]["open"]
    assert open_parts
    asked = (deployment.world.home / "handover" / "staging.md").read_text()
    for part in open_parts:
        assert part in asked
    assert "Policy.ReadWrite.ConditionalAccess" in asked
    assert str(deployment.world.home) not in file.read_text()
    deployment.pulumi("refresh --yes --skip-preview --expect-no-changes", "staging")
    deployment.pulumi("destroy --yes --skip-preview", "staging")
    deployment.identity = FULL
    assert deployment.live().applications() == []


def federated() -> dict[str, object]:
    trust = {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:contoso/airflow:environment:s"}
    return {"mode": "federated", "federated": trust}


PROGRAM = """
import pulumi, pulumi_azuread as azuread
for name in ("full", "owned-by"):
    config = pulumi.Config(name)
    provider = azuread.Provider(
        name,
        tenant_id=config.require("tenant"),
        client_id=config.require("client"),
        client_secret=config.require_secret("secret"),
    )
    options = pulumi.ResourceOptions(provider=provider)
    owners = [config.require("object")]
    application = azuread.Application(name, display_name=f"made by {name}", owners=owners, opts=options)
    me = azuread.get_client_config_output(opts=pulumi.InvokeOptions(provider=provider))
    pulumi.export(name, {"object": me.object_id, "application": application.object_id})
"""


def test_two_provider_instances_each_see_their_own_configuration(deployment: Deployment, tmp_path: Path) -> None:
    session = deployment.session("local")
    project = tmp_path / "two"
    project.mkdir()
    python = deployment.world.python.parent.parent
    (project / "Pulumi.yaml").write_text(f"name: two\nruntime:\n  name: python\n  options:\n    virtualenv: {python}\n")
    (project / "__main__.py").write_text(PROGRAM)
    for variable in ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID"):
        tenant_id = session.environment.pop(variable)
    known = {name: one for name, one in identities(deployment.world).items() if name in (FULL, OWNED_BY)}

    def pulumi(*arguments: str) -> str:
        done = captured(session, ["pulumi", "-C", str(project), *arguments, "--stack", "one", "--non-interactive"])
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    captured(session, ["pulumi", "-C", str(project), "stack", "init", "one", "--non-interactive"])
    for name, identity in known.items():
        pulumi("config", "set", f"{name}:tenant", tenant_id)
        pulumi("config", "set", f"{name}:client", identity.client_id)
        pulumi("config", "set", f"{name}:object", identity.object_id)
        pulumi("config", "set", "--secret", f"{name}:secret", identity.secret)
    pulumi("up", "--yes", "--skip-preview")
    outputs = json.loads(pulumi("stack", "output", "--json"))
    for name, identity in known.items():
        assert outputs[name]["object"] == identity.object_id
        owners = deployment.live().graph.pages(f"/applications/{outputs[name]['application']}/owners")
        assert [owner["id"] for owner in owners] == [identity.object_id]
    pulumi("destroy", "--yes", "--skip-preview")
