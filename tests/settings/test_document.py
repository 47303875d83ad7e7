"""Places: what the document says about a value is where the value stands in the text."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.settings.document import Document, Mapping, Sequence, plain, scalars

_WORDS = st.text(alphabet="abcxyzäöü€😀 -:#*&'\"", min_size=1, max_size=8)
_TREES = st.recursive(
    _WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4), max_leaves=20
)


@given(st.dictionaries(_WORDS, _TREES, min_size=1, max_size=4), st.integers(min_value=0, max_value=4))
def test_every_scalar_stands_where_the_document_says(tree: dict[str, object], indent: int) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=False)  # JSON is YAML
    lines = text.split("\n")

    document = Document(text)

    assert plain(document.root) == tree
    for loc, scalar in scalars(document.root):
        line, column = document.place(loc)
        assert lines[line - 1][column - 1 :].startswith(json.dumps(scalar.value, ensure_ascii=False))
        if isinstance(loc[-1], str):
            key_line, key_column = document.place(loc, key=True)
            assert lines[key_line - 1][key_column - 1 :].startswith(json.dumps(loc[-1], ensure_ascii=False))


def test_unquoted_values_follow_yaml_1_2() -> None:
    document = Document("a: [23:59:59, yes, on, 010, 1e3, 3.3, true, null, ~, 0x1f, -5, +inf, '5', 2026-01-01, .5]")

    assert plain(document.node(("a",))) == [
        *("23:59:59", "yes", "on", 10, 1000.0, 3.3, True, None, None, "0x1f", -5, "+inf", "5", "2026-01-01", 0.5)
    ]


def test_an_alias_stands_where_its_anchor_is() -> None:
    document = Document("a: &x [1, 2]\nb: *x\n")

    assert plain(document.root) == {"a": [1, 2], "b": [1, 2]}
    assert document.place(("b", 0)) == (1, 8)


def test_a_missing_value_is_placed_at_what_is_around_it() -> None:
    document = Document("a:\n  b:\n    - c: 1\n")

    assert document.place(("a", "b", 0, "d")) == (3, 7)
    assert document.place(("a", "x", "y")) == (1, 1)
    assert document.node(("a", "x")) is None


def test_kinds_of_nodes() -> None:
    document = Document("a: []\nb: {}\n")

    assert isinstance(document.node(("a",)), Sequence)
    assert isinstance(document.node(("b",)), Mapping)
