"""What Graph says about people, groups and the application, page by page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from airflow_entra.access.plan import plan
from airflow_entra.directory import membership
from airflow_entra.directory.membership import Account, Assigned, NotDeployedError, Registration
from airflow_entra.settings import load
from airflow_entra_auth.graph import Graph

LOCAL = Path(__file__).parents[2] / "stacks" / "Pulumi.local.yaml"
V1 = "https://graph.microsoft.com/v1.0"


def graph(answers: dict[str, Any]) -> Graph:
    """Graph that answers these paths (with their filter behind a ?) and fails for any other; a function is given what
    was sent."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1.0")
        filtered = re.search(r"\$filter=([^&]*)", unquote(str(request.url.query, "ascii")))
        key = f"{path}?{filtered[1].replace('+', ' ')}" if filtered else path
        found = answers[key]
        return httpx.Response(200, json=found(json.loads(request.content)) if callable(found) else found)

    return Graph(lambda: "t", client=httpx.Client(transport=httpx.MockTransport(answer)))


def test_people_are_read_page_by_page() -> None:
    guest = {"id": "2", "displayName": None, "userPrincipalName": "g#EXT#@c.com", "mail": "g@f.com"}
    answers = {
        "/users": {
            "value": [{"id": "1", "displayName": "Ada", "userPrincipalName": "ada@c.com", "accountEnabled": False}],
            "@odata.nextLink": f"{V1}/more",
        },
        "/more": {
            "value": [
                guest | {"userType": "Guest", "accountEnabled": True, "identities": [{"signInType": "federated"}]}
            ]
        },
    }
    assert membership.accounts(graph(answers)) == [
        Account("1", "Ada", "ada@c.com", None, enabled=False),
        Account("2", "g#EXT#@c.com", "g#EXT#@c.com", "g@f.com", guest=True, external=True),
    ]


PRINCIPAL = {
    "id": "sp",
    "appId": "client",
    "appRoleAssignmentRequired": True,
    "appRoles": [{"id": "r1", "value": "Admin"}],
}
ASSIGNED = [
    {"principalId": "g1", "principalDisplayName": "admins", "appRoleId": "r1"},
    {"principalId": "g2", "principalDisplayName": "all", "appRoleId": "00000000-0000-0000-0000-000000000000"},
]


def applications(*client_ids: str, stack: str = "local") -> dict[str, Any]:
    tag = f"airflow-entra:{stack}"
    return {f"/applications?tags/any(t:t eq '{tag}')": {"value": [{"appId": id_} for id_ in client_ids]}}


def test_the_application_is_found_by_its_tag_with_who_is_assigned() -> None:
    answers = applications("client") | {
        "/servicePrincipals?appId eq 'client'": {"value": [PRINCIPAL]},
        "/servicePrincipals/sp/appRoleAssignedTo": {"value": ASSIGNED},
    }
    assert membership.registration(graph(answers), "local") == Registration(
        "client", True, (Assigned("g1", "admins", "Admin"), Assigned("g2", "all", None))
    )


def test_a_stack_that_is_not_there_or_there_twice_is_said() -> None:
    with pytest.raises(NotDeployedError, match="no application of stack local"):
        membership.registration(graph(applications()), "local")
    twice = applications("a", "b") | {
        f"/servicePrincipals?appId eq '{id_}'": {"value": [PRINCIPAL]} for id_ in ("a", "b")
    }
    with pytest.raises(NotDeployedError, match="2 applications of stack local"):
        membership.registration(graph(twice), "local")


def test_a_quote_in_a_stacks_name_ends_no_filter() -> None:
    with pytest.raises(NotDeployedError):
        membership.registration(graph(applications(stack="o''brien")), "o'brien")


def test_groups_are_known_by_id_or_by_the_nickname_that_no_rename_changes() -> None:
    access = plan(load(LOCAL))
    created = access.with_source("created")
    answers: dict[str, Any] = {f"/groups?mailNickname eq '{group.mail_nickname}'": {"value": []} for group in created}
    first = created[0]
    answers[f"/groups?mailNickname eq '{first.mail_nickname}'"] = {"value": [{"id": "made"}]}
    existing = {group.key: group.object_id for group in access.with_source("existing")}
    assert membership.group_ids(graph(answers), access) == {first.key: "made"} | existing

    answers[f"/groups?mailNickname eq '{first.mail_nickname}'"] = {"value": [{"id": "made"}, {"id": "mallorys"}]}
    assert membership.group_ids(graph(answers), access, {"made"}) == {first.key: "made"} | existing
    assert membership.group_ids(graph(answers), access) == existing
    assert membership.group_ids(graph(answers), access, {"made", "mallorys"}) == existing


def test_members_are_direct_ones_and_those_of_the_groups_inside() -> None:
    person, group = "#microsoft.graph.user", "#microsoft.graph.group"
    answers = {
        "/directoryObjects/getByIds": {"value": [{"id": "g1", "displayName": "sales", "securityEnabled": False}]},
        "/groups/g1/members": {
            "value": [
                {"id": "ada", "displayName": "Ada", "userPrincipalName": "ada@contoso.com", "@odata.type": person},
                {"id": "g2", "displayName": "interns", "@odata.type": group},
            ]
        },
        "/groups/g2/transitiveMembers": {
            "value": [
                {"id": "ines", "userPrincipalName": "ines@contoso.com", "@odata.type": person},
                {"id": "g3", "displayName": "novices", "@odata.type": group},
            ]
        },
    }
    (sales,) = membership.members(graph(answers), ["g1", "gone"]).values()
    assert (sales.name, sorted(sales.direct), sales.security_enabled) == ("sales", ["ada", "g2"], False)
    assert sales.nested == {"interns": {"ines", "g3"}}
    assert [one.sign_in_name for one in sales.accounts] == ["ada@contoso.com", "ines@contoso.com"]
