"""`$filter` against a plain reading of the same condition, and against nonsense."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entra_local.graph import filters
from entra_local.graph.exceptions import GraphError

PROPERTIES = ("id", "displayName", "department", "accountEnabled", "tags")

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
bodies = st.fixed_dictionaries(
    {
        "displayName": names,
        "department": st.none() | names,
        "accountEnabled": st.booleans(),
        "tags": st.lists(names, max_size=3),
    }
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@given(body=bodies, value=names)
@example(body={"displayName": "It's", "department": None, "accountEnabled": True, "tags": []}, value="it's")
def test_equality_ignores_case_and_takes_any_quoted_text(body: dict[str, object], value: str) -> None:
    parsed = filters.parse(f"displayName eq {quoted(value)}", PROPERTIES)
    assert parsed.matches(body) == (str(body["displayName"]).casefold() == value.casefold())
    assert parsed.equalities == {"displayName": value}


@given(body=bodies, name=names, department=names, enabled=st.booleans())
def test_and_or_agree_with_pythons(body: dict[str, object], name: str, department: str, enabled: bool) -> None:
    left = str(body["displayName"]).casefold() == name.casefold()
    right = body["accountEnabled"] is enabled
    terms = f"displayName eq {quoted(name)}", f"accountEnabled eq {str(enabled).lower()}"
    assert filters.parse(" and ".join(terms), PROPERTIES).matches(body) == (left and right)
    assert filters.parse(" or ".join(terms), PROPERTIES).matches(body) == (left or right)
    # Only what every match must satisfy may narrow the search.
    assert filters.parse(" or ".join(terms), PROPERTIES).equalities == {}
    assert filters.parse(f"not (department eq {quoted(department)})", PROPERTIES).equalities == {}


@given(body=bodies, value=names)
def test_starts_with_and_any(body: dict[str, list[str]], value: str) -> None:
    started = filters.parse(f"startsWith(displayName, {quoted(value)})", PROPERTIES)
    assert started.matches(body) == str(body["displayName"]).casefold().startswith(value.casefold())
    tagged = filters.parse(f"tags/any(t:t eq {quoted(value)})", PROPERTIES)
    assert tagged.matches(body) == any(tag.casefold() == value.casefold() for tag in body["tags"])


@given(text=st.text(max_size=40) | st.text("'()/: adeinotqy", max_size=40))
@example(text="displayName gt true")
@example(text="tags/any()")
@example(text="tags/all(t:t ne 'x')")
@example(text="displayName/nested/any(t:t eq 1)")
@example(text="accountEnabled gt 1")
@example(text="displayName add 1 eq 2")
@example(text="displayName eq duration'P1D'")
@example(text="displayName eq 2026-13-45")
@example(text="startswith(displayName)")
def test_nonsense_is_refused_or_answered(text: str) -> None:
    body = {"id": "1", "displayName": "Ada", "department": None, "accountEnabled": True, "tags": ["a"]}
    # Anything but an error of Graph's own fails the test.
    with contextlib.suppress(GraphError):
        filters.parse(text, PROPERTIES).matches(body)


@pytest.mark.parametrize(
    ("text", "advanced"),
    [
        ("displayName eq 'a'", False),
        ("startsWith(displayName, 'a')", False),
        ("displayName ne 'a'", True),
        ("not startsWith(displayName, 'a')", True),
        ("endsWith(displayName, 'a')", True),
        ("tags/any(t:t ne 'a')", True),
    ],
)
def test_what_needs_eventual_consistency(text: str, advanced: bool) -> None:
    assert filters.parse(text, PROPERTIES).advanced is advanced
