"""What the code of a DAG has of the sign-on: nothing. Only Airflow's server and the watcher have an identity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from airflow_entra.local.airflow import process
from tests.airflow import stacks
from tests.airflow.company import Company
from tests.airflow.conftest import VERSIONS
from tests.airflow.people import VIEWER
from tests.airflow.site import Site
from tests.airflow.waiting import until

_ALL = {"AZURE_CLIENT_SECRET", "AIRFLOW_ENTRA_SIGN_ON", "AIRFLOW_ENTRA_SESSION_KEY"}
"""What the server has, among others."""
PATIENCE = 240.0
"""Seconds until Airflow has read the DAG, run it, and its task has tried everything."""
_RUNS_SOON = {
    "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    # Azure's library tries one way to an identity after the other, while the file is read.
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "200",
    "AIRFLOW__CORE__DAG_FILE_PROCESSOR_TIMEOUT": "240",
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "240",
}
_CURIOUS = """
import json
import os
from configparser import RawConfigParser
from datetime import datetime
from pathlib import Path

HOME = Path(os.environ["AIRFLOW_HOME"])


def loot():
    '''What code of a DAG finds: variables, files that its variables and Airflow's options name, the vault.'''
    from airflow.configuration import conf

    ours = [name for name in os.environ if name.startswith(("AZURE_", "AIRFLOW_ENTRA_", "MSI_", "IDENTITY_"))]
    named = [path for path in map(Path, os.environ.values()) if path.is_absolute() and path.is_file()]
    written = RawConfigParser()
    written.read(HOME / "airflow.cfg")
    options = [value for section in written.sections() for value in written[section].values()]
    named += [path for path in map(Path, map(str, options)) if path.is_absolute() and path.is_file()]
    files = {str(path): path.read_text(errors="replace") for path in named if path.suffix not in (".db", ".sqlite")}
    beside = (HOME / "sign-on.json").read_text()  # where nothing else is told of it
    try:
        from airflow_entra_auth.rules import VaultSecret
        from airflow_entra_auth.vault import read_vault

        credential = json.loads(beside)["credential"]
        vault = read_vault(VaultSecret(credential["vaultUrl"], credential["secretName"]))
    except Exception as error:
        vault = f"{type(error).__name__}: {error}"[:300]
    backend = conf.get("secrets", "backend", fallback="")
    return {"variables": ours, "files": files, "sign_on": beside, "vault": vault, "backend": backend}


def keep(name):
    found = HOME / name
    found.with_suffix(".part").write_text(json.dumps(loot()))
    found.with_suffix(".part").rename(found)


try:
    from airflow.sdk import DAG
except ImportError:
    from airflow import DAG
try:
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    from airflow.operators.python import PythonOperator

if not (HOME / "read.json").exists():
    keep("read.json")
with DAG("curious", start_date=datetime(2026, 1, 1), schedule="@once", catchup=False) as dag:
    PythonOperator(task_id="look", python_callable=keep, op_args=["ran.json"])
"""


@pytest.fixture(scope="module", params=VERSIONS, ids=["3.3", "2.11"])
def whole(request: pytest.FixtureRequest, company: Company) -> Iterator[Site]:
    """An Airflow with all its processes."""
    parts = process.PARTS[3 if request.param == "3.3" else 2]
    site = company.site("apart", request.param, kind="whole", changed=_RUNS_SOON, parts=parts)
    (site.running.home.dags / "curious.py").write_text(_CURIOUS)
    yield site
    for browser in site.browsers:
        browser.http.close()
    process.stop(site.running.home.folder)


def secrets_of(company: Company, site: Site) -> set[str]:
    """What must not get out: the values in the vault, the key of sessions, the secret of the identity that reads."""
    found = {site.environment[name] for name in ("AZURE_CLIENT_SECRET", "AIRFLOW_ENTRA_SESSION_KEY")}
    outputs = company.world.outputs(site.stack)
    for where in (outputs["credential"], outputs["watcher"]):
        program = (
            "import sys; from airflow_entra_auth.rules import VaultSecret; "
            "from airflow_entra_auth.vault import read_vault; "
            "print('value', read_vault(VaultSecret(*sys.argv[1:])), file=sys.__stdout__)"
        )
        said = site.python("-c", program, where["vaultUri"].rstrip("/"), where["secretName"])
        assert said.returncode == 0, said.stderr
        found.add(said.stdout.rpartition("value ")[2].strip())
    assert len(found) == 4
    return found


def logs(site: Site) -> str:
    """What the processes that run DAGs wrote last."""
    found = sorted(site.running.home.logs.rglob("*.log"), key=lambda file: file.stat().st_mtime)
    return "\n".join(f"{file}: {file.read_text(errors='replace')[-1500:]}" for file in found[-5:])


@pytest.mark.parametrize("when", ["read", "ran"])
def test_code_of_a_dag_has_nothing_of_the_sign_on(company: Company, whole: Site, when: str) -> None:
    """In the process that reads DAGs, and in that of a task."""
    loot = whole.running.home.folder / f"{when}.json"
    try:
        until(loot.exists, PATIENCE)
    except AssertionError as late:
        raise AssertionError(logs(whole)) from late
    found: dict[str, Any] = json.loads(loot.read_text())
    text = loot.read_text()

    assert found["variables"] == []
    assert found["backend"] == ""
    assert "CredentialError" in found["vault"]
    assert [secret for secret in secrets_of(company, whole) if secret in text] == []
    assert stacks.TENANT in found["sign_on"]  # it was there to read, and holds no secret


def test_people_sign_in_to_the_same_airflow(whole: Site) -> None:
    browser, _ = whole.sign_in(VIEWER)
    assert whole.is_signed_in(browser)


def test_each_process_has_its_own_variables(whole: Site) -> None:
    """As the machine sees them, of those that don't write their title over them."""
    server = {2: "webserver", 3: "api-server"}[whole.running.home.major]
    seen = {name: psutil.Process(pid).environ() for name, pid in whole.running.pids.items()}
    ours = {
        name: {variable for variable in variables if variable.startswith(("AZURE_", "AIRFLOW_ENTRA"))}
        for name, variables in seen.items()
        if "AIRFLOW_HOME" in variables
    }
    assert ours.pop(server, _ALL) >= _ALL
    assert not any(ours.values()), ours
