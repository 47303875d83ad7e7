from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.finding import exit_code
from airflow_entra.preview.changes import between
from airflow_entra.preview.drift import changed_past_pulumi, drift
from airflow_entra.preview.result import ABSENT, Previewed, PropertyChange, StackPreview, Step
from airflow_entra.report.preview_words import verdict

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


def listed(state: list[str], live: list[str], declared: list[str]) -> StackPreview:
    """What the engine says of a list on the three sides, whose order each side chooses."""
    moved, todo = (tuple(between({"uris": a}, {"uris": b})) for a, b in ((state, live), (live, declared)))
    return StackPreview(
        "prod",
        "previewed",
        drift=(Step("changed", "azuread:Application", "airflow", moved),) if moved else (),
        steps=(Step("update", "azuread:Application", "airflow", todo),) if todo else (),
    )


@given(st.data(), *(st.sets(st.sampled_from("abcde")) for _ in range(2)))
def test_lists_are_compared_as_sets(data: st.DataObject, ours: set[str], theirs: set[str]) -> None:
    """The stack file and the state say `ours`, the tenant `theirs`, each in an order of its own."""
    state, declared = (data.draw(st.permutations(sorted(ours))) for _ in range(2))
    live = data.draw(st.permutations(sorted(theirs)))
    found = drift(listed(state, live, declared))
    assert {one.path for one in found} <= {"uris"}
    by_hand = [one for one in found if one.by_hand]
    assert {one.live for one in by_hand if one.live is not ABSENT} == theirs - ours
    assert {one.state for one in by_hand if one.state is not ABSENT} == ours - theirs
    for one in by_hand:
        assert (one.declared, one.wins) == (one.state, "stack file")


@pytest.mark.parametrize(("path", "severity"), [("description", "warning"), ("tags", "warning"), ("uris", "error")])
def test_a_name_or_a_note_that_was_changed_is_a_warning(path: str, severity: str) -> None:
    moved = Step("changed", "azuread:Application", "airflow", (PropertyChange(path, "a", "b"),))
    preview = StackPreview("prod", "previewed", drift=(moved,))
    (finding,) = changed_past_pulumi(preview)
    assert (finding.severity, finding.id, bool(finding.controls)) == (severity, "drift/changed", True)
    counted = Previewed((replace(preview, drifted=(finding,)),), refresh=True)
    assert exit_code(counted.findings) == (severity == "error")
    assert ("1 error (prod)" in verdict(counted)) == (severity == "error")


def test_what_waits_to_be_deployed_was_not_changed_by_hand() -> None:
    todo = Step("update", "azuread:Application", "airflow", (PropertyChange("uris", "a", "b"),))
    assert list(changed_past_pulumi(StackPreview("prod", "previewed", steps=(todo,)))) == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("azure-native:network:PrivateEndpoint", "customDnsConfigs[0].fqdn"),
        ("azure-native:keyvault:Vault", "properties.privateEndpointConnections[0].id"),
    ],
)
def test_a_record_that_a_policy_added_is_no_drift(kind: str, path: str) -> None:
    moved = (PropertyChange(path, "kv.vault.azure.net", ABSENT), PropertyChange("tags.owner", "a", "b"))
    step = Step("changed", kind, "one", moved, id="1")
    assert [found.path for found in drift(StackPreview("prod", "previewed", drift=(step,)))] == ["tags.owner"]
