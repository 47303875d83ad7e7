"""The generator: the same for the same seed, adds what is missing, and what it writes is like what Graph writes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entra_local.keys import Keys
from entra_local.populate import populate
from entra_local.population import Population
from entra_local.start import StartError
from entra_local.wire import JsonObject
from tests.tenant.directory import ADMIN, SEED, Graph
from tests.tenant.test_deltas import Feed, members
from tests.tenant.world import TENANT, tenant_in

PEOPLE, GROUPS = 300, 40
EVENTUAL = {"consistencylevel": "eventual"}


@pytest.fixture
def empty(tmp_path: Path, keys: Keys) -> Iterator[Graph]:
    """A tenant without them."""
    with tenant_in(tmp_path, keys) as tenant:
        tenant.seed(SEED)
        yield Graph(tenant)


@pytest.fixture
def large(empty: Graph, tmp_path: Path) -> Graph:
    """The same with them."""
    populate(tmp_path, TENANT, PEOPLE, GROUPS, 7)
    return empty


def everything(graph: Graph, path: str) -> list[JsonObject]:
    found: list[JsonObject] = []
    while path:
        page = graph.get(path)
        found += page["value"]
        path = page.get("@odata.nextLink", "").partition("/v1.0")[2]
    return found


@given(number=st.integers(0, 5000), seed=st.integers(0, 3), people=st.integers(1, 9000))
def test_a_person_depends_on_seed_and_number_alone(number: int, seed: int, people: int) -> None:
    one, other = (Population(size, 10, seed, "contoso.example") for size in (people, 5001))
    assert one.person(number) == other.person(number)
    assert one.person(number)["id"] == one.person_id(number)
    assert one.person(number) != Population(people, 10, seed + 1, "contoso.example").person(number)
    assert all(member < people for member in one.members(number))
    outer = one.outer(number)
    assert outer is None or outer < number


def test_what_is_in_it(large: Graph) -> None:
    people = everything(large, "/users?$select=id,userPrincipalName,userType,accountEnabled,department,mail&$top=999")
    made = [one for one in people if one["department"] and one["mail"] and one["mail"] != "ada@contoso.com"]
    assert len(made) == PEOPLE
    assert len({one["userPrincipalName"].lower() for one in people}) == len(people)
    assert all(one["userPrincipalName"].isascii() for one in people)
    kinds = Counter(one["userType"] for one in made)
    assert 0 < kinds["Guest"] < 30
    assert 0 < sum(not one["accountEnabled"] for one in made) < 40
    assert len({one["department"] for one in made}) > 5
    groups = everything(large, "/groups?$select=id,displayName")
    assert len(groups) == GROUPS + 1
    population = Population(PEOPLE, GROUPS, 7, "contoso.example")
    for number in (0, 1, 39):
        told = {one["id"] for one in everything(large, f"/groups/{population.group_id(number)}/members?$top=999")}
        assert {population.person_id(member) for member in population.members(number)} <= told
    assert any(population.outer(number) is not None for number in range(GROUPS))


def test_changes_tell_of_everybody(empty: Graph, tmp_path: Path) -> None:
    people = Feed(empty, "/users/delta?$select=id,displayName&$deltatoken=latest")
    feed = Feed(empty, "/groups/delta?$select=id,members&$deltatoken=latest")
    assert people.read() == feed.read() == []
    populate(tmp_path, TENANT, PEOPLE, GROUPS, 7)
    assert len(people.read()) == PEOPLE
    population = Population(PEOPLE, GROUPS, 7, "contoso.example")
    groups = feed.read()
    largest = population.group_id(0)
    expected = {population.person_id(member) for member in population.members(0)}
    assert expected <= {id_ for id_, present in members(groups, largest) if present}
    assert len({item["id"] for item in groups}) == GROUPS


def test_the_same_again_adds_nothing_and_more_adds_the_rest(large: Graph, tmp_path: Path) -> None:
    again = populate(tmp_path, TENANT, PEOPLE, GROUPS, 7)
    assert (again.people, again.groups, again.memberships) == (0, 0, 0)
    more = populate(tmp_path, TENANT, PEOPLE + 50, GROUPS, 7)
    assert (more.people, more.groups) == (50, 0)
    assert large.request("GET", "/users?$count=true&$top=1", 200, headers=EVENTUAL)["@odata.count"] == PEOPLE + 52


def test_two_tenants_with_the_same_seed_are_the_same(large: Graph, tmp_path: Path, keys: Keys) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with tenant_in(folder, keys) as tenant:
        tenant.seed(SEED)
        populate(folder, TENANT, PEOPLE, GROUPS, 7)
        other = Graph(tenant, ADMIN)
        query = "?$select=id,displayName,userPrincipalName,createdDateTime&$top=999"
        ours, theirs = (everything(graph, f"/users{query}") for graph in (large, other))
        seeded = {one["id"] for one in SEED["users"]}
        assert [one for one in ours if one["id"] not in seeded] == [one for one in theirs if one["id"] not in seeded]


def test_a_tenant_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="there is no tenant"):
        populate(tmp_path / "state", TENANT, 1, 1, 1)
