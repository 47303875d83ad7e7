"""A watcher beside a site: the process that `render` has an operator start."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.airflow.site import Site
from tests.airflow.waiting import until

STARTED = 60.0
"""Seconds: importing Airflow takes most of them."""


@dataclass
class Watcher:
    site: Site
    log_file: Path
    process: subprocess.Popen[bytes]
    _asked: str = field(default="", init=False)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def url(self) -> str:
        if not self._asked:
            pattern = re.compile(r"Metrics and health at (\S+)")
            found = until(lambda: self._living() and pattern.search(self.log), STARTED, "the watcher's address")
            assert found
            self._asked = found[1]
        return self._asked

    def metric(self, name: str) -> float:
        text = httpx.get(f"{self.url}/metrics", trust_env=False).text
        found = re.search(rf"^airflow_entra_watch_{name} (\S+)$", text, re.MULTILINE)
        assert found, text
        return float(found[1])

    def lives(self) -> httpx.Response:
        return httpx.get(f"{self.url}/healthz", trust_env=False)

    def fresh(self) -> httpx.Response:
        return httpx.get(f"{self.url}/fresh", trust_env=False)

    def leads(self) -> bool:
        return self._living() and self.metric("leading") == 1 and self.metric("rounds_total") > 0

    def wait(self) -> Watcher:
        """Until it has compared everybody and follows the changes."""
        until(self.leads, STARTED, "a first round")
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Its exit code."""
        self.process.terminate()
        return self.process.wait(20)

    def _living(self) -> bool:
        assert self.process.poll() is None, self.log
        return True


PROGRAM = ("-m", "airflow_entra_auth.watch")


def start(site: Site, name: str = "watch", *more: str, program: Sequence[str] = PROGRAM) -> Watcher:
    """The process, which may still be importing Airflow."""
    home = site.running.home
    log = home.logs / f"{name}.log"
    port = urlsplit(site.running.local_url).port or 80
    with log.open("wb") as output:
        process = subprocess.Popen(
            [home.python, *program, "--listen", "127.0.0.1:0", *more],
            env=home.environment(port) | dict(site.environment),
            cwd=home.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    return Watcher(site, log, process)


@contextmanager
def watching(site: Site, name: str = "watch", *more: str) -> Iterator[Watcher]:
    watcher = start(site, name, *more)
    try:
        yield watcher
    finally:
        with suppress(subprocess.TimeoutExpired):
            watcher.terminate()
        watcher.kill()
