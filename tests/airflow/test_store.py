"""The watcher's store on a real database."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from airflow_entra.local.airflow.environment import environment_for
from tests.airflow.conftest import VERSIONS

SCENARIOS = Path(__file__).with_name("store_scenarios.py")


@pytest.mark.parametrize("version", VERSIONS, ids=["3.3", "2.11"])
def test_without_an_audit_log_nothing_is_given_and_everything_is_taken(version: str, tmp_path: Path) -> None:
    """Admin goes, Viewer doesn't come, and the session from before the revocation ends."""
    url = f"sqlite:///{tmp_path / 'airflow.db'}"
    command = [str(environment_for(version)), "-W", "ignore", str(SCENARIOS), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"held": True, "refused": True, "roles": ["Op"], "rows": ["Op"], "sessions": 1}
