"""The logs that the tenant writes itself: what is in an entry, who is named, who may read it and for how long."""

import json

import pytest

from entra_local import clock
from entra_local.wire import JsonObject
from tests.tenant.browser import APP, Browser, person
from tests.tenant.directory import ADA, ADMIN, GRACE, NOBODY, ON_CALL, Graph, role
from tests.tenant.portal import PORTAL, Portal
from tests.tenant.world import TENANT

READER = {
    "id": "66666666-6666-4666-8666-666666666669",
    "appId": "77777777-7777-4777-8777-777777777779",
    "servicePrincipalId": "88888888-8888-4888-8888-888888888889",
    "tenantId": TENANT,
    "displayName": "auditor",
    "secret": "the-secret-of-auditor",
    "permissions": ["AuditLog.Read.All", "User.Read.All"],
}
AUDITS = "/auditLogs/directoryAudits"


@pytest.fixture
def log(graph: Graph) -> Graph:
    """Graph as somebody who may read the logs."""
    graph.tenant.seed({"applications": [READER]})
    return Graph(graph.tenant, READER)


def newest(log: Graph, number: int = 1) -> list[JsonObject]:
    values: list[JsonObject] = log.get(AUDITS, top=str(number))["value"]
    return values


def activities(log: Graph, number: int) -> list[str]:
    """The activities of the latest entries, the latest first."""
    return [entry["activityDisplayName"] for entry in newest(log, number)]


def modified(entry: JsonObject, target: int = 0) -> dict[str, tuple[str | None, str | None]]:
    found = entry["targetResources"][target]["modifiedProperties"]
    return {item["displayName"]: (item["oldValue"], item["newValue"]) for item in found}


def test_a_member_is_added_and_removed(graph: Graph, log: Graph) -> None:
    graph.add(f"/groups/{ON_CALL}/members", GRACE)
    (entry,) = newest(log)
    assert (entry["activityDisplayName"], entry["category"]) == ("Add member to group", "GroupManagement")
    member, group = entry["targetResources"]
    assert (member["type"], member["id"], member["userPrincipalName"]) == ("User", GRACE, "grace@contoso.example")
    assert (group["type"], group["id"], group["displayName"]) == ("Group", ON_CALL, "platform-on-call")
    assert modified(entry)["Group.ObjectID"] == (None, json.dumps(ON_CALL))
    app = entry["initiatedBy"]["app"]
    assert (app["appId"], app["servicePrincipalId"], app["displayName"]) == (
        ADMIN["appId"],
        ADMIN["servicePrincipalId"],
        "admin",
    )
    assert entry["initiatedBy"]["user"] is None
    assert log.get(f"{AUDITS}/{entry['id']}")["correlationId"] == entry["correlationId"]
    graph.delete(f"/groups/{ON_CALL}/members/{GRACE}/$ref")
    (entry,) = newest(log)
    assert entry["activityDisplayName"] == "Remove member from group"
    assert modified(entry)["Group.ObjectID"] == (json.dumps(ON_CALL), None)


def test_what_happens_to_a_person(graph: Graph, log: Graph) -> None:
    graph.patch(f"/users/{ADA}", {"accountEnabled": False})
    assert activities(log, 2) == ["Update user", "Disable account"]
    assert modified(newest(log, 2)[1])["AccountEnabled"] == ("true", "false")
    graph.patch(f"/users/{ADA}", {"jobTitle": "Countess"})
    (entry,) = newest(log)
    assert modified(entry)["JobTitle"] == (None, '"Countess"')
    assert modified(entry)["Included Updated Properties"][1] == '"JobTitle"'
    graph.patch(f"/users/{ADA}", {"jobTitle": "Countess"})
    assert newest(log) == [entry]
    graph.patch(f"/users/{ADA}", {"passwordProfile": {"password": "a-new-password"}})
    assert activities(log, 2) == ["Update StsRefreshTokenValidFrom Timestamp", "Reset password"]
    assert "a-new-password" not in json.dumps(newest(log, 5))
    graph.delete(f"/users/{ADA}")
    graph.post(f"/directory/deletedItems/{ADA}/restore", {}, 200)
    graph.delete(f"/users/{ADA}")
    graph.delete(f"/directory/deletedItems/{ADA}")
    assert activities(log, 4) == ["Hard Delete user", "Delete user", "Restore user", "Delete user"]


def test_what_happens_to_an_application(graph: Graph, log: Graph) -> None:
    application = graph.application(appRoles=[role()])
    principal = graph.principal(application)["id"]
    expected = ["Add owner to service principal", "Add service principal", "Add owner to application"]
    assert activities(log, 4) == [*expected, "Add application"]
    path = f"/applications/{application['id']}"
    graph.patch(path, {"description": "signs people in"})
    assert activities(log, 1) == ["Update application"]
    added = graph.post(f"{path}/addPassword", {"passwordCredential": {"displayName": "one"}}, 200)
    (entry,) = newest(log)
    assert entry["activityDisplayName"] == "Update application – Certificates and secrets management "  # noqa: RUF001
    before, after = (json.loads(value or "[]") for value in modified(entry)["KeyDescription"])
    assert (before, len(after)) == ([], 1)
    assert added["keyId"] in after[0]
    assert added["secretText"] not in json.dumps(entry)
    assigned = graph.post(
        f"/servicePrincipals/{principal}/appRoleAssignedTo",
        {"principalId": ON_CALL, "resourceId": principal, "appRoleId": role()["id"]},
    )
    (entry,) = newest(log)
    assert entry["activityDisplayName"] == "Add app role assignment to group"
    assert modified(entry)["AppRole.Value"] == (None, '"Admin"')
    assert [target["id"] for target in entry["targetResources"]] == [principal, ON_CALL]
    graph.delete(f"/servicePrincipals/{principal}/appRoleAssignedTo/{assigned['id']}")
    assert activities(log, 1) == ["Remove app role assignment from group"]
    graph.post(
        f"/servicePrincipals/{principal}/appRoleAssignedTo",
        {"principalId": ADA, "resourceId": principal, "appRoleId": role()["id"]},
    )
    assert activities(log, 1) == ["Add app role assignment grant to user"]


def test_consent(graph: Graph, log: Graph) -> None:
    resource = graph.get("/servicePrincipals", filter="displayName eq 'Microsoft Graph'")["value"][0]["id"]
    client = graph.principal(graph.application())["id"]
    wanted = {"clientId": client, "resourceId": resource, "consentType": "AllPrincipals", "scope": "openid email"}
    made = graph.post("/oauth2PermissionGrants", wanted)
    (entry,) = newest(log)
    assert entry["activityDisplayName"] == "Add delegated permission grant"
    assert modified(entry)["DelegatedPermissionGrant.Scope"] == (None, '"openid email"')
    assert [target["id"] for target in entry["targetResources"]] == [resource, client]
    graph.delete(f"/oauth2PermissionGrants/{made['id']}")
    assert activities(log, 1) == ["Remove delegated permission grant"]


def test_what_is_refused_leaves_no_entry(graph: Graph, log: Graph) -> None:
    before = newest(log, 50)
    graph.refused("PATCH", f"/groups/{ON_CALL}", 400, {"displayName": ""})
    graph.refused("POST", f"/groups/{ON_CALL}/members/$ref", 400, {"@odata.id": f"x/{ADA}"})
    assert newest(log, 50) == before


def test_the_seed_and_the_portal_are_actors(graph: Graph, log: Graph) -> None:
    seeded = log.get(AUDITS, filter=f"targetResources/any(t: t/id eq '{ADA}')")["value"]
    assert {entry["activityDisplayName"] for entry in seeded} == {"Add user", "Add member to group"}
    assert {entry["initiatedBy"]["app"]["displayName"] for entry in seeded} == {"seed"}
    before = newest(log, 99)
    graph.tenant.seed({"users": [{"id": ADA, "tenantId": TENANT, "userPrincipalName": "ada@contoso.com"}]})
    assert newest(log, 99) == before
    page = f"{PORTAL}/people/{ADA}"
    Portal(graph).submit(page, f"{page}/enabled", enabled="no")
    for entry in newest(log, 2):
        assert entry["initiatedBy"]["user"]["userPrincipalName"] == "portal"
        assert entry["initiatedBy"]["app"] is None


def test_filters_and_pages(graph: Graph, log: Graph) -> None:
    for number in range(5):
        graph.patch(f"/users/{ADA}", {"jobTitle": f"{number}"})
    path, found = f"{AUDITS}?$filter=activityDisplayName eq 'Update user'&$top=2", []
    while path:
        page = log.get(path)
        assert len(page["value"]) <= 2
        found += [modified(entry)["JobTitle"][1] for entry in page["value"]]
        path = page.get("@odata.nextLink", "").partition("/v1.0")[2]
    assert found == [f'"{number}"' for number in (4, 3, 2, 1, 0)]
    past, future = (clock.stamp(clock.at(clock.seconds() + seconds)) for seconds in (-60, 60))
    assert len(log.get(AUDITS, filter=f"activityDateTime ge {past} and activityDateTime le {future}")["value"]) > 5
    assert log.get(AUDITS, filter=f"activityDateTime ge {future}")["value"] == []
    oldest_first = log.get(AUDITS, orderby="activityDateTime", top="3")["value"]
    assert oldest_first[0]["initiatedBy"]["app"]["displayName"] == "seed"


def test_who_may_read(graph: Graph, log: Graph) -> None:
    nobody = Graph(graph.tenant, NOBODY)
    for path in (AUDITS, "/auditLogs/signIns"):
        nobody.get(path, 403)
    graph.get("/users?$select=signInActivity", 403)
    log.get("/users?$select=signInActivity")


def test_kept_by_licence(graph: Graph, log: Graph) -> None:
    graph.patch(f"/users/{ADA}", {"jobTitle": "Countess"})
    for days, licence, kept in ((6, "none", True), (8, "none", False), (29, "P1", True), (31, "P1", False)):
        graph.tenant.seed({"tenants": [{"id": TENANT, "licence": licence}]})
        with graph.tenant.world.store.transaction():
            graph.tenant.world.store.set(clock.SETTING, str(days * 24 * 3600))
        later = Graph(graph.tenant, READER)
        assert bool(later.get(AUDITS)["value"]) is kept
        refused = later.request("GET", "/auditLogs/signIns", 403 if licence == "none" else 200)
        later.get("/users?$select=signInActivity", 403 if licence == "none" else 200)
        if licence == "none":
            assert refused["error"]["code"] == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


def test_sign_ins_and_when_somebody_was_here_last(graph: Graph, log: Graph) -> None:
    somebody = person(1, "Ada Lovelace")
    graph.tenant.seed({"users": [somebody], "applications": [APP]})
    shown = f"/users/{somebody['id']}?$select=id,signInActivity"
    assert log.get(shown)["signInActivity"] is None
    Browser(graph.tenant).tokens(somebody["userPrincipalName"])
    activity = log.get(shown)["signInActivity"]
    assert activity["lastSignInDateTime"] == activity["lastSuccessfulSignInDateTime"]
    (entry,) = log.get("/auditLogs/signIns", filter=f"appId eq '{APP['appId']}' and userId eq '{somebody['id']}'")[
        "value"
    ]
    assert (entry["id"], entry["createdDateTime"]) == (activity["lastSignInRequestId"], activity["lastSignInDateTime"])
    hour_ago = clock.stamp(clock.at(clock.seconds() - 3600))
    assert log.get("/auditLogs/signIns", filter=f"createdDateTime ge {hour_ago}", top="1")["value"]
    assert log.ids("/users", filter=f"signInActivity/lastSignInDateTime ge {hour_ago}") == [somebody["id"]]
    listed = log.get("/users", select="id,signInActivity")["value"]
    assert {item["id"]: bool(item["signInActivity"]) for item in listed}[somebody["id"]]
    assert "signInActivity" not in log.get("/users")["value"][0]
