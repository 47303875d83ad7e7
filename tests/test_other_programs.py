"""The programs beside the command line, in trouble: a line each, no traceback, no secret, and the right exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tests.auth.sign_on import TENANT, document

pytestmark = pytest.mark.slow  # a process each

PROJECT = Path(__file__).parents[1]
SECRET = "s3cret-that-is-nowhere"
_AIRFLOW = """
import sqlalchemy as sa
engine = sa.create_engine("sqlite:////nowhere/at/all/airflow.db")
"""

PROGRAMS: dict[str, list[str]] = {
    "what Airflow wrote down": ["airflow_entra_auth.records", "--since", "2026-01-01"],
    "users linked to people": ["airflow_entra_auth.link", "links.json"],
    "the watcher": ["airflow_entra_auth.watch", "--once"],
    "the tenant's clock": ["entra_local", "clock", "--state", "tenant"],
    "the tenant's faults": ["entra_local", "fault", "--state", "tenant"],
    "the tenant's seed": ["entra_local", "seed", "--state", "tenant"],
    "the engine": ["engine.obtain"],
}
in_airflow = pytest.mark.parametrize("program", ["what Airflow wrote down", "users linked to people", "the watcher"])
prints = pytest.mark.parametrize("program", ["the tenant's clock", "the tenant's faults", "the engine"])


@dataclass(frozen=True)
class Place:
    """A folder with what the programs need, an Airflow whose database is away among it."""

    folder: Path

    def start(self, program: str, **streams: Any) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "PYTHONPATH": os.pathsep.join(map(str, (self.folder / "site", PROJECT))),
            "AIRFLOW_ENTRA_SIGN_ON": str(self.folder / "sign-on.json"),
            "AIRFLOW_ENTRA_SESSION_KEY": SECRET * 3,
            "AIRFLOW_ENTRA_CLIENT_SECRET": SECRET,
            "HTTPS_PROXY": "http://127.0.0.1:9",  # discard: nobody listens
        }
        command = [sys.executable, "-P", "-m", *PROGRAMS[program]]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.Popen(command, cwd=self.folder, env=environment, **streams)

    def run(self, program: str, stdout: IO[Any] | int = subprocess.PIPE) -> tuple[int, str]:
        """The exit code, and what is said."""
        with self.start(program, stdout=stdout) as process:
            said, complained = process.communicate(timeout=60)
        return process.returncode, ((said or b"") + complained).decode()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name in ("bin", "site/airflow/providers/fab/auth_manager"):
        (tmp_path / name).mkdir(parents=True)
    airflow = tmp_path / "site" / "airflow"
    for package in (airflow, airflow / "providers", airflow / "providers/fab", airflow / "providers/fab/auth_manager"):
        (package / "__init__.py").write_text("__version__ = '3.3.2'\n")
    (airflow / "settings.py").write_text(_AIRFLOW)
    (airflow / "providers/fab/auth_manager/models.py").write_text("User = Role = object\n")
    (tmp_path / "sign-on.json").write_text(json.dumps(document()))
    links = {"schema": 1, "tenantId": TENANT, "reviewedBy": "Mona", "links": []}
    (tmp_path / "links.json").write_text(json.dumps(links))
    return Place(tmp_path)


def in_a_line(ended: tuple[int, str], code: int, *said: str) -> None:
    assert ended[0] == code, ended[1]
    assert ended[1].strip()
    assert not re.search(r"Traceback|Exception ignored|\b\w+(Error|Exception)\b", ended[1]), ended[1]
    assert "a mistake of this program's own" not in ended[1]
    assert SECRET not in ended[1]
    for words in said:
        assert words in ended[1]


def has_pulumi(place: Place, script: str) -> None:
    """A `pulumi` with its language host that answers every call so."""
    for name in ("pulumi", "pulumi-language-python", "pulumi-language-python-exec"):
        file = place.folder / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)


@in_airflow
def test_the_database_is_away(place: Place, program: str) -> None:
    code, said = place.run(program)
    assert code == (1 if program == "the watcher" else 2)
    assert "unable to open database file" in said
    assert "Traceback" not in said
    assert SECRET not in said


@in_airflow
def test_there_is_no_airflow(place: Place, program: str) -> None:
    (place.folder / "site" / "airflow").rename(place.folder / "site" / "elsewhere")
    in_a_line(place.run(program), 2, "run it with the Python that has Airflow")


@pytest.mark.parametrize("content", [None, b"\xff", b"{", b"[]", b"{}"])
@in_airflow
def test_the_sign_on_file_is_none(place: Place, program: str, content: bytes | None) -> None:
    file = place.folder / "sign-on.json"
    file.unlink()
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    in_a_line(place.run(program), 2, str(file))


@pytest.mark.parametrize("content", [None, b"\xff", b"{", b"[]", b"{}"])
def test_the_links_are_none(place: Place, content: bytes | None) -> None:
    file = place.folder / "links.json"
    file.unlink()
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    in_a_line(place.run("users linked to people"), 2, "links.json")


@pytest.mark.parametrize("program", ["the tenant's clock", "the tenant's faults"])
def test_the_tenants_folder_is_none(place: Place, program: str) -> None:
    (place.folder / "tenant").write_text("a file")
    in_a_line(place.run(program), 2, "entra_local: ", "tenant")
    (place.folder / "tenant").unlink()
    (place.folder / "tenant").mkdir()
    (place.folder / "tenant" / "tenant.sqlite").write_text("This is no database. " * 100)
    in_a_line(place.run(program), 2, "entra_local: ", "not a database")


def test_the_engines_cache_is_none(place: Place) -> None:
    (place.folder / ".cache").write_text("a file")
    in_a_line(place.run("the engine"), 2, "engine: ", ".cache")


@prints
def test_nobody_reads_the_result(place: Place, program: str) -> None:
    has_pulumi(place, "echo v3.256.0")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        in_a_line(place.run(program, stdout), 141)


@prints
def test_the_disk_is_full(place: Place, program: str) -> None:
    has_pulumi(place, "echo v3.256.0")
    with Path("/dev/full").open("w") as stdout:
        in_a_line(place.run(program, stdout), 2, "No space left on device")


@pytest.mark.parametrize("program", ["what Airflow wrote down", "users linked to people"])
def test_ctrl_c_while_it_reads(place: Place, program: str) -> None:
    pipe = place.folder / "sign-on.json"
    pipe.unlink()
    os.mkfifo(pipe)
    with place.start(program) as process, pipe.open("wb"):
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1].decode()
    in_a_line((process.returncode, said), 130, "interrupted")


def test_ctrl_c_while_the_engine_is_looked_for(place: Place) -> None:
    at_work, more = place.folder / "at-work", place.folder / "more"
    for pipe in (at_work, more):
        os.mkfifo(pipe)
    has_pulumi(place, f"echo > {at_work}; exec cat {more}")
    with place.start("the engine") as process:
        at_work.read_text()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1].decode()
    in_a_line((process.returncode, said), 130, "interrupted")
