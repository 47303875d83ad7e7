"""Which lines of the directory's log are about a stack's access and secrets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from airflow_entra.directory.changes import Change, Scope, changes, credential_changes
from airflow_entra_auth.graph import Graph

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
OURS = Scope("sp", {"g1"}, {"ada"}, {"app"})


def entry(activity: str, *targets: dict[str, Any], **more: Any) -> dict[str, Any]:
    by = {"user": {"id": "carl-id", "userPrincipalName": "carl@c.com"}}
    known = {"activityDateTime": "2026-11-20T10:00:00.1234567Z", "activityDisplayName": activity, "initiatedBy": by}
    return known | {"result": "success", "targetResources": list(targets)} | more


def target(kind: str, id_: str, **told: str) -> dict[str, Any]:
    modified = [{"displayName": name.replace("_", "."), "newValue": f'"{value}"'} for name, value in told.items()]
    return {"type": kind, "id": id_, "displayName": id_.upper(), "modifiedProperties": modified}


def asked(*log: dict[str, Any]) -> Graph:
    """Graph with this log, oldest first."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"value": list(log[::-1])})

    return Graph(lambda: "t", client=httpx.Client(transport=httpx.MockTransport(answer)), patience=0)


def found(*log: dict[str, Any]) -> list[Change]:
    return changes(asked(*log), SINCE, OURS)


def test_another_applications_assignment_is_none_of_ours() -> None:
    person = target("User", "ada")
    log = [
        entry(
            "Remove app role assignment from user",
            target("ServicePrincipal", application, AppRole_Value="Admin"),
            person,
        )
        for application in ("other", "sp")
    ]
    (change,) = found(*log)
    assert (change.subject_id, change.role, change.by_id) == ("ada", "Admin", "carl-id")


def test_another_groups_membership_is_none_of_ours_whatever_it_is_called() -> None:
    log = [entry("Remove member from group", target("User", "ada", Group_ObjectID=group, Group_DisplayName="admins"))
           for group in ("other", "g1")]  # fmt: skip
    assert [(change.group, change.group_id) for change in found(*log)] == [("admins", "g1")]


def test_what_failed_changed_nothing() -> None:
    failed = entry("Add member to group", target("User", "ada", Group_ObjectID="g1"), result="failure")
    assert found(failed) == []


def test_of_an_assignment_that_has_the_application_as_its_one_target_the_person_is_told() -> None:
    only = target("ServicePrincipal", "sp", AppRole_Value="Viewer", User_ObjectID="bob", User_DisplayName="Bob")
    (change,) = found(entry("Add app role assignment grant to user", only))
    assert (change.subject_id, change.subject, change.role, change.subject_type) == ("bob", "Bob", "Viewer", "User")


def test_the_account_of_somebody_who_left_in_this_time_counts() -> None:
    log = [
        entry("Remove member from group", target("User", "eve", Group_ObjectID="g1")),
        entry("Delete user", target("User", "eve")),
        entry("Delete user", target("User", "stranger")),
    ]
    assert [(change.activity, change.subject_id) for change in found(*log)] == [
        ("Remove member from group", "eve"),
        ("Delete user", "eve"),
    ]


def test_times_are_as_exact_as_the_log_has_them() -> None:
    (change,) = found(entry("Disable account", target("User", "ada")))
    assert change.at == datetime(2026, 11, 20, 10, 0, 0, 123456, UTC)
    assert change.by_person


def test_a_program_did_it() -> None:
    by = {"app": {"servicePrincipalId": "pim", "displayName": "MS-PIM"}}
    activated = entry("Add member to role completed (PIM activation)", target("Group", "g1"), target("User", "ada"),
                      initiatedBy=by)  # fmt: skip
    (change,) = found(activated)
    assert (change.by, change.by_id, change.by_person, change.group_id) == ("MS-PIM", "pim", False, "g1")


def test_rotations_are_those_of_the_stacks_own_secrets() -> None:
    activity = "Update application – Certificates and secrets management "  # noqa: RUF001
    graph = asked(*(entry(activity, target("Application", id_)) for id_ in ("app", "other")))
    assert [change.subject_id for change in credential_changes(graph, SINCE, OURS)] == ["app"]
