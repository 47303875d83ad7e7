"""Times `make up` in a copy of the project, so that nobody's own `.local` is touched."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.local.world import own_environment
from bench.measure import Measured, measure
from bench.subjects import ROOT


@dataclass(frozen=True)
class MakeUp:
    """Each command whole: environment, tenant, deployment and summary."""

    cold: Measured | None
    """A fresh clone and an empty cache folder: the engine is built too. None where not asked for."""
    fresh_clone: Measured
    """A fresh clone; the engine is built already."""
    warm: Measured
    """The environment is there too; no tenant, no state."""
    again: Measured
    """Right after it: nothing changes."""


def measure_make_up(folder: Path, *, cold: bool) -> MakeUp:
    environment = own_environment(os.environ) | {"PORT": str(_free_ports())}
    measured_cold = _measure_cold(folder, environment) if cold else None
    clone = _clone(folder / "clone")
    try:
        fresh = measure(["make", "up"], clone, environment)
        subprocess.run(["make", "clean"], cwd=clone, env=environment, check=True, capture_output=True)
        warm = measure(["make", "up"], clone, environment)
        again = measure(["make", "up"], clone, environment)
    finally:
        subprocess.run(["make", "down"], cwd=clone, env=environment, check=False, capture_output=True)
    return MakeUp(measured_cold, fresh, warm, again)


def _measure_cold(folder: Path, environment: dict[str, str]) -> Measured:
    clone = _clone(folder / "cold")
    environment = environment | {"XDG_CACHE_HOME": str(folder / "cache")}
    try:
        return measure(["make", "up"], clone, environment)
    finally:
        subprocess.run(["make", "down"], cwd=clone, env=environment, check=False, capture_output=True)


def _clone(to: Path) -> Path:
    """The project as it is now, changes that aren't committed included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def _free_ports() -> int:
    """A port that is free and whose successor is too: the tenant's page and its proxy."""
    while True:
        with socket.socket() as page, socket.socket() as proxy:
            page.bind(("127.0.0.1", 0))
            port: int = page.getsockname()[1]
            try:
                proxy.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
