"""What a resource points at, surely and perhaps."""

import pytest

from policies.relations import Candidates
from policies.resources import UNKNOWN, Resource, Value

FIRST, SECOND = (
    Resource(urn=name, type="azuread:Application", name=name, props={"clientId": f"id of {name}"})
    for name in ("first", "second")
)
UNMADE = Resource(urn="unmade", type="azuread:Application", name="unmade", props={"clientId": UNKNOWN})


@pytest.mark.parametrize(
    ("value", "sources", "surely", "perhaps"),
    [
        ("id of first", [], ["first"], ["first"]),
        (UNKNOWN, ["second"], ["second"], ["second"]),
        (UNKNOWN, [], [], ["first", "second", "unmade"]),
        (UNKNOWN, ["a component"], [], ["first", "second", "unmade"]),
        ("id of another", [], [], []),
        (None, [], [], []),
    ],
)
def test_what_is_unknown_points_surely_at_nothing_and_perhaps_at_all(
    value: Value, sources: list[str], surely: list[str], perhaps: list[str]
) -> None:
    principal = Resource(
        urn="p", type="azuread:ServicePrincipal", name="p", props={"clientId": value}, sources={"clientId": sources}
    )
    candidates = Candidates([FIRST, SECOND, UNMADE], "clientId")
    assert [one.urn for one in candidates.of(principal, "clientId")] == surely
    assert [one.urn for one in candidates.perhaps(principal, "clientId")] == perhaps
