"""Starts, finds and stops Airflow's processes; they outlive the command that started them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from airflow_entra.errors import UserError, shown
from airflow_entra.files import write_private
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.local.processes import living, only_one, read_record

START_SECONDS = 120
STOP_SECONDS = 10
_TAIL_LINES = 25

PARTS = {2: ("webserver", "scheduler"), 3: ("api-server", "scheduler", "dag-processor")}
"""The processes of an Airflow by major version, the server first."""

WATCH = "watch"
"""What follows the tenant's changes beside Airflow: no command of Airflow's own."""

_MONITOR = re.compile(r"Metrics and health at (http://127\.0\.0\.1:[0-9]+)")
_OPTIONS = {"scheduler": ("--skip-serve-logs",)}  # it would serve task logs on every address of this machine
_HEALTH = {2: "/health", 3: "/api/v2/monitor/health"}
_BASE_URL = {2: "AIRFLOW__WEBSERVER__BASE_URL", 3: "AIRFLOW__API__BASE_URL"}


@dataclass(frozen=True)
class RunningAirflow:
    """An Airflow that answers. `url` is its public base URL, `local_url` the same on this machine's port; `missing` are
    the parts that were started with it and have died."""

    home: AirflowHome
    url: str
    local_url: str
    pids: Mapping[str, int]
    missing: tuple[str, ...] = ()

    def stop(self) -> None:
        stop(self.home.folder)


def running(home: AirflowHome) -> RunningAirflow | None:
    """The Airflow of this home, or None where its server doesn't live."""
    record = read_record(home.record)
    if record is None or url_in(home.folder) is None:
        return None
    alive = {part["name"]: part["pid"] for part in record["parts"] if living(part)}
    return RunningAirflow(home, record["url"], record["localUrl"], alive, missing_in(home.folder))


def missing_in(folder: Path) -> tuple[str, ...]:
    """The parts of an Airflow that were started in this folder, not stopped, and don't live."""
    record = read_record(folder / "process.json")
    return tuple(part["name"] for part in record["parts"] if not living(part)) if record else ()


def freshness(folder: Path) -> str:
    """How fresh Airflow is, in the words of the watcher that was started in this folder; empty where it is silent."""
    try:
        address = _MONITOR.findall((folder / "logs" / f"{WATCH}.log").read_text("utf-8", "replace"))[-1]
        return httpx.get(f"{address}/fresh", trust_env=False, timeout=2).text.strip()
    except (OSError, IndexError, httpx.HTTPError):
        return ""


def url_in(folder: Path) -> str | None:
    """The public base URL of the Airflow that runs in this folder, or None where its server doesn't live."""
    record = read_record(folder / "process.json")
    server = record["parts"][0] if record and record["parts"] else None
    return str(record["url"]) if record and server and living(server) else None


def start(
    home: AirflowHome,
    port: int,
    configured: Mapping[str, str],
    *,
    private: Mapping[str, str] = {},
    watcher: Mapping[str, str] = {},
    inherited: Mapping[str, str] | None = None,
    parts: Sequence[str] | None = None,
) -> RunningAirflow:
    """Migrate the database, start Airflow on 127.0.0.1:`port` and wait until it answers; or find it running, and start
    the parts of it that have died.

    `configured` is added to the home's own environment, the base URL with it (`http://localhost:<port>` unless said);
    `private` to that of the server and the watcher alone, `watcher` to the watcher's after it;
    `parts` names the processes (`PARTS` unless given). Raises `UserError` where the port is taken, and with the log's
    last lines where one of them dies.
    """
    home.prepare()
    with only_one(home.folder / "start.lock"):
        variable = _BASE_URL[home.major]
        url = configured.get(variable, f"http://localhost:{port}").rstrip("/")
        local_url = f"http://localhost:{port}{urlsplit(url).path}"
        environment = home.environment(port, inherited) | {variable: url} | dict(configured)
        if home.major == 3:  # tasks call the server on this machine, whatever its public name is
            environment |= {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{local_url}/execution/"}
        server, *others = parts or PARTS[home.major]
        own = {server: dict(private), WATCH: {**private, **watcher}}
        found = running(home)
        if found is not None:
            return _completed(found, environment, own)
        stop(home.folder)  # what a killed one left behind
        must_be_free(port)
        _migrate(home, environment)
        started: dict[str, subprocess.Popen[bytes]] = {}
        record: dict[str, Any] = {"url": url, "localUrl": local_url, "parts": []}
        try:
            _spawn(home, server, environment | own[server], started, record)
            _wait(home, started, f"{local_url}{_HEALTH[home.major]}")
            for part in others:  # after the server: a person can sign in meanwhile
                _spawn(home, part, environment | own.get(part, {}), started, record)
        except BaseException:
            stop(home.folder)
            raise
        finally:
            for process in started.values():
                process.returncode = 0  # they outlive this process on purpose; Popen would complain
        return RunningAirflow(home, url, local_url, {name: process.pid for name, process in started.items()})


def stop(*folders: Path) -> int:
    """Stop what runs in Airflows' folders, children included, and wait until it is gone; in how many something ran."""
    records = {folder: record for folder in folders if (record := read_record(folder / "process.json"))}
    ours = {folder: _sessions(record, folder) for folder, record in records.items()}
    leaders = {part["pid"] for record in records.values() for part in record["parts"]}
    everything = [process for processes in ours.values() for process in processes]
    _end([process for process in everything if process.pid in leaders])  # they end their own children
    _end([process for folder, record in records.items() for process in _sessions(record, folder)])
    for folder in records:
        (folder / "process.json").unlink(missing_ok=True)
    return sum(bool(processes) for processes in ours.values())


def _completed(
    found: RunningAirflow, environment: Mapping[str, str], own: Mapping[str, Mapping[str, str]]
) -> RunningAirflow:
    """Its dead parts started again, in the environment of all, and by a part's name its own."""
    record, started = read_record(found.home.record), dict[str, subprocess.Popen[bytes]]()
    if record is None or not found.missing:
        return found
    record["parts"] = [part for part in record["parts"] if part["name"] not in found.missing]
    try:
        for part in found.missing:
            _spawn(found.home, part, {**environment, **own.get(part, {})}, started, record)
    finally:
        for process in started.values():
            process.returncode = 0  # as in `start`
    pids = {**found.pids, **{name: process.pid for name, process in started.items()}}
    return replace(found, pids=pids, missing=())


def _end(processes: list[psutil.Process]) -> None:
    """Ask them to end, and make those that don't."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, STOP_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, STOP_SECONDS)


def must_be_free(port: int) -> None:
    """Raises UserError where somebody listens there: another server's answer would pass for ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(f"Airflow can't listen on port {port}: {error.strerror}; --port takes another") from None


def _migrate(home: AirflowHome, environment: Mapping[str, str]) -> None:
    """Only where this very environment has not done it: it takes 5 s and changes nothing."""
    done = home.folder / "migrated"
    if done.is_file() and done.read_text() == str(home.python) and (home.folder / "airflow.db").is_file():
        return
    log = home.logs / "migrate.log"
    with log.open("wb") as output:
        code = subprocess.run(
            [home.python, "-m", "airflow", "db", "migrate"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd=home.folder,
            check=False,
        ).returncode
    if code:
        raise UserError(f"`airflow db migrate` ended with {code}; {shown(log)} ends with:\n{_tail(log)}")
    done.write_text(str(home.python))


def _spawn(
    home: AirflowHome,
    part: str,
    environment: Mapping[str, str],
    started: dict[str, subprocess.Popen[bytes]],
    record: dict[str, Any],
) -> None:
    (home.folder / f"airflow-{part}.pid").unlink(missing_ok=True)
    again = any(living(other) for other in record["parts"])  # beside others that run: why it died stays in the log
    with (home.logs / f"{part}.log").open("ab" if again else "wb") as output:
        process = subprocess.Popen(
            [home.python, "-m", *_module(part)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd=home.folder,
            start_new_session=True,
        )
    started[part] = process
    record["parts"].append({"name": part, "pid": process.pid, "created": psutil.Process(process.pid).create_time()})
    write_private(home.record, json.dumps(record))


def _module(part: str) -> tuple[str, ...]:
    if part == WATCH:
        return ("airflow_entra_auth.watch", "--listen", "127.0.0.1:0")  # its log says which
    return ("airflow", part, *_OPTIONS.get(part, ()))


def _wait(home: AirflowHome, started: Mapping[str, subprocess.Popen[bytes]], health: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            for part, process in started.items():
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(0.1)
                    log = home.logs / f"{part}.log"
                    raise UserError(f"Airflow's {part} ended with {code}; {shown(log)} ends with:\n{_tail(log)}")
            with suppress(httpx.TransportError):
                if client.get(health).is_success:
                    return
    log = home.logs / f"{next(iter(started))}.log"
    raise UserError(
        f"Airflow did not answer at {health} within {START_SECONDS} s; {shown(log)} ends with:\n{_tail(log)}"
    )


def _sessions(record: Mapping[str, Any], folder: Path) -> list[psutil.Process]:
    """The recorded processes and all that they started, also where they are gone themselves: by the session's id.

    Some make process groups of their own, so a group is not enough; the folder that they run in proves that they are
    ours (their environment is no proof: some overwrite it with a title).
    """
    since = {part["pid"]: part["created"] - 1 for part in record["parts"]}
    here = str(folder.resolve())
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            session = os.getsid(process.pid)
            if (
                session in since
                and process.create_time() >= since[session]
                and process.status() != psutil.STATUS_ZOMBIE
                and process.cwd() == here
            ):
                found.append(process)
    return found


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
