"""The folder of one local Airflow: database, keys, logs and DAGs, and the environment that points Airflow at them."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.errors import on_disk
from airflow_entra.files import write_private
from airflow_entra.local.airflow.environment import environment_for, major, release
from airflow_entra.local.world import own_environment

_SAMPLE_DAGS = Path(__file__).with_name("dags")
_FOREIGN = ("AIRFLOW", "FLASK_", "GUNICORN_", "PYTHON", "UVICORN_", "VIRTUAL_ENV")


@dataclass(frozen=True)
class AirflowHome:
    """`folder` is AIRFLOW_HOME; `version` is the release, `python` the interpreter that has it installed."""

    folder: Path
    version: str
    python: Path

    @classmethod
    def at(cls, folder: Path, version: str) -> AirflowHome:
        """A home for `version` ("3.3", "2.11.2", ...), its environment installed where it is missing."""
        return cls(folder.absolute(), release(version), environment_for(version))

    @property
    def major(self) -> int:
        return major(self.version)

    @property
    def dags(self) -> Path:
        return self.folder / "dags"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def record(self) -> Path:
        """What runs here: see `process`."""
        return self.folder / "process.json"

    def prepare(self) -> None:
        """Make the folders, for the owner's eyes only, the keys and the sample DAGs; what is there stays.

        Raises `UserError` where the disk refuses.
        """
        with on_disk("prepare the local Airflow", self.folder):
            for folder in (self.folder, self.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.dags.exists():
                shutil.copytree(_SAMPLE_DAGS, self.dags, ignore=shutil.ignore_patterns("__pycache__"))
            keys = json.loads(self._keys.read_text()) if self._keys.exists() else {}
            if not _new_keys().keys() <= keys.keys():  # none yet, or an older release's
                write_private(self._keys, json.dumps(_new_keys() | keys))

    def environment(self, port: int, inherited: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of Airflow's processes, without how people sign in: that is what `render` says.

        Of `inherited` (ours unless given) no credential, proxy, Python or Airflow setting of the caller comes in.
        """
        kept = own_environment(os.environ) if inherited is None else dict(inherited)
        keys = json.loads(self._keys.read_text())
        return {
            **{name: value for name, value in kept.items() if not name.startswith(_FOREIGN)},
            "PATH": os.pathsep.join((str(self.python.parent), kept.get("PATH", os.defpath))),
            "PYTHONUNBUFFERED": "1",
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__FERNET_KEY": keys["fernet"],
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.folder / 'airflow.db'}",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.logs / "tasks"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **(self._of_3(port, keys) if self.major == 3 else self._of_2(port, keys)),
        }

    def _of_3(self, port: int, keys: Mapping[str, str]) -> dict[str, str]:
        return {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": keys["session"],
            "AIRFLOW__API_AUTH__JWT_SECRET": keys["token"],
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        }

    def _of_2(self, port: int, keys: Mapping[str, str]) -> dict[str, str]:
        return {
            "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
            "AIRFLOW__WEBSERVER__WORKERS": "1",
            # 0 is without end. On a busy machine `airflow webserver` takes its gunicorn's first seconds for dead
            # workers, asks for one more than there will be, and ends a server that works when it waited this long.
            "AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "0",
            "AIRFLOW__WEBSERVER__SECRET_KEY": keys["session"],
            "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
        }

    @property
    def session_key(self) -> str:
        """The key of people's sessions: for the server and the watcher, never for a process that runs DAGs' code."""
        return str(json.loads(self._keys.read_text())["entra"])

    @property
    def _keys(self) -> Path:
        return self.folder / "keys.json"


def _new_keys() -> dict[str, str]:
    return {
        "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "session": secrets.token_urlsafe(32),
        "token": secrets.token_urlsafe(64),
        "entra": secrets.token_urlsafe(32),
    }
