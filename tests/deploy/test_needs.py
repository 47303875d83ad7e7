"""What a stack needs is compared with what the deploying identity has, before anything is made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.access.needs import LOOKS_AT_GROUPS
from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import FULL, OWNED_BY
from airflow_entra.local.world import World
from airflow_entra.pulumi.trouble import PulumiError
from airflow_entra.settings import load
from airflow_entra.variables import NEEDS
from tests.deploy.deployment import PROJECT, Deployment, assert_no_process_left, captured
from tests.deploy.printed import Printed, identity

pytestmark = pytest.mark.engine

UP = "up --yes --skip-preview --policy-pack policies"


def test_an_identity_that_lacks_rights_makes_nothing_and_hears_what_to_do(deployment: Deployment) -> None:
    deployment.identity = OWNED_BY
    file = deployment.world.stack_file("dev")
    said = deployment.pulumi(UP, "dev", fails=True)
    for part, permission in (
        ("groups", "Group.ReadWrite.All and User.Read.All"),
        ("assignments", "AppRoleAssignment.ReadWrite.All"),
        ("consent", "DelegatedPermissionGrant.ReadWrite.All"),
    ):
        assert f"manage.{part} is managed, but the identity that deploys (airflow-entra deploy (owned-by)" in said
        assert permission in said
        assert f"write tenant.manage.{part}: request" in said
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "groups: managed" in text)
    assert f"{file}:{line}:" in said
    assert "Privileged Role Administrator" in said
    assert "403" not in said
    assert [one for one in deployment.state("dev") if one["type"].startswith("azuread")] == []
    deployment.identity = FULL
    assert deployment.live().applications() == deployment.live().groups() == []


def test_a_preview_shows_everything_and_fails(deployment: Deployment) -> None:
    deployment.identity = OWNED_BY
    said = deployment.pulumi("preview", "dev", fails=True)
    assert "manage.groups is managed, but" in said
    assert "airflow-dev-engineers" in said


PRINTED = Printed("local", load(PROJECT / "stacks" / "Pulumi.local.yaml"))
TABLE = [*sorted(set(PRINTED.permissions) - {LOOKS_AT_GROUPS}), *PRINTED.azure_roles]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Deployment]:
    """One world for all that make nothing in it."""
    assert (engine / "pulumi").exists()
    folder = tmp_path_factory.mktemp("needs")
    shutil.copytree(PROJECT / "stacks", folder / "stacks")
    deployment = Deployment(World(PROJECT, folder / "world", folder / "stacks"))
    yield deployment
    for live in deployment.lives:
        live.close()
    tenants.stop(deployment.world)
    assert_no_process_left(deployment.world)


def up(deployment: Deployment, without: str = "") -> tuple[int, str]:
    session = deployment.session("local")
    session.pulumi("local")
    who = identity(session, deployment.live(), PRINTED, without)
    done = captured(who, ["pulumi", *UP.split(), "--stack", "local", "--non-interactive"])
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("missing", TABLE)
def test_whatever_of_the_printed_is_missing_is_said_before_anything_is_made(shared: Deployment, missing: str) -> None:
    code, said = up(shared, missing)
    assert code != 0
    role = missing.partition("the Azure role ")[2].partition(" on ")[0]
    assert (role or missing) in said
    assert "Nothing was made" in said
    assert "403" not in said
    assert shared.live().applications() == shared.live().groups() == []


def test_with_what_is_printed_and_no_more_the_local_stack_is_deployed(shared: Deployment) -> None:
    code, said = up(shared)
    assert code == 0, said
    assert len(shared.live().applications()) == 1


@pytest.mark.parametrize(
    ("restriction", "words"),
    [
        ({"restrictionType": "passwordAddition"}, "allows no client secrets"),
        ({"restrictionType": "passwordLifetime", "maxLifetime": "P60D"}, "write rotateEvery: 53d or less"),
    ],
    ids=["blocked", "capped"],
)
def test_what_the_tenant_allows_no_application_is_said_before_one_is_made(
    deployment: Deployment, restriction: dict[str, str], words: str
) -> None:
    live = deployment.live()
    policy = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [restriction]}}
    live.graph.patch("/policies/defaultAppManagementPolicy", policy)
    said = deployment.pulumi(UP, "local", fails=True)
    assert words in said
    assert "Nothing was made" in said
    assert live.applications() == []


def test_what_azure_policy_denies_is_said_before_anything_is_made_and_what_it_asks_for_can_be_written(
    deployment: Deployment,
) -> None:
    live = deployment.live()
    vault = deployment.read("local", "credential")["vault"]
    subscription = load(deployment.world.stack_file("local")).subscription_id
    group = f"/subscriptions/{subscription}/resourceGroups/{vault['resourceGroup']}"
    for name, definition, parameters in (
        ("purge", "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53", {}),
        ("cost-center", "871b6d14-10aa-478d-b590-94f262ecfa99", {"tagName": {"value": "costCenter"}}),
    ):
        policy = f"/providers/Microsoft.Authorization/policyDefinitions/{definition}"
        body = {"properties": {"policyDefinitionId": policy, "parameters": parameters}}
        path = f"{group}/providers/Microsoft.Authorization/policyAssignments/{name}"
        live.arm.put(path, body, {"api-version": "2023-04-01"})
    said = deployment.pulumi(UP, "local", fails=True)
    assert "Azure Policy purge denies the vault (properties.enablePurgeProtection)" in said
    assert "Azure Policy cost-center denies the vault (tags['costCenter'])" in said
    assert live.applications() == []
    deployment.edit("local", "credential", vault=vault | {"purgeProtection": True, "tags": {"costCenter": "1"}})
    deployment.up()
    assert deployment.preview() == []
    made = live.vault(f"{group}/providers/Microsoft.KeyVault/vaults/{vault['create']}")
    assert made is not None
    assert (made["tags"], made["properties"]["enablePurgeProtection"]) == ({"costCenter": "1"}, True)


def test_what_is_refused_in_mid_flight_is_explained_in_the_same_words(deployment: Deployment) -> None:
    deployment.identity = OWNED_BY
    pulumi = deployment.session("dev").pulumi("dev")
    with pytest.raises(PulumiError) as refused:
        pulumi.up("--policy-pack", "policies", environment={NEEDS: "tell"})
    said = str(refused.value)
    assert "groups: the identity lacks a permission. It takes Group.ReadWrite.All" in said
    assert "write tenant.manage.groups: request" in said
