from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.audit.records import parse
from airflow_entra.errors import UserError
from tests.audit.stack import ADA, action, person, text

LINES = text([person(ADA, "Admin"), action(1, "trigger_dag_run", ADA.id)])


def test_a_whole_file_is_read() -> None:
    found = parse(LINES, "records")
    assert [user.identity.object_id for user in found.users if user.identity] == [ADA.id]
    assert [one.owner for one in found.actions] == [ADA.id]


@given(st.integers(0, len(LINES) - 1))
def test_a_file_that_was_cut_is_refused(kept: int) -> None:
    with pytest.raises(UserError, match="it was cut"):
        parse(LINES[:kept], "records")


@given(st.integers(1, len(LINES) - 2))
def test_a_file_that_lost_a_line_is_refused(lost: int) -> None:
    with pytest.raises(UserError, match=r"records: it was cut: 3 lines were written and 2 are here"):
        parse(LINES[:lost] + LINES[lost + 1 :], "records")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "records:2: not JSON"),
        ("[" * 100_000, "records:2: not JSON"),
        ("[]", "records:2: not a JSON object"),
        ('{"kind": "planet"}', "records:2: kind is 'planet'"),
        ('{"kind": "person"}', "records:2: not such a line"),
        (json.dumps(action(1, "x", None) | {"at": "yesterday"}), "records:2: not such a line"),
    ],
)
def test_a_wrong_line_is_named(line: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        parse([LINES[0], line, *LINES[1:]], "records")
    assert str(error.value).startswith(said)
    assert "airflow_entra_auth.records --since" in str(error.value)


def test_another_release_is_named() -> None:
    head = json.dumps(json.loads(LINES[0]) | {"schema": 2})
    with pytest.raises(UserError, match="schema 2; this release reads schema 1"):
        parse([head, *LINES[1:]], "records")
