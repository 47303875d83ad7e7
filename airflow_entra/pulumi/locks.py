"""Locks that a Pulumi process left in a folder backend when it was killed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Lock:
    """One lock file of the backend: who holds the stack, and since when."""

    file: Path
    pid: int
    hostname: str
    taken: datetime

    @property
    def stale(self) -> bool:
        """True where its process ran on this machine and is gone, even if its number was given to another."""
        if self.hostname != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            return process.create_time() > self.taken.timestamp() + 1
        except psutil.NoSuchProcess:
            return True


def locks(backend: Path, project: str, stack: str) -> Iterator[Lock]:
    """The locks on a stack of a folder backend (`file://...`), in no order. An unreadable one counts as this host's."""
    folder = backend / ".pulumi" / "locks" / "organization" / project / stack
    for file in folder.glob("*.json"):
        try:
            content = json.loads(file.read_text())
            taken = datetime.fromisoformat(content["timestamp"])
            yield Lock(file, int(content["pid"]), content["hostname"], taken)
        except FileNotFoundError:
            continue
        except (ValueError, KeyError):
            written = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
            yield Lock(file, 0, socket.gethostname(), written)
