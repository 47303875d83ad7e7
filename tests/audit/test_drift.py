from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.audit.drift import drift
from airflow_entra.preview.result import ABSENT, PropertyChange, StackPreview, Step

VALUES = st.integers(0, 3)


def previewed(state: dict[str, int], live: dict[str, int], declared: dict[str, int]) -> StackPreview:
    """What the engine says of one resource with these properties on the three sides."""
    moved = tuple(PropertyChange(key, state[key], live[key]) for key in state if state[key] != live[key])
    todo = tuple(PropertyChange(key, live[key], declared[key]) for key in state if live[key] != declared[key])
    return StackPreview(
        "prod",
        "previewed",
        drift=(Step("changed", "azuread:Application", "airflow", moved, id="a1"),) if moved else (),
        steps=(Step("update", "azuread:Application", "airflow", todo, id="a1"),) if todo else (),
    )


@given(st.dictionaries(st.sampled_from("abcd"), st.tuples(VALUES, VALUES, VALUES)))
def test_each_property_that_differs_anywhere_is_said_with_its_three_values(
    sides: dict[str, tuple[int, int, int]],
) -> None:
    state, live, declared = ({key: values[place] for key, values in sides.items()} for place in range(3))
    found = {one.path: one for one in drift(previewed(state, live, declared))}
    assert set(found) == {key for key, values in sides.items() if len(set(values)) > 1}
    for key, one in found.items():
        assert (one.state, one.live, one.declared) == sides[key]
        assert one.by_hand == (state[key] != live[key])
        assert one.wins == ("stack file" if live[key] != declared[key] else "tenant")


@pytest.mark.parametrize(
    ("steps", "moved", "wins", "said"),
    [
        (
            (Step("create", "azuread:Group", "viewers"),),
            (),
            "stack file",
            "`pulumi up --stack prod --policy-pack policies` makes it",
        ),
        ((Step("delete", "azuread:Group", "viewers"),), (), "stack file", "deletes it"),
        (
            (Step("create", "azuread:Group", "viewers"),),
            (Step("gone", "azuread:Group", "viewers", id="g1"),),
            "stack file",
            "restore it in Entra",
        ),
        ((), (Step("gone", "azuread:Group", "viewers", id="g1"),), "tenant", "`pulumi refresh --stack prod`"),
    ],
    ids=["new", "removed", "deleted by hand", "deleted by hand and no longer declared"],
)
def test_a_whole_resource(steps: tuple[Step, ...], moved: tuple[Step, ...], wins: str, said: str) -> None:
    (one,) = drift(StackPreview("prod", "previewed", steps=steps, drift=moved))
    assert (one.resource, one.path, one.wins) == ("azuread:Group viewers", "", wins)
    assert said in one.settle
    assert one.by_hand == bool(moved)
    assert (one.live is ABSENT) == (not steps or steps[0].op == "create")
