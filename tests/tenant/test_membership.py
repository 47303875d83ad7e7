"""Members and groups, nested ones included: pages that lose nobody, casts, counts, checks."""

from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entra_local.wire import JsonObject
from tests.tenant.directory import ADA, GRACE, ON_CALL, UNKNOWN, Graph
from tests.tenant.test_deltas import user
from tests.tenant.world import GRAPH

EVENTUAL = {"consistencylevel": "eventual"}


def counted(graph: Graph, path: str, headers: dict[str, str] | None = None) -> str:
    reply = graph.tenant.send("GET", f"{GRAPH}/v1.0{path}", token=graph.token, headers=headers or EVENTUAL)
    assert (reply.status, reply.media_type) == (200, "text/plain"), reply.body
    return str(reply.body)


@pytest.fixture
def nested(graph: Graph) -> list[str]:
    """Groups, each in the one before, the last with Ada, the first with Grace."""
    ids = [graph.group(f"level-{level}")["id"] for level in range(3)]
    for outer, inner in pairwise(ids):
        graph.add(f"/groups/{outer}/members", inner)
    graph.add(f"/groups/{ids[-1]}/members", ADA)
    graph.add(f"/groups/{ids[0]}/members", GRACE)
    return ids


def test_transitive_members(graph: Graph, nested: list[str]) -> None:
    path = f"/groups/{nested[0]}/transitiveMembers"
    found = graph.get(path)["value"]
    assert {item["id"] for item in found} == {*nested[1:], ADA, GRACE}
    assert {item["@odata.type"] for item in found} == {"#microsoft.graph.user", "#microsoft.graph.group"}
    people = graph.request("GET", f"{path}/microsoft.graph.user?$count=true&$select=id", 200, headers=EVENTUAL)
    assert {item["id"] for item in people["value"]} == {ADA, GRACE}
    assert (people["@odata.count"], people["value"][0].keys()) == (2, {"id"})
    assert counted(graph, f"{path}/$count") == "4"
    assert counted(graph, f"{path}/microsoft.graph.group/$count") == "2"
    assert counted(graph, f"/groups/{nested[0]}/members/microsoft.graph.user/$count") == "1"
    graph.delete(f"/groups/{nested[1]}")
    assert graph.ids(path) == [GRACE]


def test_casts_and_counts_want_the_index(graph: Graph, nested: list[str]) -> None:
    path = f"/groups/{nested[0]}/transitiveMembers"
    for wrong in (f"{path}/microsoft.graph.user", f"{path}/$count", f"{path}/microsoft.graph.user?$count=true"):
        assert "ConsistencyLevel" in graph.refused("GET", wrong, 400)
    graph.request("GET", f"{path}/microsoft.graph.moon?$count=true", 501, headers=EVENTUAL)


def test_groups_of_somebody(graph: Graph, nested: list[str]) -> None:
    path = f"/users/{ADA}/transitiveMemberOf"
    assert set(graph.ids(path)) == {*nested, ON_CALL}
    cast = graph.request("GET", f"{path}/microsoft.graph.group?$count=true", 200, headers=EVENTUAL)
    assert (cast["@odata.count"], len(cast["value"])) == (4, 4)
    assert counted(graph, f"{path}/$count") == "4"
    assert counted(graph, f"/users/{ADA}/memberOf/microsoft.graph.group/$count") == "2"


@pytest.mark.parametrize("name", ["checkMemberGroups", "checkMemberObjects"])
def test_is_somebody_in_these_groups(graph: Graph, nested: list[str], name: str) -> None:
    key = "groupIds" if name == "checkMemberGroups" else "ids"
    asked = {key: [nested[0], ON_CALL, UNKNOWN, nested[2].upper()]}
    assert graph.post(f"/users/{ADA}/{name}", asked, 200)["value"] == [nested[0], ON_CALL, nested[2].upper()]
    assert graph.post(f"/users/{GRACE}/{name}", asked, 200)["value"] == [nested[0]]
    graph.post(f"/users/{ADA}/{name}", {key: [ON_CALL] * 21}, 400)


def pages(graph: Graph, path: str) -> list[JsonObject]:
    found: list[JsonObject] = []
    while path:
        page = graph.get(path)
        found += page["value"]
        path = page.get("@odata.nextLink", "").partition("/v1.0")[2]
    return found


def test_who_leaves_while_somebody_reads_hides_nobody_else(graph: Graph) -> None:
    group = graph.group("many")["id"]
    people = [user(graph, f"p{number}") for number in range(6)]
    for id_ in people:
        graph.add(f"/groups/{group}/members", id_)
    for kind in ("members", "transitiveMembers"):
        first = graph.get(f"/groups/{group}/{kind}?$top=3")
        graph.delete(f"/groups/{group}/members/{people[0]}/$ref")
        rest = pages(graph, first["@odata.nextLink"].partition("/v1.0")[2])
        assert [item["id"] for item in rest] == people[3:]
        graph.add(f"/groups/{group}/members", people[0])
        graph.delete(f"/groups/{group}/members/{people[0]}/$ref")
        graph.add(f"/groups/{group}/members", people[0])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda edge: edge[0] != edge[1])))
def test_everybody_behind_a_group_is_found_once_in_any_nesting(graph: Graph, edges: set[tuple[int, int]]) -> None:
    ids = [graph.group(f"g{number}-{uuid4()}")["id"] for number in range(5)]
    for outer, inner in edges:
        graph.add(f"/groups/{ids[outer]}/members", ids[inner])
    for start in range(5):
        reached: set[int] = set()
        pending = [start]
        while pending:
            here = pending.pop()
            for outer, inner in edges:
                if outer == here and inner not in reached:
                    reached.add(inner)
                    pending.append(inner)
        found = [item["id"] for item in pages(graph, f"/groups/{ids[start]}/transitiveMembers?$top=2")]
        assert sorted(found) == sorted(ids[number] for number in reached - {start})
