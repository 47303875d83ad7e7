from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_entra.access import names

NAMES = st.text(min_size=1, max_size=256)


@given(NAMES)
def test_a_mail_nickname_is_what_graph_accepts(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", names.mail_nickname(name))


@given(NAMES, NAMES)
def test_different_names_have_different_nicknames_and_role_ids(one: str, other: str) -> None:
    assume(one != other)
    assert names.mail_nickname(one) != names.mail_nickname(other)
    assert names.app_role_id(one) != names.app_role_id(other)


def test_ids_are_the_same_in_every_release() -> None:
    """They are in directories and states already: a change here would replace every app role and group."""
    assert names.app_role_id("Admin") == "485bb8b5-a7d9-5b87-84f2-9ef2df13c356"
    assert names.mail_nickname("airflow-admins") == "airflow-admins-0d91b341"
    assert names.role_assignment_name("/scope", "principal", "role") == "de7a7a01-2147-5f73-9697-9f32646e45a0"


def test_a_role_assignments_name_reads_azures_ids_in_any_case() -> None:
    assert names.role_assignment_name("/S/A", "P", "R") == names.role_assignment_name("/s/a", "p", "r")
