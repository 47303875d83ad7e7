"""The people of the local environment: there from the start, and never put back where somebody moved them from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.local.identities import KNOWN
from airflow_entra.local.people import NESTED, OWNERS, PEOPLE, group_id, members
from airflow_entra.local.seed import first_members, seed_for
from airflow_entra.settings import load
from airflow_entra.settings.model import StackSettings
from entra_local.graph.entities import GROUP, USER
from entra_local.graph.models.objects import created, save
from entra_local.keys import Keys
from entra_local.store import Directory
from tests.tenant.world import Tenant, tenant_in

STACKS = Path(__file__).parents[2] / "stacks"
ANALYSTS = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
ADMINS, VIEWERS, SALES = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
OUTPUTS: dict[str, Any] = {
    "roles": {
        "Admin": [{"group": "airflow-local-admins", "id": ADMINS, "source": "created"}],
        "Viewer": [
            {"group": "airflow-local-viewers", "id": VIEWERS, "source": "created"},
            {"group": "data-analysts", "id": ANALYSTS, "source": "existing"},
        ],
        "sales-editor": [{"group": "airflow-local-sales", "id": SALES, "source": "created"}],
    }
}


def settings(stack: str = "local") -> StackSettings:
    return load(STACKS / f"Pulumi.{stack}.yaml")


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with tenant_in(tmp_path, Keys(tmp_path / "keys")) as tenant:
        tenant.seed(seed_for(settings(), KNOWN))
        with tenant.world.store.transaction() as store:
            for id_ in (ADMINS, VIEWERS, SALES):
                save(store.of(settings().tenant_id), GROUP, created(GROUP, id_))
        yield tenant


def directory(tenant: Tenant) -> Directory:
    return Directory(tenant.world.store.connection, settings().tenant_id)


def named(name: str) -> str:
    return next(person.object_id for person in PEOPLE if person.sign_in_name == name)


def test_everybody_is_in_the_tenant_and_in_the_groups_that_exist(tenant: Tenant) -> None:
    assert directory(tenant).count("user") == len(PEOPLE)
    assert set(directory(tenant).targets("members", ANALYSTS)) == {named("mina"), named("li")}
    assert directory(tenant).targets("members", group_id("sales-interns")) == [named("ines")]
    assert directory(tenant).targets("members", ADMINS) == []


def test_groups_that_a_deployment_made_get_their_people_and_a_nested_group(tenant: Tenant) -> None:
    tenant.seed(first_members(DeclaredStack("local", settings()), OUTPUTS))
    assert directory(tenant).targets("members", ADMINS) == [named("ada"), named("dara")]
    assert directory(tenant).targets("members", SALES) == [named("sam"), named("zoe"), group_id("sales-interns")]


def test_what_somebody_changed_is_not_undone(tenant: Tenant) -> None:
    tenant.seed(first_members(DeclaredStack("local", settings()), OUTPUTS))
    ada = directory(tenant).get("user", named("ada"))
    assert ada is not None
    save(directory(tenant), USER, ada.body | {"accountEnabled": False})
    directory(tenant).unlink("members", VIEWERS, named("olu"))
    directory(tenant).soft_delete("user", named("sam"))
    for stack in ("local", "prod", "dev"):
        tenant.seed(seed_for(settings(stack), KNOWN))
    tenant.seed(first_members(DeclaredStack("local", settings()), OUTPUTS))
    ada = directory(tenant).get("user", named("ada"))
    assert ada is not None
    assert ada.body["accountEnabled"] is False
    assert named("olu") not in directory(tenant).targets("members", VIEWERS)
    assert directory(tenant).get("user", named("sam")) is None


def test_other_environments_have_their_owners_alone_by_the_same_names() -> None:
    users = {user["id"]: user["displayName"] for user in seed_for(settings("prod"), KNOWN)["users"]}
    assert set(users.values()) == {"Ada Okafor", "Grace Lindqvist"}
    assert users[named("ada")] == "Ada Okafor"
    assert first_members(DeclaredStack("prod", settings("prod")), OUTPUTS) == {}


def test_a_group_that_was_renamed_is_known_by_its_first_name() -> None:
    file = settings()
    role = file.roles["Admin"]
    renamed = role.groups[0].model_copy(update={"create": "airflow-admins", "was": "airflow-local-admins"})
    file = file.model_copy(update={"roles": {"Admin": role.model_copy(update={"groups": [renamed]})}})
    outputs = {"roles": {"Admin": [{"group": "airflow-admins", "id": ADMINS, "source": "created"}]}}
    (group,) = first_members(DeclaredStack("local", file), outputs)["groups"]
    assert (group["id"], group["members"]) == (ADMINS, members("airflow-local-admins"))


def test_the_data_names_groups_and_people_once() -> None:
    everybody = [person.object_id for person in (*PEOPLE, *OWNERS)]
    names = [person.sign_in_name for person in (*PEOPLE, *OWNERS)]
    assert len(set(everybody)) == len(set(names)) == len(everybody)
    local = {
        group.create if hasattr(group, "create") else group.name
        for r in settings().roles.values()
        for group in r.groups
    }
    assert {group for person in PEOPLE for group in person.groups} <= local | set(NESTED)
    assert set(NESTED.values()) <= local
