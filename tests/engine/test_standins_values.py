"""Property values survive the wire, with what is secret and what is unknown."""

from hypothesis import given
from hypothesis import strategies as st

from engine.standins.values import UNKNOWN, Secret, plain, read_struct, secret_like, write_struct

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN)
values = st.recursive(
    scalars | st.builds(Secret, scalars),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), values))
def test_a_property_map_comes_back_as_it_went(props: dict[str, object]) -> None:
    assert read_struct(write_struct(props)) == props


@given(st.dictionaries(st.text(), values))
def test_what_was_secret_stays_secret(props: dict[str, object]) -> None:
    assert secret_like(props, plain(props)) == props


def test_a_list_of_another_length_hides_everything_rather_than_guess() -> None:
    assert secret_like([Secret("a"), "b"], ["c"]) == Secret(["c"])


def test_a_secret_does_not_show_in_a_repr() -> None:
    assert "hunter2" not in repr({"a": Secret("hunter2")})
