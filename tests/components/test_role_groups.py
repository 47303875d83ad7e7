from __future__ import annotations

from airflow_entra.access import names
from tests.components.harness import Deploy

RULE = 'user.department -eq "Data"'


def test_created_groups_are_security_groups_whose_members_are_left_alone(deploy: Deploy) -> None:
    group = next(one for one in deploy().all("GroupWithoutMembers") if one.name == "airflow-admins")
    assert group.inputs["securityEnabled"] is True
    assert group.inputs["mailNickname"] == names.mail_nickname("airflow-admins")
    assert group.inputs["owners"] == ["0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"]
    assert "types" not in group.inputs
    assert "members" not in group.inputs


def test_a_rule_makes_the_membership_dynamic(deploy: Deploy) -> None:
    roles = {"Admin": {"groups": [{"create": "data", "rule": RULE, "description": "The data department"}]}}
    deployed = deploy({"roles": roles})
    group = deployed.one("GroupWithoutMembers").inputs
    assert group["types"] == ["DynamicMembership"]
    assert group["dynamicMembership"] == {"enabled": True, "rule": RULE}
    assert group["description"] == "The data department"
    assert deployed.outputs["roles"]["Admin"][0]["source"] == "dynamic"


def test_without_owners_the_deploying_identity_stays_owner(deploy: Deploy) -> None:
    assert "owners" not in deploy({"owners.groups": []}).all("GroupWithoutMembers")[0].inputs


def test_one_group_of_two_roles_is_made_once_and_assigned_twice(deploy: Deploy) -> None:
    roles = {"Admin": {"groups": [{"create": "both"}]}, "Op": {"groups": [{"create": "both"}]}}
    deployed = deploy({"roles": roles})
    deployed.one("GroupWithoutMembers")
    assigned = {(one.name, one.inputs["principalObjectId"]) for one in deployed.all("AppRoleAssignment")}
    assert assigned == {("Admin/both", "both-object-id"), ("Op/both", "both-object-id")}


def test_default_access_is_assigned_once_for_each_group(deploy: Deploy) -> None:
    roles = {"Admin": {"groups": [{"create": "both"}]}, "Op": {"groups": [{"create": "both"}]}}
    assigned = deploy({"roles": roles, "signIn.rolesFrom": "assignedGroups"}).one("AppRoleAssignment")
    assert assigned.inputs["appRoleId"] == names.DEFAULT_ACCESS


def test_a_group_that_is_only_asked_for_is_assigned_once_its_id_is_written_down(deploy: Deploy) -> None:
    roles = {"Admin": {"groups": [{"create": "asked"}]}}
    before = deploy({"roles": roles, "tenant.manage.groups": "request"})
    assert before.all("AppRoleAssignment") == before.all("GroupWithoutMembers") == []
    assert before.outputs["roles"] == {"Admin": [{"group": "asked", "id": None, "source": "requested"}]}

    roles["Admin"]["groups"][0]["id"] = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
    after = deploy({"roles": roles, "tenant.manage.groups": "request"})
    assert after.one("AppRoleAssignment").inputs["principalObjectId"] == "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
    assert after.all("GroupWithoutMembers") == []
