"""Whom a stack's groups count for, as Graph has them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from airflow_entra.access import DeclaredStack
from airflow_entra.access.names import mail_nickname
from airflow_entra.access.stated import Grant, Stated, stated
from airflow_entra.directory.members import LiveMembers
from airflow_entra.settings import load
from airflow_entra_auth.graph import Graph
from tests.directory.test_membership import graph

PROD = stated(DeclaredStack("prod", load(Path(__file__).parents[2] / "stacks" / "Pulumi.prod.yaml")))
ADMINS = "airflow-prod-admins"


def user(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"u{number}", "displayName": f"User {number}", "userPrincipalName": f"u{number}@c.com", **more}


ANSWERS: dict[str, Any] = {
    "/users": {
        "value": [user(1), user(2), user(3, accountEnabled=False), user(4, userType="Guest"), user(5)],
    },
    f"/groups?mailNickname eq '{mail_nickname(ADMINS)}'": {"value": [{"id": "g1"}]},
    "/directoryObjects/getByIds": {"value": [{"id": "g1", "displayName": ADMINS}]},
    "/groups/g1/members": {
        "value": [
            *({"id": f"u{number}", "@odata.type": "#microsoft.graph.user"} for number in (1, 3, 4)),
            {"id": "g2", "displayName": "inner", "@odata.type": "#microsoft.graph.group"},
        ]
    },
    "/groups/g2/transitiveMembers": {"value": [{"id": "u2"}]},
}


def side(**values: str) -> Stated:
    return replace(PROD, values=dict(PROD.values) | {f"signIn.{name}": value for name, value in values.items()})


def test_who_counts_hangs_on_the_side() -> None:
    members = LiveMembers(lambda one: graph(ANSWERS))
    assert members(side(), ADMINS) == {"User 1 (u1@c.com)"}
    assert members(side(guests="allow"), ADMINS) == {"User 1 (u1@c.com)", "User 4 (u4@c.com)"}
    nested = side(rolesFrom="securityGroups", assignmentRequired="false")
    assert members(nested, ADMINS) == {"User 1 (u1@c.com)", "User 2 (u2@c.com)"}


def test_where_an_assignment_is_required_a_nested_member_needs_one_from_elsewhere() -> None:
    """Assignments don't nest: Entra gives no token to somebody who is only in a group inside an assigned one."""
    viewers = "airflow-prod-viewers"
    required = replace(
        side(rolesFrom="securityGroups"), grants=frozenset({Grant("Admin", ADMINS), Grant("Viewer", viewers)})
    )
    names = {"g1": ADMINS, "g3": viewers}
    answers = ANSWERS | {
        f"/groups?mailNickname eq '{mail_nickname(viewers)}'": {"value": [{"id": "g3"}]},
        "/directoryObjects/getByIds": lambda body: {
            "value": [{"id": id_, "displayName": names[id_]} for id_ in body["ids"]]
        },
    }
    for numbers, counted in (([], {1}), ([2], {1, 2})):
        inside = [{"id": f"u{number}", "@odata.type": "#microsoft.graph.user"} for number in numbers]
        client = graph(answers | {"/groups/g3/members": {"value": inside}})
        found = LiveMembers(partial(_same, client))(required, ADMINS)
        assert found == {f"User {number} (u{number}@c.com)" for number in counted}


def _same(client: Graph, _: Stated) -> Graph:
    return client


def test_each_group_is_asked_for_once() -> None:
    asked = []

    def connect(one: Stated) -> Graph:
        asked.append(one)
        return graph(ANSWERS)

    members = LiveMembers(connect)
    assert members(side(), ADMINS) == members(side(), ADMINS)
    assert len(asked) == 2  # for the group, and for the people


def test_a_group_that_is_not_there_has_nobody() -> None:
    missing = ANSWERS | {f"/groups?mailNickname eq '{mail_nickname(ADMINS)}'": {"value": []}}
    missing |= {"/directoryObjects/getByIds": {"value": []}}
    assert LiveMembers(lambda one: graph(missing))(side(), ADMINS) == ()
