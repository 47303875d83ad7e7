"""What somebody else says, in Airflow's log: one line, which can't pass for another."""

from __future__ import annotations

import pytest

from airflow_entra_auth.graph.errors import error
from airflow_entra_auth.watch.run import told
from tests.escape.names import HOSTILE
from tests.escape.readers import unprintable


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_refusal_of_graph_is_one_line(name: str) -> None:
    refused = error("GET", "/users", 400, {"error": {"code": name, "message": name}}, name)
    for said in (str(refused), told(refused), told(ValueError(name))):
        assert not unprintable(said)
        assert "\n" not in said
        assert len(said) <= 2000
