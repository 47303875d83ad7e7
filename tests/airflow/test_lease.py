"""The watchers' lease on real databases: no clock that is wrong keeps a dead one's, takes a living one's or lets two
change something."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.local.airflow.environment import environment_for
from tests.airflow.conftest import VERSIONS
from tests.airflow.postgres import postgres

SCENARIOS = Path(__file__).with_name("lease_scenarios.py")
SECONDS = 8.0
NEVER = -1.0


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ExitStack() as open_:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path_factory.mktemp('lease') / 'airflow.db'}"
        else:
            yield open_.enter_context(postgres())


@pytest.fixture(scope="module", params=VERSIONS, ids=["3.3", "2.11"])
def told(request: pytest.FixtureRequest, database: str) -> dict[str, Any]:
    """Each version brings its own SQLAlchemy: 2.x and 1.4."""
    command = [str(environment_for(request.param)), "-W", "ignore", str(SCENARIOS), database, "8"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("clock", ["clock right", "clock an hour ahead", "clock an hour behind"])
def test_a_dead_watchers_lease_is_taken_after_its_time_whatever_its_clock_said(
    told: dict[str, Any], clock: str
) -> None:
    assert told[f"dead, {clock}"] == SECONDS


def test_a_lease_whose_end_is_no_number_is_taken_too(told: dict[str, Any]) -> None:
    assert told["no number"] == SECONDS


def test_a_living_watchers_lease_is_never_taken(told: dict[str, Any]) -> None:
    living = {name: seconds for name, seconds in told.items() if name.startswith("living")}
    assert len(living) == 4
    assert set(living.values()) == {NEVER}
    assert told["stopped clock"] == NEVER


def test_one_that_was_paused_changes_nothing_afterwards(told: dict[str, Any]) -> None:
    for name in ("paused", "paused, clocks two hours apart"):
        assert told[name] == [False, False, True]


def test_a_released_lease_is_taken_at_once(told: dict[str, Any]) -> None:
    assert told["released"] == 0


def test_a_watcher_of_the_first_release_may_run_beside_it(told: dict[str, Any]) -> None:
    waited, taken, *meanwhile, afterwards = told["beside the old release"]
    assert (waited, taken, afterwards) == (NEVER, True, True)
    assert not any(meanwhile)


def test_at_random_never_two_and_never_long_none(told: dict[str, Any]) -> None:
    for seed, found in enumerate(told["chance"]):
        assert found["two"] == 0, seed
        assert found["stolen"] == 0, seed
        assert found["none"] <= SECONDS + 32, (seed, "a pause of 30 s at the longest, and the time of a lease")
