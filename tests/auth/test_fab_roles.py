"""What a custom role has in FAB's tables."""

from __future__ import annotations

import pytest

from airflow_entra_auth.fab.roles import pairs
from airflow_entra_auth.rules import RoleRule
from tests.auth.sign_on import rules


@pytest.mark.parametrize(
    "actions", [["read"], ["trigger"], ["edit"], ["delete"], ["read", "trigger", "edit", "delete"]]
)
def test_a_custom_role_may_look_at_menus_and_change_nothing(actions: list[str]) -> None:
    role = rules(roles={"custom": {"groups": [], "dags": {"*": actions}}}).roles["custom"]
    given = pairs(role)
    assert {action for action, _ in given} == {"can_read", "menu_access"}
    assert {resource for action, resource in given if action == "can_read"} == {"Website", "My Profile"}
    never = {"Connections", "Variables", "Configurations", "Pools", "Users", "Roles", "Audit Logs", "Admin", "Security"}
    assert not never & {resource for _, resource in given}


def test_a_role_without_dags_has_no_menus() -> None:
    assert pairs(RoleRule("idle", (), {})) == {("can_read", "Website"), ("can_read", "My Profile")}


def test_who_may_edit_finds_the_tasks_that_wait_for_an_answer() -> None:
    assert ("menu_access", "HITL Detail") in pairs(RoleRule("e", (), {"a": ("read",), "b": ("edit",)}))
    assert ("menu_access", "HITL Detail") not in pairs(RoleRule("t", (), {"a": ("read", "trigger")}))
