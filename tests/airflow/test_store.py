"""The watcher's store on a real database."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.local.airflow.environment import environment_for
from tests.airflow.conftest import VERSIONS

SCENARIOS = Path(__file__).with_name("store_scenarios.py")


@pytest.fixture(scope="module", params=VERSIONS, ids=["3.3", "2.11"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'airflow.db'}"
    command = [str(environment_for(request.param)), "-W", "ignore", str(SCENARIOS), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_without_an_audit_log_nothing_is_given_and_everything_is_taken(told: dict[str, Any]) -> None:
    """Admin goes, Viewer doesn't come, and the session from before the revocation ends."""
    expected = {"held": True, "refused": True, "roles": ["Op"], "rows": ["Op"], "sessions": 1}
    assert told["without an audit log"] == expected


def test_a_watcher_with_another_key_than_the_servers_changes_nothing_and_says_so(told: dict[str, Any]) -> None:
    """It would write everybody's roles down with a MAC that no server believes."""
    found = told["another key"]
    assert (found["genuine"], found["roles"]) == (True, ["Op"])
    assert found["error"].startswith("none of Airflow's 1 live sessions was made with the key in AIRFLOW_ENTRA_SESSION")


def test_a_last_round_that_is_no_number_stops_no_watcher(told: dict[str, Any]) -> None:
    """It is as after a restore, where this watcher remembers a round."""
    assert told["no number"] == [-1, 0, 0]
    assert told["no number, remembered"] == [-1, 1, 1_000_008]
