"""Debian's PostgreSQL, started for a test in a folder of its own, on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.airflow.company import free_port

_USER = "postgres"


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`, newest first; None where PostgreSQL isn't installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return found[-1] if found else None


@contextmanager
def postgres(connections: int = 200) -> Iterator[str]:
    """A fresh server with a database `airflow`; its SQLAlchemy URL. It never runs as root, which it refuses."""
    bin_ = programs()
    assert bin_ is not None, "install Debian's postgresql"
    root = os.geteuid() == 0
    user = _USER if root else None
    folder = Path(tempfile.mkdtemp(prefix="airflow-entra-postgres-"))
    try:
        if root:
            os.chown(folder, pwd.getpwnam(_USER).pw_uid, pwd.getpwnam(_USER).pw_gid)
        data, port = folder / "data", free_port()

        def run(program: str, *arguments: str) -> None:
            with (folder / "commands.log").open("ab") as log:
                command = [str(bin_ / program), *arguments]
                subprocess.run(command, user=user, cwd=folder, stdout=log, stderr=log, check=True, timeout=60)

        run("initdb", "-D", str(data), "-U", "airflow", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections={connections}"
        run("pg_ctl", "-D", str(data), "-l", str(folder / "server.log"), "-w", "-o", options, "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "airflow", "airflow")
            yield f"postgresql+psycopg2://airflow@127.0.0.1:{port}/airflow"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
