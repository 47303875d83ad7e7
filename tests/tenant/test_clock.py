"""The tenant's clock: what it says, signs and expires follows it; the machine's time does not."""

from datetime import timedelta

import jwt
import pytest

from entra_local import clock
from tests.tenant.browser import APP, Browser, person
from tests.tenant.directory import ADMIN, Graph
from tests.tenant.world import GRAPH, Tenant, body_of, refusal

HOUR = 3600
PERSON = person(1, "Ada Lovelace")


def ahead(tenant: Tenant, seconds: int) -> None:
    with tenant.world.store.transaction():
        tenant.world.store.set(clock.SETTING, str(seconds) if seconds else None)


def test_a_token_is_good_as_long_as_the_tenants_clock_says(graph: Graph) -> None:
    old = graph.token
    ahead(graph.tenant, 2 * HOUR)
    reply = graph.tenant.send("GET", f"{GRAPH}/v1.0/users", token=old)
    assert refusal(reply)[:2] == (401, "InvalidAuthenticationToken")
    assert "expired" in refusal(reply)[2]
    later = Graph(graph.tenant)
    claims = jwt.decode(later.token, options={"verify_signature": False})
    assert claims["iat"] - clock.seconds() == pytest.approx(2 * HOUR, abs=30)
    assert later.get("/users")["value"]
    ahead(graph.tenant, 0)
    graph.get("/users")
    later.get("/users")


def test_times_of_objects_and_errors_follow(graph: Graph) -> None:
    ahead(graph.tenant, 48 * HOUR)
    later = Graph(graph.tenant)
    made = clock.parse(later.group("later")["createdDateTime"])
    refused = later.request("GET", "/users?$top=0", 400)["error"]["innerError"]["date"]
    for moment in (made, clock.parse(refused)):
        assert abs(moment - clock.now() - timedelta(days=2)) < timedelta(minutes=1)


def test_a_secret_ends(graph: Graph) -> None:
    ends = clock.stamp(clock.now() + timedelta(days=30))
    application = graph.application()
    graph.principal(application)
    added = graph.post(
        f"/applications/{application['id']}/addPassword", {"passwordCredential": {"endDateTime": ends}}, 200
    )
    known = {"appId": application["appId"], "secret": added["secretText"]}
    assert graph.tenant.sign_in(known, scope=f"{GRAPH}/.default").status == 200
    ahead(graph.tenant, 31 * 24 * HOUR)
    refused = body_of(graph.tenant.sign_in(known, scope=f"{GRAPH}/.default"), 401)
    assert refused["error_codes"] == [7000222]
    assert graph.tenant.sign_in(ADMIN, scope=f"{GRAPH}/.default").status == 200


def test_people_sign_in_at_any_time(graph: Graph) -> None:
    graph.tenant.seed({"users": [PERSON], "applications": [APP]})
    for seconds in (8 * HOUR, 0, 72 * HOUR):
        ahead(graph.tenant, seconds)
        tokens = Browser(graph.tenant).tokens(PERSON["userPrincipalName"])
        claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
        assert claims["iat"] - clock.seconds() == pytest.approx(seconds, abs=30)
