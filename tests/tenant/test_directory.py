"""What all of Graph shares: permissions, ownership, lists and pages, batches, deleted items, errors."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from entra_local.graph.service import GRAPH as SERVICE
from entra_local.graph.urls import ROUTES
from entra_local.wire import JsonObject
from tests.tenant.directory import ADA, ADMIN, GRACE, NOBODY, ON_CALL, OWNED_BY, STRANGER, UNKNOWN, Graph, reference
from tests.tenant.world import GRAPH, TENANT

# who may do what


def test_no_route_is_open_to_an_application_without_permissions(graph: Graph) -> None:
    nobody = Graph(graph.tenant, NOBODY)
    for route in ROUTES:
        assert route.needs
        path = route.template.replace("{kind}", "group").replace("{", "").replace("}", "")
        says = nobody.refused(route.method, path, 403, {})
        assert says == "Insufficient privileges to complete the operation."


def test_owned_by_reads_all_and_writes_its_own(graph: Graph) -> None:
    theirs = graph.application("Theirs")
    owner = Graph(graph.tenant, OWNED_BY)
    assert owner.get(f"/applications/{theirs['id']}")["displayName"] == "Theirs"
    assert theirs["id"] in owner.ids("/applications")
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/addPassword"), ("POST", "/owners/$ref")):
        owner.refused(method, f"/applications/{theirs['id']}{path}", 403, {})
    own = owner.application("Own")
    assert owner.ids(f"/applications/{own['id']}/owners") == [OWNED_BY["servicePrincipalId"]]
    owner.patch(f"/applications/{own['id']}", {"displayName": "Renamed"})
    owner.post(f"/applications/{own['id']}/addPassword", {"passwordCredential": {}}, 200)
    principal = owner.principal(own)
    owner.patch(f"/servicePrincipals/{principal['id']}", {"notes": "mine"})
    says = owner.refused("POST", "/servicePrincipals", 403, {"appId": theirs["appId"]})
    assert "backing application" in says
    owner.patch(f"/applications/{UNKNOWN}", {}, 404)
    owner.delete(f"/applications/{own['id']}")
    owner.delete(f"/directory/deletedItems/{own['id']}")


def test_owned_by_grants_nothing(graph: Graph) -> None:
    owner = Graph(graph.tenant, OWNED_BY)
    own = owner.principal(owner.application())
    body = {"principalId": ADA, "resourceId": own["id"], "appRoleId": "00000000-0000-0000-0000-000000000000"}
    owner.refused("POST", f"/servicePrincipals/{own['id']}/appRoleAssignedTo", 403, body)
    owner.refused("POST", "/groups", 403, {})
    owner.refused("POST", "/oauth2PermissionGrants", 403, {})
    owner.refused("POST", "/policies/tokenLifetimePolicies", 403, {})


def test_deleted_items_take_the_permission_of_their_kind(graph: Graph) -> None:
    group, application = graph.group("gone")["id"], graph.application()["id"]
    graph.delete(f"/groups/{group}")
    graph.delete(f"/applications/{application}")
    owner = Graph(graph.tenant, OWNED_BY)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
        owner.refused(method, f"/directory/deletedItems/{group}{path}", 403, {})
    owner.refused("GET", "/directory/deletedItems/microsoft.graph.group", 403)
    # Reads see every application, writes only the own ones.
    assert owner.ids("/directory/deletedItems/microsoft.graph.application") == [application]
    owner.refused("DELETE", f"/directory/deletedItems/{application}", 403)


def test_two_tenants_see_nothing_of_each_other(graph: Graph) -> None:
    stranger = Graph(graph.tenant, STRANGER)
    assert stranger.get("/organization")["value"][0]["displayName"] == "Fabrikam"
    assert stranger.get("/domains")["value"][0]["id"] == "fabrikam.example"
    stranger.get(f"/groups/{ON_CALL}", 404)
    assert stranger.ids("/users") == []
    stranger.application("Theirs")
    assert graph.ids("/applications", filter="displayName eq 'Theirs'") == []
    # Unique within a tenant, not across tenants.
    stranger.group("on-call")


def test_a_token_outlives_neither_its_principal_nor_its_enabling(graph: Graph) -> None:
    owner = Graph(graph.tenant, OWNED_BY)
    path = f"/servicePrincipals/{OWNED_BY['servicePrincipalId']}"
    graph.patch(path, {"accountEnabled": False})
    owner.refused("GET", "/applications", 401)
    graph.patch(path, {"accountEnabled": True})
    owner.get("/applications")
    graph.delete(path)
    assert "could not be established" in owner.refused("GET", "/applications", 401)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_no_token_or_a_wrong_one(graph: Graph, token: str) -> None:
    reply = graph.tenant.send("GET", f"{GRAPH}/v1.0/users", token=token)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer ")
    assert isinstance(reply.body, dict)
    assert reply.body["error"]["code"] == "InvalidAuthenticationToken"


def test_a_token_for_another_service_is_refused(graph: Graph) -> None:
    token = graph.tenant.token("https://vault.azure.net")
    assert graph.tenant.send("GET", f"{GRAPH}/v1.0/users", token=token).status == 401


# errors


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nonsense", 501),
        ("PUT", "/users", 405),
        ("GET", "/servicePrincipals/x/nonsense", 501),
        ("GET", "/groups/$count", 501),
    ],
)
def test_what_is_not_served_is_not_retried(graph: Graph, method: str, path: str, status: int) -> None:
    graph.refused(method, path, status)


def test_an_error_names_its_request(graph: Graph) -> None:
    error = graph.get(f"/groups/{UNKNOWN}", 404)["error"]
    assert error["code"] == "Request_ResourceNotFound"
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}


@pytest.mark.parametrize("path", ["/users", f"/users/{UNKNOWN}", "/nonsense"])
def test_every_answer_names_its_request(graph: Graph, path: str) -> None:
    reply = graph.tenant.send("GET", f"{GRAPH}/v1.0{path}", token=graph.token, headers={"client-request-id": "mine"})
    assert reply.headers["request-id"] != reply.headers["client-request-id"] == "mine"
    if reply.status >= 400:
        assert isinstance(reply.body, dict)
        assert reply.body["error"]["innerError"]["request-id"] == reply.headers["request-id"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object(graph: Graph, body: bytes) -> None:
    token = graph.tenant.token(GRAPH)
    reply = graph.tenant.send("POST", f"{GRAPH}/v1.0/applications", body, token)
    assert reply.status == 400


def test_a_refused_request_leaves_no_trace(graph: Graph) -> None:
    bound = {"owners@odata.bind": [reference(ADA)["@odata.id"], reference(UNKNOWN)["@odata.id"]]}
    body = {"displayName": "half", "mailNickname": "half", "mailEnabled": False, "securityEnabled": True}
    graph.refused("POST", "/groups", 400, body | bound)
    assert graph.ids("/groups", filter="displayName eq 'half'") == []
    graph.post("/groups", body)


# lists


def pages(graph: Graph, path: str) -> list[list[str]]:
    """The ids on each page of a list, by way of the absolute next links."""
    found = []
    link = f"{GRAPH}/v1.0{path}"
    while link:
        reply = graph.tenant.send("GET", link, token=graph.token)
        assert isinstance(reply.body, dict)
        found.append([item["id"] for item in reply.body["value"]])
        link = reply.body.get("@odata.nextLink", "")
    return found


def test_pages_hold_every_object_once(graph: Graph) -> None:
    made = [graph.group(f"g-{number}")["id"] for number in range(7)]
    listed = pages(graph, "/groups?$top=3")
    assert [len(page) for page in listed] == [3, 3, 2]
    assert [id_ for page in listed for id_ in page] == [ON_CALL, *made]
    filtered = pages(graph, "/groups?$top=2&$filter=startswith(displayName, 'g-')")
    assert [id_ for page in filtered for id_ in page] == made
    ordered = pages(graph, "/groups?$top=3&$orderby=displayName desc")
    assert [id_ for page in ordered for id_ in page] == [ON_CALL, *reversed(made)]


def test_pages_of_members(graph: Graph) -> None:
    members = f"/groups/{graph.group('big')['id']}/members"
    inner = [graph.group(f"g-{number}")["id"] for number in range(5)]
    for id_ in inner:
        graph.add(members, id_)
    assert pages(graph, f"{members}?$top=2") == [inner[:2], inner[2:4], inner[4:]]


def test_a_page_goes_on_where_it_was_while_objects_come_and_go(graph: Graph) -> None:
    made = [graph.group(f"g-{number}")["id"] for number in range(4)]
    first = graph.get("/groups", 200, top="3")
    graph.delete(f"/groups/{made[0]}")
    graph.group("late")
    query = dict(parse_qsl(urlsplit(first["@odata.nextLink"]).query))
    assert graph.ids("/groups", top=query["$top"], skiptoken=query["$skiptoken"])[:2] == made[2:4]


@pytest.mark.parametrize(
    "query",
    [
        {"top": "0"},
        {"top": "1000"},
        {"top": "x"},
        {"filter": "nonsense eq 1"},
        {"filter": "displayName eq"},
        {"filter": "displayName eq 'it''s' and"},
        {"filter": "displayName eq 'unescaped'quote'"},
        {"filter": "year(createdDateTime) eq 2026"},
        {"filter": "length(displayName) eq 1"},
        {"filter": "concat(displayName, 'x') eq 'x'"},
        {"filter": ""},
        {"select": "nonsense"},
        {"orderby": "nonsense"},
        {"orderby": "displayName sideways"},
        {"skiptoken": "!!"},
        {"expand": "members"},
        {"search": "x"},
    ],
)
def test_queries_that_are_refused(graph: Graph, query: Any) -> None:
    graph.get("/groups", 400, **query)


@pytest.mark.parametrize("path", [f"/users/{ADA}", f"/directoryObjects/{ADA}", "/domains"])
def test_what_an_option_asks_for_is_never_left_out_silently(graph: Graph, path: str) -> None:
    assert "$expand" in graph.refused("GET", f"{path}?$expand=manager", 400)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("displayName eq 'ada lovelace'", {ADA}),
        ("displayName eq 'Ada Lovelace' and department eq 'Data'", {ADA}),
        ("displayName eq 'Ada Lovelace' and department eq 'Finance'", set()),
        ("startsWith(displayName, 'GRACE')", {GRACE}),
        ("department eq 'Data' or displayName eq 'Grace Hopper'", {ADA, GRACE}),
        ("accountEnabled eq true", {ADA, GRACE}),
        ("accountEnabled eq false", set()),
        ("department eq null", {GRACE}),
        (f"id eq '{ADA}'", {ADA}),
        (f"id in ('{ADA}', '{GRACE}')", {ADA, GRACE}),
        ("userPrincipalName eq 'ADA@contoso.com'", {ADA}),
        ("displayName eq 'it''s'", set()),
    ],
)
def test_filters(graph: Graph, expression: str, found: set[str]) -> None:
    assert set(graph.ids("/users", filter=expression)) == found


def test_any_filters_by_an_element(graph: Graph) -> None:
    made = graph.application(tags=["airflow-entra", "airflow-entra:dev"])
    assert graph.ids("/applications", filter="tags/any(t:t eq 'airflow-entra:dev')") == [made["id"]]
    assert graph.ids("/applications", filter="tags/any(t:t eq 'airflow-entra:prod')") == []


def test_advanced_queries_need_the_header_and_the_count(graph: Graph) -> None:
    path = "/users?$filter=department ne 'Data'"
    assert "ConsistencyLevel" in graph.refused("GET", path, 400)
    eventual = {"consistencylevel": "eventual"}
    answer = graph.request("GET", f"{path}&$count=true&$top=1", 200, headers=eventual)
    assert [item["id"] for item in answer["value"]] == [GRACE]
    assert answer["@odata.count"] == 1


# directory objects and deleted items


@pytest.mark.parametrize(
    ("permission", "read"),
    [
        ("User.Read.All", {ADA}),
        ("GroupMember.Read.All", {ON_CALL}),
        ("Group.ReadWrite.All", {ON_CALL}),
        ("Application.Read.All", {ADMIN["servicePrincipalId"], ADMIN["id"]}),
        ("Directory.Read.All", {ADA, ON_CALL, ADMIN["servicePrincipalId"], ADMIN["id"]}),
    ],
)
def test_an_object_takes_the_permission_of_its_kind(graph: Graph, permission: str, read: set[str]) -> None:
    """As azuread finds out, which asks for each owner of a group: User.Read.All for people."""
    made = graph.tenant.application("reader", tenantId=TENANT, permissions=[permission])
    reader = Graph(graph.tenant, made | {"tenantId": TENANT})
    everything = [ADA, ON_CALL, ADMIN["servicePrincipalId"], ADMIN["id"]]
    for id_ in everything:
        reader.get(f"/directoryObjects/{id_}", 200 if id_ in read else 403)
    found = reader.post("/directoryObjects/getByIds", {"ids": everything}, 200)["value"]
    assert {item["id"] for item in found} == set(everything)
    assert {item["id"] for item in found if item.get("displayName")} == read, "of the others, type and id alone"
    assert all(item["@odata.type"] for item in found)


def test_directory_objects_have_their_type(graph: Graph) -> None:
    kinds = {ADA: "user", ON_CALL: "group", ADMIN["servicePrincipalId"]: "servicePrincipal", ADMIN["id"]: "application"}
    for id_, kind in kinds.items():
        assert graph.get(f"/directoryObjects/{id_}")["@odata.type"] == f"#microsoft.graph.{kind}"
    graph.get(f"/directoryObjects/{UNKNOWN}", 404)
    asked = graph.post("/directoryObjects/getByIds", {"ids": [ADA, UNKNOWN, ON_CALL], "types": ["user"]}, 200)
    assert [item["id"] for item in asked["value"]] == [ADA]


def test_a_thousand_ids_are_answered_at_once(graph: Graph) -> None:
    ids = [graph.group(f"group-{number}")["id"] for number in range(150)]
    asked = graph.post("/directoryObjects/getByIds?$select=id", {"ids": [*ids, ids[0]]}, 200)
    # A next page could only be asked for by GET, which an action does not have.
    assert "@odata.nextLink" not in asked
    assert asked["value"] == [{"@odata.type": "#microsoft.graph.group", "id": id_} for id_ in ids]
    assert "1000" in graph.refused("POST", "/directoryObjects/getByIds", 400, {"ids": [UNKNOWN] * 1001})


def test_deleted_items_are_listed_restored_and_purged(graph: Graph) -> None:
    application = graph.application()
    graph.post(f"/applications/{application['id']}/addPassword", {"passwordCredential": {}}, 200)
    path = f"/directory/deletedItems/{application['id']}"
    graph.get(path, 404)
    graph.delete(f"/applications/{application['id']}")
    assert graph.ids("/directory/deletedItems/microsoft.graph.application") == [application["id"]]
    deleted = graph.get(path)
    assert deleted["deletedDateTime"]
    assert deleted["@odata.type"] == "#microsoft.graph.application"
    graph.post(f"{path}/restore", {}, 200)
    assert graph.get(f"/applications/{application['id']}")["deletedDateTime"] is None
    graph.delete(f"/applications/{application['id']}")
    graph.delete(path)
    graph.get(path, 404)
    graph.post(f"{path}/restore", {}, 404)


def test_a_restore_does_not_take_a_name_away(graph: Graph) -> None:
    first = graph.group("viewers")["id"]
    graph.delete(f"/groups/{first}")
    graph.group("viewers")
    assert "mailNickname" in graph.refused("POST", f"/directory/deletedItems/{first}/restore", 400, {})


# batches


def test_a_batch_answers_each_request(graph: Graph) -> None:
    group = {"displayName": "b", "mailNickname": "b", "mailEnabled": False, "securityEnabled": True}
    requests = [
        {"id": "1", "method": "POST", "url": "/groups", "body": group},
        {"id": "2", "method": "GET", "url": "/groups?$filter=displayName eq 'b'", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": f"/users/{UNKNOWN}"},
        {"id": "4", "method": "DELETE", "url": f"/users/{ADA}", "dependsOn": ["3"]},
    ]
    answers = {item["id"]: item for item in graph.post("/$batch", {"requests": requests}, 200)["responses"]}
    assert [answers[str(number)]["status"] for number in (1, 2, 3, 4)] == [201, 200, 404, 424]
    assert len(answers["2"]["body"]["value"]) == 1
    graph.get(f"/users/{ADA}")


def request_to(number: int) -> JsonObject:
    return {"id": str(number), "method": "GET", "url": "/users"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": []},
        {"requests": [request_to(number) for number in range(21)]},
        {"requests": [request_to(1), request_to(1)]},
        {"requests": [{"id": "1"}]},
        {"requests": [request_to(1) | {"dependsOn": ["7"]}]},
        {"requests": ["text"]},
    ],
)
def test_batches_that_are_refused(graph: Graph, body: Any) -> None:
    graph.refused("POST", "/$batch", 400, body)


def test_a_batch_gives_nobody_more_rights(graph: Graph) -> None:
    nobody = Graph(graph.tenant, NOBODY)
    admins = {"authorization": f"Bearer {graph.token}"}
    answers = nobody.post("/$batch", {"requests": [request_to(1) | {"headers": admins}]}, 200)
    assert answers["responses"][0]["status"] == 403


def test_the_table_has_no_route_twice() -> None:
    listed = [(route.method, route.template) for route in SERVICE.table.routes]
    assert len(set(listed)) == len(listed)
