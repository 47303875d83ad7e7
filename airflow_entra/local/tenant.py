"""Starts, finds and stops the local tenant, a process of its own that outlives the command that started it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from airflow_entra.errors import UserError, of_os_error, shown
from airflow_entra.files import write_private
from airflow_entra.local.processes import living, only_one, read_record
from airflow_entra.local.world import World, own_environment

START_SECONDS = 20
STOP_SECONDS = 10


@dataclass(frozen=True)
class Tenant:
    """A running local tenant."""

    pid: int
    http_port: int
    proxy_port: int
    ca_file: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.http_port}"

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.proxy_port}"


def running(world: World) -> Tenant | None:
    """The tenant of this world, or None; what a killed one left behind counts for nothing."""
    ready, record = read_record(world.tenant / "ready.json"), read_record(world.tenant / "process.json")
    if ready is None or record is None or ready["pid"] != record["pid"] or living(record) is None:
        return None
    return Tenant(
        pid=ready["pid"],
        http_port=ready["httpPort"],
        proxy_port=ready["proxyPort"],
        ca_file=Path(ready["caFile"]),
    )


def was_killed(world: World) -> bool:
    """True where a tenant was started and is gone without having been stopped."""
    record = read_record(world.tenant / "process.json")
    return record is not None and living(record) is None


def start(world: World, http_port: int) -> Tenant:
    """Start the tenant, or find it running. Its proxy takes the next port; port 0 takes any two free ones.

    Raises `UserError` where it can't listen, can't write its state or isn't ready within 20 s.
    """
    world.prepare()
    with only_one(world.home / "start.lock"):
        tenant = running(world)
        if tenant is not None:
            return tenant
        return _spawn(world, http_port)


def stop(world: World) -> bool:
    """Stop the tenant and wait until it is gone; its state stays. False where none was running."""
    record_file = world.tenant / "process.json"
    record = read_record(record_file)
    process = living(record) if record else None
    if process is not None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
    for leftover in (record_file, world.tenant / "ready.json"):
        leftover.unlink(missing_ok=True)
    return process is not None


def seed(world: World, content: dict[str, Any]) -> None:
    """Hand the tenant what exists before any program runs, once: it never forgets a seed.

    On standard input, so that no secret is in an argument.
    """
    text = json.dumps(content, sort_keys=True)
    known = world.tenant / "seeds" / hashlib.sha256(text.encode()).hexdigest()
    if known.exists():
        return
    tell(world, "seed", content=text)
    known.parent.mkdir(exist_ok=True)
    known.touch()


def tell(world: World, command: str, *arguments: str, content: str = "") -> str:
    """Run a command of the tenant on its state, also while it runs. Returns what it says.

    Raises `UserError` where it refuses.
    """
    world.prepare()
    done = subprocess.run(
        [world.python, "-m", "entra_local", command, "--state", world.tenant, *arguments],
        input=content,
        capture_output=True,
        text=True,
        env=own_environment(os.environ),
        check=False,
    )
    if done.returncode:
        raise UserError(f"the local tenant refused: {_last_line(done.stderr).removeprefix('entra_local: ')}")
    return done.stdout.strip()


def _spawn(world: World, http_port: int) -> Tenant:
    proxy_port = http_port + 1 if http_port else 0
    log = world.tenant / "log"
    ready = world.tenant / "ready.json"
    ready.unlink(missing_ok=True)
    command = [str(world.python), "-m", "entra_local", "serve", "--state", str(world.tenant)]
    command += ["--http-port", str(http_port), "--proxy-port", str(proxy_port)]
    process = None
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=own_environment(os.environ),
                start_new_session=True,
            )
        record = {"pid": process.pid, "created": psutil.Process(process.pid).create_time()}
        write_private(world.tenant / "process.json", json.dumps(record))
    except OSError as error:
        if process is not None:  # nobody could stop it later: its record was not written
            process.kill()
            process.wait()
        raise of_os_error(error, "start the local tenant", world.tenant) from error
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            tenant = running(world)
            if tenant is not None:
                process.returncode = 0  # it outlives this process on purpose; Popen would complain that nobody waits
                return tenant
            continue
        stop(world)
        reason = _last_line(log.read_text())
        elsewhere = "; --port N (make up PORT=N) takes another" if "in use" in reason else ""
        raise UserError(f"the local tenant did not start: {reason}{elsewhere}")
    stop(world)
    raise UserError(f"the local tenant was not ready after {START_SECONDS} s; its log is {shown(log)}")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
