"""The plan of a stack: who gets what, and which names survive a rename or a reordering."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access import AccessPlan, names
from airflow_entra.access.plan import plan
from airflow_entra.settings.model import CreatedGroup, ExistingGroup, Role, StackSettings

GROUP_ID = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
OTHER_ID = "6f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"


def settings(roles: dict[str, Any], *, manage: dict[str, str] | None = None, **sign_in: Any) -> StackSettings:
    return StackSettings.model_validate(
        {
            "azuread:tenantId": "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11",
            "airflow-entra:environment": "development",
            "airflow-entra:tenant": {"licence": "P1", "manage": manage or {}},
            "airflow-entra:airflow": [{"version": "3.3", "url": "https://airflow.contoso.com"}],
            "airflow-entra:signIn": sign_in,
            "airflow-entra:owners": {"application": [GROUP_ID]},
            "airflow-entra:credential": {
                "mode": "federated",
                "federated": {"issuer": "https://issuer.contoso.com", "subject": "airflow"},
            },
            "airflow-entra:roles": roles,
        },
        by_alias=True,
        by_name=False,
    )


def identity(access: AccessPlan) -> set[tuple[str, ...]]:
    """Everything that the state and the directory know things by."""
    return (
        {("role", role.key, role.id) for role in access.app_roles}
        | {("group", group.key, group.mail_nickname) for group in access.groups.values()}
        | {("assignment", one.key, one.app_role_id) for one in access.assignments}
    )


TWO_ROLES: dict[str, Any] = {
    "Admin": {"groups": [{"create": "admins"}]},
    "Viewer": {"groups": [{"create": "viewers"}, {"create": "admins"}, {"id": GROUP_ID, "name": "everybody"}]},
}


def test_each_group_of_a_role_is_assigned_that_role() -> None:
    access = plan(settings(TWO_ROLES))

    assert {(one.role, one.group) for one in access.assignments} == {
        ("Admin", "admins"),
        ("Viewer", "viewers"),
        ("Viewer", "admins"),
        ("Viewer", GROUP_ID),
    }
    assert access.roles == {"Admin": ("admins",), "Viewer": ("viewers", "admins", GROUP_ID)}
    assert access.groups["admins"].roles == ("Admin", "Viewer")
    assert {role.value for role in access.app_roles} == {"Admin", "Viewer"}


@pytest.mark.parametrize(
    ("roles_from", "required", "expected"),
    [
        ("assignedGroups", True, {"admins", "viewers", GROUP_ID}),
        ("assignedGroups", False, {"admins", "viewers", GROUP_ID}),
        ("securityGroups", True, {"admins", "viewers", GROUP_ID}),
        ("securityGroups", False, set()),
    ],
)
def test_roles_from_groups_need_default_access_once_and_no_app_roles(
    roles_from: str, required: bool, expected: set[str]
) -> None:
    access = plan(settings(TWO_ROLES, rolesFrom=roles_from, assignmentRequired=required))

    assert access.app_roles == ()
    assert {one.group for one in access.assignments} == expected
    assert len(access.assignments) == len(expected)
    assert {one.app_role_id for one in access.assignments} <= {names.DEFAULT_ACCESS}


def test_a_groups_source_says_who_makes_it() -> None:
    roles = {
        "Admin": {"groups": [{"create": "a"}, {"create": "b", "rule": 'user.department -eq "Data"'}]},
        "Viewer": {"groups": [{"id": GROUP_ID, "name": "everybody"}]},
    }
    assert [g.source for g in plan(settings(roles)).groups.values()] == ["created", "dynamic", "existing"]

    roles["Admin"]["groups"][1]["id"] = OTHER_ID
    requested = plan(settings(roles, manage={"groups": "request"})).groups
    assert [(g.source, g.object_id) for g in requested.values()] == [
        ("requested", None),
        ("requested", OTHER_ID),
        ("existing", GROUP_ID),
    ]


def test_a_custom_roles_rights_stand_in_its_description() -> None:
    roles = {"finance": {"groups": [{"create": "a"}], "dags": {"pay_*": ["read", "edit"], "audit": ["read"]}}}
    (role,) = plan(settings(roles)).app_roles
    assert role.description == "Airflow role finance (audit: read; pay_*: read, edit)"


def test_renaming_a_group_and_a_role_keeps_every_identity() -> None:
    renamed = {
        "Chief": {"was": "Admin", "groups": [{"create": "chiefs", "was": "admins"}]},
        "Viewer": {
            "groups": [{"create": "viewers"}, {"create": "chiefs", "was": "admins"}, {"id": GROUP_ID, "name": "all"}]
        },
    }
    before, after = plan(settings(TWO_ROLES)), plan(settings(renamed))

    assert identity(before) == identity(after)
    assert after.groups["admins"].name == "chiefs"
    assert {role.value for role in after.app_roles} == {"Chief", "Viewer"}


def test_a_stacks_own_name_is_in_no_identity() -> None:
    assert identity(plan(settings(TWO_ROLES))) == identity(plan(settings(TWO_ROLES)))


GROUPS = st.one_of(
    st.builds(lambda name: CreatedGroup(create=name), st.sampled_from(["a", "b", "c", "data people", "Ärzte"])),
    st.builds(lambda id_: ExistingGroup(id=id_, name="x"), st.sampled_from([GROUP_ID, OTHER_ID])),
)
ROLES = st.dictionaries(
    st.sampled_from(["Admin", "Op", "User", "Viewer", "custom-role"]),
    st.builds(lambda groups: Role(groups=groups), st.lists(GROUPS, min_size=1, max_size=5)),
    min_size=1,
)


@given(ROLES, st.sampled_from(["appRoles", "assignedGroups", "securityGroups"]), st.randoms(use_true_random=False))
def test_reordering_a_stack_file_changes_no_identity(
    roles: dict[str, Role], roles_from: str, shuffle: random.Random
) -> None:
    items = [(name, Role(groups=shuffle.sample(role.groups, len(role.groups)))) for name, role in roles.items()]
    shuffle.shuffle(items)
    before = plan(settings(roles, rolesFrom=roles_from))
    after = plan(settings(dict(items), rolesFrom=roles_from))

    assert identity(before) == identity(after)
    assert len({one.key for one in before.assignments}) == len(before.assignments)


@given(ROLES)
def test_the_role_table_and_the_assignments_say_the_same(roles: dict[str, Role]) -> None:
    access = plan(settings(roles))
    assert {(one.role, one.group) for one in access.assignments} == {
        (role, group) for role, groups in access.roles.items() for group in groups
    }


def test_an_app_role_and_a_group_that_were_there_before_keep_what_entra_knows_them_by() -> None:
    group = {"create": "Airflow Admins", "mailNickname": "AirflowAdmins"}
    access = plan(settings({"Admin": {"appRole": OTHER_ID, "groups": [group]}}))
    (role,) = access.app_roles
    assert (role.key, role.id) == ("Admin", OTHER_ID)
    assert [assignment.app_role_id for assignment in access.assignments] == [OTHER_ID]
    assert access.groups["Airflow Admins"].mail_nickname == "AirflowAdmins"
