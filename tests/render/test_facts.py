from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.errors import UserError
from airflow_entra.render import facts
from tests.render.stacks import group_id, known, outputs, settings


@pytest.mark.parametrize(
    ("asked", "got"), [(None, "3.3"), ("3.3", "3.3"), ("3", "3.3"), ("3.3.2", "3.3"), ("2.11", "2.11"), ("2", "2.11")]
)
def test_the_version_picks_one_of_two_and_the_newest_is_the_default(asked: str | None, got: str) -> None:
    declared = settings()
    assert facts(DeclaredStack("dev", declared), outputs(declared), version=asked).airflow.version == got


def test_urls_follow_the_version_and_another_base_url_replaces_the_stack_files() -> None:
    declared = settings()
    old = facts(DeclaredStack("dev", declared), outputs(declared), version="2.11")
    moved = facts(DeclaredStack("dev", declared), outputs(declared), url="http://localhost:9000/data")

    assert old.airflow.redirect_uri == "https://airflow.contoso.com/data-2/oauth-authorized/azure"
    assert moved.airflow.redirect_uri == "http://localhost:9000/data/auth/oauth-authorized/azure"
    assert moved.airflow.url == "http://localhost:9000/data"


def test_groups_are_named_by_the_object_ids_of_the_deployment() -> None:
    assert known().roles == {
        "Admin": (group_id("admins"),),
        "Viewer": (group_id("viewers"), group_id("analysts")),
        "sales-editor": (group_id("sales"),),
    }


def test_a_group_that_the_identity_team_has_yet_to_make_gives_nobody_its_role() -> None:
    declared = settings()
    said = outputs(declared)
    said["roles"]["Admin"][0]["id"] = None
    assert facts(DeclaredStack("dev", declared), said).roles["Admin"] == ()


def _without(key: str) -> dict[str, Any]:
    said = outputs(settings())
    del said[key]
    return said


def _with(key: str, value: Any) -> dict[str, Any]:
    return outputs(settings()) | {key: value}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "stack dev is not deployed as its file says: its outputs lack tenantId, clientId, roles, credential"),
        (_without("clientId"), "deploy it again"),
        (_with("tenantId", "7a0c3f5e-0000-4000-8000-6c1f0e8b2a11"), "these outputs are of tenant"),
        (_with("roles", {"Admin": [{"group": "admins", "id": group_id("admins")}]}), "without the group viewers"),
        (_with("credential", {"mode": "federated"}), "deployed with credential.mode federated"),
    ],
)
def test_what_does_not_fit_the_file_is_one_clear_error(said: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        facts(DeclaredStack("dev", settings()), said)


@pytest.mark.parametrize(("stack", "version"), [("dev", "2.10"), ("dev", "4"), ("dev", "new"), ('"""', None)])
def test_an_unknown_airflow_and_a_name_that_is_none_are_refused(stack: str, version: str | None) -> None:
    declared = settings()
    with pytest.raises(UserError):
        facts(DeclaredStack(stack, declared), outputs(declared), version=version)
