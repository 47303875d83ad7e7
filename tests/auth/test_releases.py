"""Airflow's releases that nobody tested are refused inside Airflow, before anything of theirs is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airflow_entra.local.airflow.environment import RELEASES
from airflow_entra_auth.releases import TESTED, refusal

PROJECT = Path(__file__).parents[2]
REFUSED = {
    "3.0.6": "3.0.6 does not start with it",
    "3.1.7": "3.1.7 answers the way back from Entra with HTTP 500",
    "3.2.2": "3.2.2 does not start with it",
    "3.4.0rc1": "airflow-entra was never tried with Airflow 3.4",
    "2.10.5": "airflow-entra was never tried with Airflow 2.10",
}
STARTED = """
import sys, types
sys.modules["airflow"] = types.SimpleNamespace(__version__=sys.argv[1])
import airflow_entra_auth.fab.manager
"""


def test_what_is_tested_is_what_the_locks_pin() -> None:
    assert sorted(TESTED.values()) == sorted(RELEASES.values())
    locks = PROJECT / "airflow_entra" / "local" / "airflow" / "locks"
    assert {file.stem for file in locks.glob("*.lock")} == {f"airflow-{release}" for release in TESTED.values()}


@pytest.mark.parametrize("version", [*TESTED, *TESTED.values(), "3.3.0rc1", "2.11.9"])
def test_a_tested_minor_version_is_taken(version: str) -> None:
    assert refusal(version) is None


@pytest.mark.parametrize("version", REFUSED)
def test_another_release_stops_airflow_with_the_reason(version: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED, version], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    said = done.stderr.strip().splitlines()[-1]
    assert f"Airflow {version} is not an Airflow that airflow-entra-auth is tested with ({REFUSED[version]})" in said
    assert said.endswith("bring Airflow to 2.11 or 3.3")
