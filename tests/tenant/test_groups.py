"""Groups and users: names, dynamic rules, owners, members, managers."""

from typing import Any

import pytest

from tests.tenant.directory import ADA, ADMIN, GRACE, ON_CALL, UNKNOWN, Graph, reference
from tests.tenant.world import TENANT

GROUP = {"displayName": "viewers", "mailNickname": "viewers", "mailEnabled": False, "securityEnabled": True}
DYNAMIC = {"groupTypes": ["DynamicMembership"], "membershipRule": 'user.department -eq "Data"'}


def test_what_is_unset_comes_back_as_an_explicit_null(graph: Graph) -> None:
    made = graph.group("viewers")
    shown = graph.get(f"/groups/{made['id']}")
    for name in ("description", "membershipRule", "visibility", "mail", "theme", "isAssignableToRole"):
        assert shown[name] is None
    assert shown["securityIdentifier"].startswith("S-1-12-1-")
    assert graph.ids(f"/groups/{made['id']}/owners") == [ADMIN["servicePrincipalId"]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mailNickname": None}, "'mailNickname'"),
        ({"mailNickname": "with space"}, "'mailNickname'"),
        ({"mailNickname": "ümlaut"}, "'mailNickname'"),
        ({"mailNickname": "a@b"}, "'mailNickname'"),
        ({"mailNickname": "n" * 65}, "'mailNickname'"),
        ({"mailNickname": "ON-CALL"}, "mailNickname already exists"),
        ({"displayName": ""}, "'displayName'"),
        ({"displayName": "n" * 257}, "'displayName'"),
        ({"mailEnabled": None}, "'mailEnabled'"),
        ({"securityEnabled": False}, "must be mail-enabled or security-enabled"),
        ({"mailEnabled": True}, "mail-enabled groups"),
        ({"membershipRule": 'user.department -eq "Data"'}, "'membershipRule'"),
        ({"groupTypes": ["DynamicMembership"]}, "'membershipRule'"),
        (DYNAMIC | {"membershipRule": "everybody"}, "'membershipRule'"),
        (DYNAMIC | {"isAssignableToRole": True}, "without a dynamic rule"),
        (DYNAMIC | {"members@odata.bind": [reference(ADA)["@odata.id"]]}, "dynamic group"),
        ({"owners@odata.bind": [reference(ADA)["@odata.id"]] * 2}, "duplicate values"),
        ({"owners@odata.bind": [reference(UNKNOWN)["@odata.id"]]}, "does not exist"),
        ({"nonsense": True}, "Invalid property 'nonsense'"),
    ],
)
def test_refused(graph: Graph, change: Any, says: str) -> None:
    assert says in graph.refused("POST", "/groups", 400, GROUP | change)
    assert graph.ids("/groups", filter="displayName eq 'viewers'") == []


def test_display_names_may_be_shared(graph: Graph) -> None:
    graph.post("/groups", GROUP)
    graph.post("/groups", GROUP | {"mailNickname": "viewers-2"})
    assert len(graph.ids("/groups", filter="displayName eq 'Viewers'")) == 2


def test_a_patch_changes_what_it_names(graph: Graph) -> None:
    path = f"/groups/{graph.group('viewers', description='before')['id']}"
    graph.patch(path, {"displayName": "renamed"})
    assert graph.get(path)["description"] == "before"
    graph.patch(path, {"description": None})
    assert graph.get(path)["description"] is None
    assert "mailNickname already exists" in graph.refused("PATCH", path, 400, {"mailNickname": "on-call"})
    assert "cannot be changed" in graph.refused("PATCH", path, 400, {"isAssignableToRole": True})
    graph.patch(f"/groups/{UNKNOWN}", {"displayName": "x"}, 404)


def test_members_come_and_go(graph: Graph) -> None:
    members = f"/groups/{graph.group('viewers')['id']}/members"
    graph.add(members, ADA)
    graph.add(members, ON_CALL)
    assert "already exist" in graph.refused("POST", f"{members}/$ref", 400, reference(ADA))
    kinds = {item["id"]: item["@odata.type"] for item in graph.get(members)["value"]}
    assert kinds == {ADA: "#microsoft.graph.user", ON_CALL: "#microsoft.graph.group"}
    assert graph.ids(members, filter=f"id eq '{ADA}'") == [ADA]
    assert graph.ids(members, filter=f"id eq '{GRACE}'") == []
    graph.delete(f"{members}/{ADA}/$ref")
    graph.delete(f"{members}/{ADA}/$ref", 404)
    graph.post(f"{members}/$ref", reference(UNKNOWN), 404)


def test_a_patch_may_bind_members(graph: Graph) -> None:
    path = f"/groups/{graph.group('ops')['id']}"
    graph.patch(path, {"description": "on call", "members@odata.bind": [reference(ADA)["@odata.id"]]})
    assert graph.ids(f"{path}/members") == [ADA]
    bound = {"description": "nobody", "members@odata.bind": [reference(UNKNOWN)["@odata.id"]]}
    graph.refused("PATCH", path, 404, bound)
    assert graph.get(path)["description"] == "on call"
    many = [reference(f"{number:08d}-0000-4000-8000-000000000000")["@odata.id"] for number in range(21)]
    assert "20 references" in graph.refused("PATCH", path, 400, {"members@odata.bind": many})


def test_a_reference_that_is_not_served_is_refused(graph: Graph) -> None:
    grace = reference(GRACE)["@odata.id"]
    for path, name, bound in (
        (f"/groups/{ON_CALL}", "owners@odata.bind", [grace]),
        (f"/users/{ADA}", "manager@odata.bind", grace),
    ):
        assert name in graph.refused("PATCH", path, 400, {name: bound})


def test_membership_is_transitive_even_in_circles(graph: Graph) -> None:
    outer, inner = graph.group("outer")["id"], graph.group("inner")["id"]
    graph.add(f"/groups/{outer}/members", inner)
    graph.add(f"/groups/{inner}/members", outer)
    graph.add(f"/groups/{inner}/members", ADA)
    assert set(graph.ids(f"/groups/{outer}/transitiveMembers")) == {inner, ADA}
    assert set(graph.ids(f"/users/{ADA}/transitiveMemberOf")) == {inner, outer, ON_CALL}
    assert set(graph.ids(f"/users/{ADA}/memberOf")) == {inner, ON_CALL}
    asked = graph.post(f"/users/{ADA}/getMemberObjects", {"securityEnabledOnly": True}, 200)
    assert set(asked["value"]) == {inner, outer, ON_CALL}


def test_a_dynamic_group_takes_no_members(graph: Graph) -> None:
    made = graph.group("dynamic", **DYNAMIC)
    assert made["membershipRuleProcessingState"] == "On"
    assert "rule" in graph.refused("POST", f"/groups/{made['id']}/members/$ref", 400, reference(ADA))


def test_the_last_owner_stays(graph: Graph) -> None:
    owners = f"/groups/{graph.group('viewers')['id']}/owners"
    assert "at least one owner" in graph.refused("DELETE", f"{owners}/{ADMIN['servicePrincipalId']}/$ref", 400)
    graph.add(owners, ADA)
    graph.delete(f"{owners}/{ADMIN['servicePrincipalId']}/$ref")
    assert graph.ids(owners) == [ADA]
    graph.post(f"{owners}/$ref", reference(ON_CALL), 404)


def test_a_hundred_owners_and_no_more(graph: Graph) -> None:
    people = [
        {"id": f"99990000-0000-4000-8000-{n:012d}", "userPrincipalName": f"u{n}@contoso.example"} for n in range(100)
    ]
    graph.tenant.seed({"users": [person | {"tenantId": TENANT} for person in people]})
    owners = f"/groups/{graph.group('viewers')['id']}/owners"
    for person in people[:99]:
        graph.add(owners, person["id"])
    assert "limit of 100 owners" in graph.refused("POST", f"{owners}/$ref", 400, reference(people[99]["id"]))


def test_a_deleted_group_is_soft_deleted_unless_the_tenant_says_otherwise(graph: Graph) -> None:
    kept, gone = graph.group("kept")["id"], graph.group("gone")["id"]
    graph.delete(f"/groups/{kept}")
    graph.get(f"/groups/{kept}", 404)
    graph.delete(f"/groups/{kept}", 404)
    assert graph.ids("/directory/deletedItems/microsoft.graph.group") == [kept]
    graph.tenant.seed({"tenants": [{"id": TENANT, "softDeleteSecurityGroups": False}]})
    graph.delete(f"/groups/{gone}")
    assert graph.ids("/directory/deletedItems/microsoft.graph.group") == [kept]


# users

USER = {
    "accountEnabled": True,
    "displayName": "Katherine Johnson",
    "mailNickname": "katherine",
    "userPrincipalName": "katherine@contoso.example",
    "passwordProfile": {"password": "not-kept-anywhere", "forceChangePasswordNextSignIn": False},
}


def test_a_user_shows_the_default_properties_unless_others_are_selected(graph: Graph) -> None:
    path = f"/users/{graph.post('/users', USER | {'department': 'Data'})['id']}"
    assert "department" not in graph.get(path)
    assert graph.get(path, 200, select="department,accountEnabled,userType") == {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
        "accountEnabled": True,
        "userType": "Member",
        "department": "Data",
    }
    assert graph.get("/users/katherine@contoso.example")["displayName"] == "Katherine Johnson"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"passwordProfile": None}, "passwordProfile"),
        ({"userPrincipalName": "katherine@elsewhere.example"}, "domain portion"),
        ({"userPrincipalName": "katherine"}, "userPrincipalName"),
        ({"userPrincipalName": "grace@contoso.example"}, "already exists"),
        ({"accountEnabled": None}, "accountEnabled"),
        ({"displayName": ""}, "displayName"),
        ({"nonsense": 1}, "Invalid property"),
    ],
)
def test_users_that_are_refused(graph: Graph, change: Any, says: str) -> None:
    assert says in graph.refused("POST", "/users", 400, USER | change)


def test_managers(graph: Graph) -> None:
    graph.get(f"/users/{ADA}/manager", 404)
    graph.put(f"/users/{ADA}/manager/$ref", reference(GRACE))
    assert graph.get(f"/users/{ADA}/manager")["id"] == GRACE
    graph.delete(f"/users/{ADA}/manager/$ref")
    graph.get(f"/users/{ADA}/manager", 404)
    graph.put(f"/users/{ADA}/manager/$ref", reference(UNKNOWN), 404)


def test_users_change_and_leave(graph: Graph) -> None:
    graph.patch(f"/users/{ADA}", {"department": "Finance", "accountEnabled": False})
    assert graph.get(f"/users/{ADA}", 200, select="department")["department"] == "Finance"
    graph.delete(f"/users/{ADA}")
    graph.get(f"/users/{ADA}", 404)
    assert graph.ids(f"/groups/{ON_CALL}/members") == []
    graph.post(f"/directory/deletedItems/{ADA}/restore", {}, 200)
    assert graph.ids(f"/groups/{ON_CALL}/members") == [ADA]


def test_the_smallest_permission_reads_groups_and_owners_and_nothing_deleted(graph: Graph) -> None:
    made = graph.group("viewers")
    gone = graph.group("gone")
    graph.tenant.graph("DELETE", f"/groups/{gone['id']}")
    reader = graph.tenant.application("reader", permissions=["GroupMember.Read.All"], tenantId=TENANT)
    for path, status in (
        ("/groups", 200),
        (f"/groups/{made['id']}", 200),
        (f"/groups/{made['id']}/owners", 200),
        (f"/directory/deletedItems/{gone['id']}", 403),
    ):
        assert graph.tenant.graph("GET", path, application=reader).status == status
    refused = graph.tenant.graph("PATCH", f"/groups/{made['id']}", {"description": "x"}, application=reader)
    assert refused.status == 403
