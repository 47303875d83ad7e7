from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra_auth.graph import Graph, GraphError


def tenant(answer: Callable[[httpx.Request], httpx.Response]) -> LiveTenant:
    def connect(base: str) -> Graph:
        return Graph(lambda: "t", base=base, client=httpx.Client(transport=httpx.MockTransport(answer)))

    return LiveTenant(
        lambda: connect("https://graph.microsoft.com/v1.0"), lambda: connect("https://management.azure.com")
    )


def answering(status: int, body: Any) -> LiveTenant:
    return tenant(lambda request: httpx.Response(status, json=body))


def error(status: int) -> LiveTenant:
    return answering(status, {"error": {"code": "Code", "message": "Message"}})


QUESTIONS: list[Callable[[LiveTenant], Any]] = [
    lambda it: it.missing_groups(["a"]),
    lambda it: it.service_principals(["a"]),
    lambda it: it.vault_is_soft_deleted("s", "West Europe", "kv"),
    lambda it: it.app_role_assignments("sp"),
    lambda it: it.consented_scopes("sp"),
    lambda it: it.app_permissions("sp"),
    lambda it: it.asked_for_itself("airflow-entra:prod"),
    lambda it: it.token_lifetime_policies("app"),
    lambda it: it.conditional_access_policies("client"),
    lambda it: it.role_assignment_exists("/scope", "name"),
]


@pytest.mark.parametrize("ask", QUESTIONS)
def test_a_missing_permission_is_an_answer_that_says_what_was_not_checked(ask: Callable[[LiveTenant], Any]) -> None:
    answer = ask(error(403))
    assert isinstance(answer, Denied)
    assert str(answer).startswith("could not check ")


@pytest.mark.parametrize("ask", QUESTIONS)
def test_any_other_refusal_is_an_error(ask: Callable[[LiveTenant], Any]) -> None:
    with pytest.raises(GraphError):
        ask(error(400))


def test_groups_that_are_not_there_are_named() -> None:
    assert answering(200, {"value": [{"id": "a"}]}).missing_groups(["a", "b"]) == frozenset({"b"})


def test_whoever_is_no_service_principal_is_left_out() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1.0/servicePrincipals/robot":
            return httpx.Response(200, json={"id": "robot"})
        return httpx.Response(404, json={"error": {"code": "Request_ResourceNotFound", "message": "no"}})

    assert tenant(answer).service_principals(["robot", "ada"]) == frozenset({"robot"})


def test_no_groups_are_no_question() -> None:
    assert error(500).missing_groups([]) == frozenset()


@pytest.mark.parametrize(("status", "deleted"), [(200, True), (404, False)])
def test_a_soft_deleted_vault_is_found_at_its_location(status: int, deleted: bool) -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(status, json={})

    assert tenant(answer).vault_is_soft_deleted("sub", "West Europe", "kv") is deleted
    (url,) = asked
    assert url.path == "/subscriptions/sub/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv"
    assert url.params["api-version"] == "2023-07-01"


def test_what_this_run_made_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_entra.directory.replication._PAUSES", (0.0,))
    asked: list[str] = []
    said: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) < 4:
            message = "Resource 'sp' does not exist or one of its queried reference-property objects are not present."
            return httpx.Response(404, json={"error": {"code": "Request_ResourceNotFound", "message": message}})
        return httpx.Response(200, json={"value": []})

    live = tenant(answer)
    with pytest.raises(GraphError):
        live.app_role_assignments("sp")
    live.just_made(["sp"], said.append)
    assert live.app_role_assignments("sp") == frozenset()
    assert asked[2] == "/v1.0/directory/deletedItems/sp"
    assert "Entra doesn't show sp" in said[0]


@pytest.mark.parametrize(
    ("kind", "principal_type"),
    [("user", "User"), ("group", "Group"), ("servicePrincipal", "ServicePrincipal"), ("device", None)],
)
def test_a_principal_s_kind_in_azure_s_words(kind: str, principal_type: str | None) -> None:
    assert answering(200, {"@odata.type": f"#microsoft.graph.{kind}", "id": "x"}).principal_type("x") == principal_type
    assert error(404).principal_type("x") is None
    assert isinstance(error(403).principal_type("x"), Denied)


def test_scopes_of_all_grants_count() -> None:
    grants = {"value": [{"scope": "openid profile"}, {"scope": " email"}, {"scope": None}]}
    assert answering(200, grants).consented_scopes("sp") == frozenset({"openid", "profile", "email"})


def test_a_manifest_asks_for_application_permissions_as_roles() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        wanted = [{"id": "scope", "type": "Scope"}, {"id": "role", "type": "Role"}]
        found = [{"requiredResourceAccess": [{"resourceAppId": "graph", "resourceAccess": wanted}]}, {}]
        return httpx.Response(200, json={"value": found})

    assert tenant(answer).asked_for_itself("airflow-entra:prod") == frozenset({"role"})
    assert asked[0].params["$filter"] == "tags/any(t:t eq 'airflow-entra:prod')"


def test_assignments_are_pairs_of_principal_and_role() -> None:
    item = {"principalId": "p", "appRoleId": "r", "resourceId": "x"}
    assert answering(200, {"value": [item]}).app_role_assignments("sp") == frozenset({("p", "r")})


def test_conditional_access_counts_where_it_names_the_application_or_all() -> None:
    def policy(*applications: str) -> dict[str, Any]:
        return {"id": "-".join(applications), "conditions": {"applications": {"includeApplications": [*applications]}}}

    found = answering(200, {"value": [policy("client"), policy("All"), policy("other"), {"id": "odd"}]})
    policies = found.conditional_access_policies("client")
    assert not isinstance(policies, Denied)
    assert [one["id"] for one in policies] == ["client", "All"]


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, False)])
def test_a_role_assignment_is_there_or_not(status: int, there: bool) -> None:
    assert answering(status, {}).role_assignment_exists("/scope", "name") is there
