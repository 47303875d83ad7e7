"""What a stack's Airflows on this machine wrote down about people and their actions."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime

from airflow_entra.audit.records import Records, parse
from airflow_entra.errors import UserError
from airflow_entra.local.airflow.environment import RELEASES
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.local.world import World
from airflow_entra.render import FILES
from airflow_entra_auth.variables import SIGN_ON


def records_of(world: World, stack: str, since: datetime) -> Iterator[Records]:
    """The records of each Airflow that has a database, running or not. Raises UserError."""
    for release in RELEASES.values():
        folder = world.home / "airflow" / stack / release
        if (folder / "airflow.db").exists():
            yield _of_home(AirflowHome.at(folder, release), since)


def _of_home(home: AirflowHome, since: datetime) -> Records:
    command = [str(home.python), "-m", "airflow_entra_auth.records", "--since", since.isoformat(timespec="seconds")]
    sign_on = {SIGN_ON: str(home.folder / FILES["roles"])}
    said = subprocess.run(
        command, env=home.environment(0) | sign_on, cwd=home.folder, capture_output=True, text=True, check=False
    )
    if said.returncode:
        raise UserError(f"Airflow {home.version} in {home.folder} gave no records: {said.stderr.strip()[-500:]}")
    return parse(said.stdout.splitlines(), f"Airflow {home.version}")
