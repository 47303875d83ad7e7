"""Seeding once: what people have changed since is theirs."""

from uuid import uuid4

import pytest

from entra_local.seed import SeedError
from entra_local.wire import JsonObject
from tests.tenant.directory import Graph
from tests.tenant.world import TENANT

ADA, GRACE, GROUP = (str(uuid4()) for _ in range(3))


def proposal(*members: str) -> JsonObject:
    return {
        "users": [
            {"id": id_, "tenantId": TENANT, "userPrincipalName": f"{name}@contoso.example", "keep": True}
            for id_, name in ((ADA, "ada.l"), (GRACE, "grace.h"))
        ],
        "groups": [{"id": GROUP, "tenantId": TENANT, "displayName": "admins", "members": list(members), "keep": True}],
    }


def test_what_was_changed_since_stays(graph: Graph) -> None:
    graph.tenant.seed(proposal(ADA, GRACE))
    graph.patch(f"/users/{ADA}", {"accountEnabled": False})
    graph.patch(f"/groups/{GROUP}", {"displayName": "the admins"})
    graph.delete(f"/groups/{GROUP}/members/{GRACE}/$ref")
    graph.tenant.seed(proposal(ADA, GRACE))
    assert graph.get(f"/users/{ADA}?$select=accountEnabled")["accountEnabled"] is False
    assert graph.get(f"/groups/{GROUP}")["displayName"] == "the admins"
    assert graph.ids(f"/groups/{GROUP}/members") == [ADA]


def test_who_was_deleted_stays_deleted_and_is_no_mistake(graph: Graph) -> None:
    graph.tenant.seed(proposal())
    graph.delete(f"/users/{ADA}")
    graph.tenant.seed(proposal(ADA, GRACE))
    graph.refused("GET", f"/users/{ADA}", 404)
    assert graph.ids(f"/groups/{GROUP}/members") == [GRACE]


def test_without_it_a_seed_says_how_things_are(graph: Graph) -> None:
    user = {"id": ADA, "tenantId": TENANT, "userPrincipalName": "ada.l@contoso.example"}
    graph.tenant.seed({"users": [user | {"accountEnabled": False}]})
    graph.tenant.seed({"users": [user | {"accountEnabled": True}]})
    assert graph.get(f"/users/{ADA}?$select=accountEnabled")["accountEnabled"] is True
    with pytest.raises(SeedError, match="which does not exist"):
        graph.tenant.seed({"groups": [{"id": GROUP, "tenantId": TENANT, "members": [str(uuid4())]}]})
