"""What differs between two states of a resource."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.preview.changes import UNKNOWN, between, readable, reported, secrets
from airflow_entra.preview.result import ABSENT, PropertyChange

LEAF = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["a", "b", "a b", "[0]", "x.y"]))
JSON = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["k", "l m", "n.o", "p"]), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(["k", "l m", "n.o", "p"]), JSON, max_size=3)
HIDDEN = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


@given(OBJECTS, OBJECTS)
def test_something_is_told_exactly_where_something_differs(before: dict[str, Any], after: dict[str, Any]) -> None:
    kept = copy.deepcopy((before, after))
    changes = list(between(before, after))
    # Lists are sets to Azure: the same items in another order are no difference.
    assert bool(changes) == (sets(before) != sets(after))
    assert (before, after) == kept
    assert all(sets(change.before) != sets(change.after) for change in changes)


def sets(value: Any) -> Any:
    """The value as something that compares by content, whatever the order of its lists, and 1 is not True."""
    if isinstance(value, dict):
        return {key: sets(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(repr(sets(item)) for item in value)
    return repr(value)


def test_paths_read_as_pulumis_do() -> None:
    before = {"web": {"redirectUris": ["a", "b"]}, "tags": {"a b": 1}}
    after = {"web": {"redirectUris": ["a", "c"]}, "tags": {"a b": 2}}
    assert list(between(before, after)) == [
        PropertyChange("web.redirectUris[1]", "b", "c"),
        PropertyChange('tags["a b"]', 1, 2),
    ]


def test_items_that_move_are_no_change_and_others_come_and_go() -> None:
    assert list(between({"owners": ["a", "b", "c"]}, {"owners": ["c", "d", "a", "b"]})) == [
        PropertyChange("owners[1]", ABSENT, "d")
    ]


def test_marks_of_the_engine_are_read() -> None:
    sent = {
        "__defaults": ["x"],
        "value": HIDDEN,
        "id": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "list": [HIDDEN, "plain"],
    }
    assert readable(sent) == {"value": "[secret]", "id": UNKNOWN, "list": ["[secret]", "plain"]}


def test_what_inputs_dont_show_is_told_by_the_provider() -> None:
    detailed: dict[str, Any] = {"web.redirectUris[1]": {}, "web.logoutUrl": {}}
    assert list(reported(detailed, {"web": 1}, {"web": 2})) == [PropertyChange("web", 1, 2)]
    assert list(reported(None, {}, {})) == []


def test_that_a_secret_changes_is_told_without_it() -> None:
    sides = {"properties": {"value": "[secret]", "name": "x"}}
    told = list(secrets({"properties.value": {}, "properties.name": {}, "gone[3]": {}}, sides, sides))
    assert told == [PropertyChange("properties.value", "[secret]", "[secret]")]
