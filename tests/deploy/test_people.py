"""A newcomer can sign in at once: the groups that a deployment makes have people, and keep what is changed in them."""

from __future__ import annotations

import pytest

from airflow_entra.commands.who import standings
from airflow_entra.local.deploy import deploy
from airflow_entra.local.people import PEOPLE
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.engine

PEOPLE_WITH_ROLES = {
    "Ada": ["Admin"],
    "Mina": ["Viewer"],
    "Olu": ["Viewer"],
    "Sam": ["sales-editor"],
    "Zoë": ["Viewer", "sales-editor"],
    "李小龍": ["Viewer"],
}


def admitted(deployment: Deployment) -> dict[str, list[str]]:
    """Who may sign in, by first name, with their roles."""
    found = standings(deployment.world, "local", None, port=0)
    return {one.person.name.split()[0]: [held.role for held in one.roles] for one in found if one.refused is None}


def test_people_have_their_roles_after_the_first_deployment_and_are_left_alone_by_the_next(
    deployment: Deployment,
) -> None:
    deploy(deployment.session("local"), "local", say=deployment.said.append)
    first = admitted(deployment)
    assert first == PEOPLE_WITH_ROLES
    live = deployment.live()
    olu = next(person for person in PEOPLE if person.sign_in_name == "olu")
    viewers = next(group for group in live.groups() if group["displayName"] == "airflow-local-viewers")
    live.graph.delete(f"/groups/{viewers['id']}/members/{olu.object_id}/$ref")

    deploy(deployment.session("local"), "local", say=deployment.said.append)
    assert admitted(deployment) == {name: roles for name, roles in first.items() if name != "Olu"}
