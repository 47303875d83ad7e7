"""What authorises, on the SQLAlchemy of each Airflow: the unit tests, run by Airflow's own Python."""

from __future__ import annotations

import subprocess
from sysconfig import get_path

import pytest

from airflow_entra.local.airflow.environment import environment_for
from tests.airflow.conftest import PROJECT, VERSIONS

TESTS = ("sessions", "identities", "link", "refresh_store", "watch_lease", "watch_store", "fab_standing")
RUN = """
import sys, sqlalchemy
assert sqlalchemy.__version__.startswith(sys.argv[1]), sqlalchemy.__version__
sys.path.append(sys.argv[2])
import pytest
sys.exit(pytest.main(["-n", "0", "-p", "no:cacheprovider", "-q", *sys.argv[3:]]))
"""


@pytest.mark.parametrize(("version", "sqlalchemy"), [*zip(VERSIONS, ("2.", "1.4."), strict=True)], ids=VERSIONS)
def test_unit_tests_pass_on_airflows_own_sqlalchemy(version: str, sqlalchemy: str) -> None:
    files = [f"tests/auth/test_{name}.py" for name in TESTS]
    environment = environment_for(version)
    command = [str(environment), "-c", RUN, sqlalchemy, get_path("purelib"), *files]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
