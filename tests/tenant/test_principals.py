"""Service principals, app role assignments, delegated permission grants."""

from typing import Any

import pytest

from entra_local.azure import GRAPH_APP_ID
from entra_local.first_party import DELEGATED_PERMISSIONS
from tests.tenant.directory import ADA, ADMIN, NOBODY, ON_CALL, UNKNOWN, Graph, role
from tests.tenant.world import TENANT

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"


def test_it_mirrors_its_application(graph: Graph) -> None:
    application = graph.application(appRoles=[role()], web={"redirectUris": ["https://a.example/x"]})
    path = f"/servicePrincipals/{graph.principal(application)['id']}"
    graph.patch(f"/applications/{application['id']}", {"displayName": "Renamed"})
    shown = graph.get(path)
    assert shown["displayName"] == "Renamed"
    assert shown["replyUrls"] == ["https://a.example/x"]
    assert [item["value"] for item in shown["appRoles"]] == ["Admin"]
    assert shown["servicePrincipalNames"] == [application["appId"]]
    assert graph.ids("/servicePrincipals", filter="displayName eq 'renamed'") == [shown["id"]]


def test_one_per_application(graph: Graph) -> None:
    application = graph.application()
    made = graph.principal(application, accountEnabled=True, appRoleAssignmentRequired=True, tags=["HideApp"])
    assert made["appRoleAssignmentRequired"] is True
    assert "already in use" in graph.refused("POST", "/servicePrincipals", 409, {"appId": application["appId"]})
    says = graph.refused("POST", "/servicePrincipals", 400, {"appId": UNKNOWN})
    assert "does not reference a valid application object" in says


def test_microsoft_graph_has_its_permissions(graph: Graph) -> None:
    (found,) = graph.get("/servicePrincipals", filter=f"appId eq '{GRAPH_APP_ID}'")["value"]
    scopes = {scope["value"]: scope["id"] for scope in found["oauth2PermissionScopes"]}
    assert scopes == DELEGATED_PERMISSIONS
    assert "Application.ReadWrite.OwnedBy" in {item["value"] for item in found["appRoles"]}


@pytest.mark.parametrize(
    ("principal", "type_", "name"),
    [
        (ADA, "User", "Ada Lovelace"),
        (ON_CALL, "Group", "platform-on-call"),
        (NOBODY["servicePrincipalId"], "ServicePrincipal", "nobody"),
    ],
)
def test_app_roles_are_assigned_on_the_resource_side(graph: Graph, principal: str, type_: str, name: str) -> None:
    resource = graph.principal(graph.application(appRoles=[role()]))
    path = f"/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    body = {"principalId": principal, "resourceId": resource["id"], "appRoleId": role()["id"]}
    made = graph.post(path, body)
    assert "/" not in made["id"]
    shown = graph.get(f"{path}/{made['id']}")
    assert (shown["principalType"], shown["principalDisplayName"]) == (type_, name)
    assert shown["resourceDisplayName"] == "Airflow"
    assert "already exists on the object" in graph.refused("POST", path, 400, body)
    assert graph.ids(path) == [made["id"]]
    graph.delete(f"{path}/{made['id']}")
    graph.get(f"{path}/{made['id']}", 404)
    graph.delete(f"{path}/{made['id']}", 404)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"principalId": UNKNOWN}, 404),
        ({"appRoleId": UNKNOWN}, 400),
        ({"appRoleId": role("Disabled", 2)["id"]}, 400),
        ({"appRoleId": role("ForApplications", 3)["id"]}, 400),
        ({"resourceId": ADMIN["servicePrincipalId"]}, 400),
        ({"principalId": None}, 400),
        ({"nonsense": 1}, 400),
    ],
)
def test_assignments_that_are_refused(graph: Graph, change: Any, status: int) -> None:
    roles = [
        role(),
        role("Disabled", 2, isEnabled=False),
        role("ForApplications", 3, allowedMemberTypes=["Application"]),
    ]
    resource = graph.principal(graph.application(appRoles=roles))
    body = {"principalId": ADA, "resourceId": resource["id"], "appRoleId": role()["id"]}
    graph.refused("POST", f"/servicePrincipals/{resource['id']}/appRoleAssignedTo", status, body | change)


def test_access_without_a_role(graph: Graph) -> None:
    resource = graph.principal(graph.application())
    body = {"principalId": ADA, "resourceId": resource["id"], "appRoleId": DEFAULT_ACCESS}
    made = graph.post(f"/users/{ADA}/appRoleAssignments", body)
    assert graph.ids(f"/users/{ADA}/appRoleAssignments") == [made["id"]]
    graph.delete(f"/users/{ADA}/appRoleAssignments/{made['id']}")


def test_a_deleted_group_takes_its_assignments_along_and_brings_them_back(graph: Graph) -> None:
    resource = graph.principal(graph.application(appRoles=[role()]))
    path = f"/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    made = graph.post(path, {"principalId": ON_CALL, "resourceId": resource["id"], "appRoleId": role()["id"]})
    graph.delete(f"/groups/{ON_CALL}")
    assert graph.ids(path) == []
    graph.get(f"{path}/{made['id']}", 404)
    graph.post(f"/directory/deletedItems/{ON_CALL}/restore", {}, 200)
    assert graph.ids(path) == [made["id"]]


def test_an_assignment_shows_the_current_names(graph: Graph) -> None:
    application = graph.application(appRoles=[role()])
    resource = graph.principal(application)
    path = f"/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    made = graph.post(path, {"principalId": ON_CALL, "resourceId": resource["id"], "appRoleId": role()["id"]})
    graph.patch(f"/groups/{ON_CALL}", {"displayName": "renamed group"})
    graph.patch(f"/applications/{application['id']}", {"displayName": "renamed application"})
    shown = graph.get(f"{path}/{made['id']}")
    names = (shown["principalDisplayName"], shown["resourceDisplayName"])
    assert names == ("renamed group", "renamed application")


def test_a_persons_consent_goes_with_the_person(graph: Graph) -> None:
    client = graph.principal(graph.application())
    (resource,) = graph.ids("/servicePrincipals", filter=f"appId eq '{GRAPH_APP_ID}'")
    body = {"clientId": client["id"], "resourceId": resource, "consentType": "Principal", "principalId": ADA}
    made = graph.post("/oauth2PermissionGrants", body | {"scope": "openid"})
    graph.delete(f"/users/{ADA}")
    assert graph.ids("/oauth2PermissionGrants") == []
    graph.post(f"/directory/deletedItems/{ADA}/restore", {}, 200)
    assert graph.ids("/oauth2PermissionGrants") == [made["id"]]
    graph.delete(f"/users/{ADA}")
    graph.delete(f"/directory/deletedItems/{ADA}")
    with graph.tenant.world.store.transaction(write=False) as store:
        assert store.of(TENANT).count("oauth2PermissionGrant") == 0


def test_grants(graph: Graph) -> None:
    client = graph.principal(graph.application())
    (resource,) = graph.ids("/servicePrincipals", filter=f"appId eq '{GRAPH_APP_ID}'")
    body = {"clientId": client["id"], "resourceId": resource, "consentType": "AllPrincipals", "scope": "openid email"}
    made = graph.post("/oauth2PermissionGrants", body)
    assert "already exists" in graph.refused("POST", "/oauth2PermissionGrants", 409, body)
    graph.post("/oauth2PermissionGrants", body | {"consentType": "Principal", "principalId": ADA})
    graph.patch(f"/oauth2PermissionGrants/{made['id']}", {"scope": "openid"})
    assert graph.get(f"/oauth2PermissionGrants/{made['id']}")["scope"] == "openid"
    assert len(graph.ids(f"/servicePrincipals/{client['id']}/oauth2PermissionGrants")) == 2
    assert graph.ids("/oauth2PermissionGrants", filter=f"clientId eq '{client['id']}' and consentType eq 'Principal'")
    graph.delete(f"/oauth2PermissionGrants/{made['id']}")
    graph.get(f"/oauth2PermissionGrants/{made['id']}", 404)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"clientId": UNKNOWN}, 404),
        ({"resourceId": UNKNOWN}, 404),
        ({"consentType": "Principal"}, 400),
        ({"consentType": "Everybody"}, 400),
        ({"principalId": ADA}, 400),
    ],
)
def test_grants_that_are_refused(graph: Graph, change: Any, status: int) -> None:
    (resource,) = graph.ids("/servicePrincipals", filter=f"appId eq '{GRAPH_APP_ID}'")
    body = {"clientId": ADMIN["servicePrincipalId"], "resourceId": resource, "consentType": "AllPrincipals"}
    graph.refused("POST", "/oauth2PermissionGrants", status, body | change)


def test_deleting_the_application_deletes_its_service_principal(graph: Graph) -> None:
    application = graph.application()
    principal = graph.principal(application)
    graph.delete(f"/applications/{application['id']}")
    graph.get(f"/servicePrincipals/{principal['id']}", 404)
    graph.post(f"/directory/deletedItems/{application['id']}/restore", {}, 200)
    # Restoring the application does not bring its service principal back.
    graph.get(f"/servicePrincipals/{principal['id']}", 404)
    graph.post(f"/directory/deletedItems/{principal['id']}/restore", {}, 200)
    graph.get(f"/servicePrincipals/{principal['id']}")


def test_an_application_is_found_by_its_client_id(graph: Graph) -> None:
    application = graph.application(appRoles=[role()], groupMembershipClaims="SecurityGroup")
    principal = graph.principal(application)
    graph.post(
        f"/servicePrincipals/{principal['id']}/appRoleAssignedTo",
        {"principalId": ADA, "resourceId": principal["id"], "appRoleId": role()["id"]},
    )
    key = f"(appId='{application['appId']}')"
    assert graph.get(f"/applications{key}", 200, select="groupMembershipClaims")["groupMembershipClaims"] == (
        "SecurityGroup"
    )
    assert graph.get(f"/servicePrincipals{key}")["id"] == principal["id"]
    (assigned,) = graph.get(f"/servicePrincipals{key}/appRoleAssignedTo", 200, top="999")["value"]
    assert (assigned["principalId"], assigned["principalType"]) == (ADA, "User")
    for path in ("/applications", "/servicePrincipals"):
        assert UNKNOWN in graph.refused("GET", f"{path}(appId='{UNKNOWN}')", 404)
    nobody = Graph(graph.tenant, NOBODY)
    for path in (f"/servicePrincipals{key}/appRoleAssignedTo", f"/servicePrincipals{key}", f"/applications{key}"):
        nobody.refused("GET", path, 403)
