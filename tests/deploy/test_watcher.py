"""The watcher's identity on the real engine, and how a stack of an older release moves to it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.access.permissions import APP_ROLE_IDS, GIVEN_BY_0_1, GRAPH_APP_ID
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.engine

WATCHED = {APP_ROLE_IDS[name] for name in WATCH_PERMISSIONS}
GIVEN = {APP_ROLE_IDS[name] for name in GIVEN_BY_0_1}


def held(deployment: Deployment, service_principal: str) -> set[str]:
    """The application permissions that a service principal has."""
    path = f"/servicePrincipals/{service_principal}/appRoleAssignments"
    return {one["appRoleId"] for one in deployment.live().graph.pages(path)}


def asked(deployment: Deployment, application: str) -> list[dict[str, Any]]:
    """What the application's manifest asks of Graph."""
    (access,) = deployment.live().graph.get(f"/applications/{application}")["requiredResourceAccess"]
    return list(access["resourceAccess"])


def test_people_sign_in_to_an_application_without_any_permission_of_its_own(deployment: Deployment) -> None:
    deployment.up()
    outputs = deployment.outputs()

    assert held(deployment, outputs["servicePrincipalObjectId"]) == set()
    assert {one["type"] for one in asked(deployment, outputs["applicationObjectId"])} == {"Scope"}
    assert held(deployment, outputs["watcher"]["servicePrincipalObjectId"]) == WATCHED
    assert outputs["watcher"]["clientId"] != outputs["clientId"]
    assert outputs["warnings"] == []
    assert deployment.preview() == []


def test_a_stack_of_an_older_release_moves_without_losing_anything_on_the_way(deployment: Deployment) -> None:
    deployment.up()
    outputs = deployment.outputs()
    as_0_1_left_it = [*asked(deployment, outputs["applicationObjectId"])]
    as_0_1_left_it += [{"id": id_, "type": "Role"} for id_ in sorted(GIVEN)]
    manifest = {"requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": as_0_1_left_it}]}
    deployment.live().graph.patch(f"/applications/{outputs['applicationObjectId']}", manifest)
    deployment.pulumi("refresh --yes --skip-preview")

    steps = deployment.preview()
    assert {operation for operation, _ in steps} <= {"create", "read"}
    deployment.up()
    assert held(deployment, outputs["servicePrincipalObjectId"]) == GIVEN
    assert any("moved: true" in text for text in deployment.outputs()["warnings"])
    assert deployment.preview() == []

    deployment.write("local", "watcher", {"moved": True})
    removed = {("delete", f"application-permission-{name}") for name in GIVEN_BY_0_1}
    assert set(deployment.preview()) == {*removed, ("update", "application")}
    deployment.up()
    assert held(deployment, outputs["servicePrincipalObjectId"]) == set()
    assert held(deployment, outputs["watcher"]["servicePrincipalObjectId"]) == WATCHED
    assert deployment.outputs()["warnings"] == []
    assert deployment.preview() == []


def test_an_identity_that_exists_may_read_and_nothing_is_made_for_it(deployment: Deployment) -> None:
    graph = deployment.live().graph
    application = graph.post("/applications", {"displayName": "id-airflow-watcher"})
    principal = graph.post("/servicePrincipals", {"appId": application["appId"]})
    deployment.write("local", "watcher", {"existing": {"objectId": principal["id"], "clientId": application["appId"]}})
    deployment.up()

    assert held(deployment, principal["id"]) == WATCHED
    assert deployment.outputs()["watcher"]["clientId"] == application["appId"]
    assert not [one for one in deployment.state() if "watcher-application" in one["urn"]]
    deployment.pulumi("destroy --yes --skip-preview")
    assert held(deployment, principal["id"]) == set()
