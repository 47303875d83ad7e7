"""The tenant as a process of its own, as `airflow-entra local` runs it."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from entra_local.wire import JsonObject

_PATIENCE = 30.0
"""Seconds. It is ready within one; a loaded machine may need more."""


@dataclass(frozen=True)
class Process:
    """A running tenant."""

    state: Path
    proxy: str
    http: str
    ca_file: str

    @property
    def environment(self) -> dict[str, str]:
        """What sends a client's requests through the proxy, and makes it trust the tenant's authority."""
        return {
            "HTTPS_PROXY": self.proxy,
            "https_proxy": self.proxy,
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
            "SSL_CERT_FILE": self.ca_file,
            "REQUESTS_CA_BUNDLE": self.ca_file,
        }

    def ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


@contextmanager
def serving(state: Path) -> Iterator[Process]:
    """Serve a state folder on free ports until the block ends; the process must then end well."""
    command = [sys.executable, "-m", "entra_local", "serve", "--state", str(state)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            ready = _ready(process, state / "ready.json")
            proxy, http = (f"http://127.0.0.1:{ready[port]}" for port in ("proxyPort", "httpPort"))
            yield Process(state, proxy, http, ready["caFile"])
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, errors) == (0, "")


def seed(state: Path, content: JsonObject) -> None:
    """Seed a state folder as a user does."""
    command = [sys.executable, "-m", "entra_local", "seed", "--state", str(state)]
    subprocess.run(command, input=json.dumps(content), text=True, check=True, timeout=_PATIENCE)


def _ready(process: subprocess.Popen[str], file: Path) -> JsonObject:
    """What the process writes when it listens: waits for that, or for its end."""
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        if file.exists():
            ready: JsonObject = json.loads(file.read_text())
            return ready
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"the tenant did not start: exit code {process.poll()}")
