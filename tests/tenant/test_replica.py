"""Objects that the directory doesn't show yet: to nobody when they are new, to others when they changed."""

from __future__ import annotations

from typing import Any

import pytest

from entra_local import clock
from entra_local.faults import SETTING, Plan
from tests.tenant import directory
from tests.tenant.directory import ADA, ADMIN, ON_CALL, Graph, reference
from tests.tenant.world import TENANT, Tenant

GROUP = {"mailEnabled": False, "securityEnabled": True, "displayName": "new", "mailNickname": "new"}
LIFETIME = {
    "displayName": "new",
    "definition": ['{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"8:00:00"}}'],
}
NO_ROLE = "00000000-0000-0000-0000-000000000000"


def unseen(tenant: Tenant, seconds: float) -> None:
    with tenant.world.store.transaction():
        tenant.world.store.set(SETTING, Plan(unseen=seconds).written())


def later(tenant: Tenant, seconds: int) -> None:
    with tenant.world.store.transaction():
        tenant.world.store.set(clock.SETTING, str(tenant.world.store.clock_ahead() + seconds))


@pytest.fixture
def late(graph: Graph) -> Graph:
    """A directory whose copies are a minute behind."""
    unseen(graph.tenant, 60)
    return graph


def missing(id_: str) -> str:
    return f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present."


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("collection", "body"),
    [("groups", GROUP), ("applications", {"displayName": "new"}), ("policies/tokenLifetimePolicies", LIFETIME)],
)
def test_a_new_object_is_not_there(late: Graph, collection: str, body: Any, method: str) -> None:
    id_ = late.post(f"/{collection}", body)["id"]
    path, sent = f"/{collection}/{id_}", dict[str, Any]() if method == "PATCH" else None
    error = late.request(method, path, 404, sent)["error"]
    assert (error["code"], error["message"]) == ("Request_ResourceNotFound", missing(id_))
    assert id_ not in late.ids(f"/{collection}")
    later(late.tenant, 50)
    late.request(method, path, 404, sent)
    later(late.tenant, 11)
    late.request(method, path, 200 if method == "GET" else 204, sent)


def test_a_new_object_can_t_be_referred_to(late: Graph) -> None:
    application = late.application("new")
    policy, group = late.post("/policies/tokenLifetimePolicies", LIFETIME)["id"], late.group("new")["id"]
    principal = ADMIN["servicePrincipalId"]
    refused = {
        f"/applications/{ADMIN['id']}/tokenLifetimePolicies/$ref": (policy, reference(policy)),
        f"/groups/{ON_CALL}/members/$ref": (group, reference(group)),
        f"/servicePrincipals/{principal}/appRoleAssignedTo": (
            group,
            {"principalId": group, "resourceId": principal, "appRoleId": NO_ROLE},
        ),
    }
    for path, (id_, body) in refused.items():
        assert late.refused("POST", path, 400, body) == missing(id_)
    no_application = late.refused("POST", "/servicePrincipals", 400, {"appId": application["appId"]})
    assert "does not reference a valid application object" in no_application
    later(late.tenant, 61)
    for path, (_, body) in refused.items():
        late.post(path, body, 201 if path.endswith("appRoleAssignedTo") else 204)
    late.principal(application)


def test_a_change_is_seen_by_whoever_made_it_and_late_by_others(late: Graph) -> None:
    other = Graph(late.tenant, late.tenant.application("other", tenantId=TENANT, permissions=directory.ALL_PERMISSIONS))
    late.patch(f"/users/{ADA}", {"jobTitle": "Pilot"})
    assert late.get(f"/users/{ADA}")["jobTitle"] == "Pilot"
    assert other.get(f"/users/{ADA}")["jobTitle"] is None
    other.patch(f"/users/{ADA}", {"officeLocation": "Loft"})
    later(late.tenant, 61)
    found = other.get(f"/users/{ADA}")
    assert (found["jobTitle"], found["officeLocation"]) == ("Pilot", "Loft"), "a write meets what is there"


def test_what_was_made_before_the_clock_was_set_back_is_there(late: Graph) -> None:
    later(late.tenant, 86_400)
    made = Graph(late.tenant).group("new")["id"]
    with late.tenant.world.store.transaction():
        late.tenant.world.store.set(clock.SETTING, None)
    assert late.get(f"/groups/{made}")["id"] == made


def test_what_was_seeded_is_there_and_without_the_fault_everything_is(graph: Graph) -> None:
    assert graph.get(f"/groups/{graph.group('new')['id']}")["displayName"] == "new"
    unseen(graph.tenant, 60)
    graph.tenant.seed(directory.SEED)
    assert graph.get(f"/users/{ADA}")["id"] == ADA


def test_the_count_is_of_what_is_shown(late: Graph) -> None:
    def count() -> int:
        headers = {"consistencylevel": "eventual"}
        return int(late.request("GET", "/groups?$count=true", 200, headers=headers)["@odata.count"])

    before = count()
    late.group("new")
    assert count() == before
