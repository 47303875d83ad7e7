"""airflow-entra who, as it is called: on a tenant that serves a deployed stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from airflow_entra.access import DeclaredStack
from airflow_entra.access.plan import plan
from airflow_entra.cli import main
from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import identities
from airflow_entra.local.seed import first_members, seed_for
from airflow_entra.local.world import World
from airflow_entra.settings import load
from entra_local.graph.models import applications, grants, groups, service_principals
from entra_local.server import open_world

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A local world whose tenant holds what `pulumi up` of stack local makes, without the engine."""
    home = tmp_path_factory.mktemp("home")
    world = World(PROJECT, home)
    world.prepare()
    settings = load(world.stack_file("local"))
    tenants.seed(world, seed_for(settings, identities(world).values()))
    outputs = _deployed(world)
    tenants.seed(world, first_members(DeclaredStack("local", settings), outputs))
    yield home
    tenants.stop(world)


def _deployed(world: World) -> dict[str, Any]:
    settings = load(world.stack_file("local"))
    access = plan(settings)
    tenant = open_world(world.tenant)
    with tenant.store.transaction() as store:
        directory = store.of(settings.tenant_id)
        app_roles: list[dict[str, Any]] = [
            {
                "id": role.id,
                "value": role.value,
                "displayName": role.value,
                "description": role.description,
                "allowedMemberTypes": ["User"],
                "isEnabled": True,
            }
            for role in access.app_roles
        ]
        tags = ["airflow-entra", "airflow-entra:local"]
        registration = {"displayName": "Airflow (local)", "tags": tags, "appRoles": app_roles}
        application, _ = applications.create(directory, registration, None)
        closed = {"appId": application["appId"], "appRoleAssignmentRequired": True}
        principal = service_principals.create(directory, closed, None, own_only=False)
        ids = {group.key: str(group.object_id) for group in access.with_source("existing")}
        for group in access.with_source("created"):
            named = {"displayName": group.name, "mailNickname": group.mail_nickname}
            made = groups.create(directory, named | {"mailEnabled": False, "securityEnabled": True}, None)
            ids[group.key] = made["id"]
        for one in access.assignments:
            wanted = {"principalId": ids[one.group], "resourceId": principal["id"], "appRoleId": one.app_role_id}
            grants.assign(directory, wanted)
    tenant.store.close()
    return {
        "roles": {
            role: [{"group": access.groups[key].name, "id": ids[key]} for key in keys]
            for role, keys in access.roles.items()
        }
    }


def call(home: Path, *arguments: str) -> Result:
    variables = {"AIRFLOW_ENTRA_LOCAL": str(home), "HTTPS_PROXY": "http://127.0.0.1:9", "SSL_CERT_FILE": "/nowhere"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        return CliRunner().invoke(main, ["who", "--port", "0", *arguments], env=variables)


def test_everybody_as_json(home: Path) -> None:
    result = call(home, "--format", "json")
    assert result.exit_code == 0, result.output
    found = {one["signInName"].partition("@")[0]: one for one in json.loads(result.stdout)["people"]}
    roles = {name: [role["role"] for role in one["roles"]] for name, one in found.items()}
    assert roles["ada"] == ["Admin"]
    assert roles["zoe"] == ["Viewer", "sales-editor"]
    assert found["mina"]["roles"] == [{"role": "Viewer", "through": ["data-analysts"]}]
    refused = {name: one["refused"] for name, one in found.items() if not one["admitted"]}
    assert refused == {
        "dara": "disabled",
        "gwen_fabrikam.com#EXT#": "guest",
        "ines": "not_assigned",
        "noor": "not_assigned",
    }
    assert found["ines"]["missed"][0]["role"] == "sales-editor"
    assert "6 of 10 people may sign in" in result.stderr


def test_one_person_as_text(home: Path) -> None:
    result = call(home, "OLU")
    assert result.exit_code == 0, result.output
    assert "airflow-local-viewers" in result.stdout
    assert "Ada" not in result.stdout


def test_nobody_by_that_name_and_no_such_stack_are_told(home: Path) -> None:
    unknown = call(home, "olo")
    assert unknown.exit_code == 2
    assert "is Olu Mensah (olu@contoso.com) meant?" in unknown.stderr
    stack = call(home, "--stack", "prdo")
    assert stack.exit_code == 2
    assert "there is one for: dev, local, prod, staging" in stack.stderr


def test_a_stack_that_is_not_deployed_says_how_to(tmp_path: Path) -> None:
    try:
        result = call(tmp_path / "home")
        assert result.exit_code == 2
        assert "`airflow-entra local deploy --stack local` makes it" in result.stderr
        assert identities(World(PROJECT, tmp_path / "home"))["full"].secret not in result.output
    finally:
        tenants.stop(World(PROJECT, tmp_path / "home"))
