"""The client secret's value is in the vault and nowhere else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.deploy.deployment import Deployment, through

pytestmark = pytest.mark.engine


def vault_value(deployment: Deployment) -> str:
    session = deployment.session("local")
    environment = session.environment
    with through(session) as http:
        form = {
            "grant_type": "client_credentials",
            "client_id": environment["ARM_CLIENT_ID"],
            "client_secret": environment["ARM_CLIENT_SECRET"],
            "scope": "https://vault.azure.net/.default",
        }
        tenant = environment["ARM_TENANT_ID"]
        token = http.post(f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", data=form).json()
        secret = http.get(
            deployment.outputs()["credential"]["secretUri"],
            params={"api-version": "7.4"},
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
    value: str = secret.raise_for_status().json()["value"]
    return value


def files_with(value: str, folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and value.encode() in file.read_bytes()]


def test_the_client_secret_is_in_no_output_state_log_or_argument(deployment: Deployment) -> None:
    deployment.up()
    value = vault_value(deployment)
    assert len(value) >= 16
    deployment.outputs()
    deployment.preview()
    deployment.pulumi("stack export")
    deployment.pulumi("refresh --yes --skip-preview --diff")
    deployment.edit("local", "credential", secretName="another-name")
    deployment.pulumi("preview --diff")
    deployment.up()
    home = deployment.world.home
    deployer = deployment.session("local").environment["ARM_CLIENT_SECRET"]
    assert files_with(value, home) == []
    assert files_with(deployer, home) == [home / "tenant" / "identities.json"]
    arguments = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    for secret in (value, deployer):
        assert secret not in arguments
        assert not any(secret in text for text in deployment.said)


def test_a_rotation_replaces_the_other_slot_alone_and_the_vault_follows(deployment: Deployment) -> None:
    deployment.up()
    first, slots = vault_value(deployment), deployment.outputs()["credential"]
    assert slots["slot"] == "slot-a"
    (other,) = [one["urn"] for one in deployment.state() if one["urn"].endswith("::slot-b")]
    said = deployment.up("local", "--replace", other)
    assert "replaced" in said
    after = deployment.outputs()["credential"]
    assert after["slot"] == "slot-b"
    assert after["expires"] >= slots["expires"]
    assert vault_value(deployment) != first
    assert deployment.preview() == []
    (application,) = deployment.live().applications()
    assert sorted(one["displayName"] for one in application["passwordCredentials"]) == ["slot-a", "slot-b"]
