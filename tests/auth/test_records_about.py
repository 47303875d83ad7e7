from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth.records_about import about

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("event", "extra", "found"),
    [
        ("post_connection", {"connection_id": "db", "password": SECRET, "method": "POST"}, ["db"]),
        ("api.connection.create", {"connection_id": "db", "extra": {"token": SECRET}}, ["db"]),
        ("api.variable.create", {"key": "budget", "value": SECRET}, ["budget"]),
        ("delete_variable", {"variable_key": "budget", "method": "DELETE"}, ["budget"]),
        (
            "bulk_variables",
            {"actions": [{"action": "create", "entities": [{"key": "a", "value": SECRET}, "b"]}], "method": "PATCH"},
            ["a", "b"],
        ),
    ],
)
def test_names_are_kept_and_values_are_not(event: str, extra: object, found: list[str]) -> None:
    said = about(event, json.dumps(extra))
    assert said["names"] == found
    assert SECRET not in json.dumps(said)


@pytest.mark.parametrize(
    ("event", "extra", "paused"),
    [
        ("patch_dag", {"is_paused": False, "method": "PATCH"}, False),
        ("api.patch_dag", {"is_paused": True}, True),
        ("paused", {"is_paused": "false"}, True),  # 2.11's page says what it was
        ("paused", {"is_paused": "true"}, False),
        ("cli_dag_unpause", {"full_command": "[...]"}, False),
        ("cli_dag_pause", {}, True),
        ("patch_dag", {"is_paused": "perhaps"}, None),
        ("post_pool", {"is_paused": True}, None),
    ],
)
def test_whether_a_dag_was_paused_or_let_run(event: str, extra: object, paused: bool | None) -> None:
    assert about(event, json.dumps(extra)).get("paused") is paused


@given(
    st.text()
    | st.none()
    | st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(json.dumps)
)
def test_whatever_a_line_holds_it_is_read(extra: str | None) -> None:
    assert isinstance(about("bulk_connections", extra), dict)


@given(st.dictionaries(st.sampled_from(["value", "val", "password", "extra", "conf", "login"]), st.just(SECRET)))
def test_no_value_gets_out(extra: dict[str, str]) -> None:
    assert SECRET not in json.dumps(about("post_variable", json.dumps(extra)))
