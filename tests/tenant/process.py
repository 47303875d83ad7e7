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

import httpx

from entra_local.wire import JsonObject

_PATIENCE = 30.0
"""Seconds. It is ready within one; a loaded machine may need more."""


@dataclass(frozen=True)
class Served:
    """A running tenant."""

    process: "subprocess.Popen[str]"
    http_port: int
    proxy_port: int
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

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.proxy_port}"

    def ssl_context(self) -> ssl.SSLContext:
        """Trusts the tenant's authority and nothing else, as strictly as Python can."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def client(self) -> httpx.Client:
        return httpx.Client(proxy=self.proxy, verify=self.ssl_context(), trust_env=False)


@contextmanager
def served(state: Path, *, killed: bool = False) -> Iterator[Served]:
    """Serve a state folder on free ports until the block ends; unless the block kills it, it must then end well."""
    with subprocess.Popen(command("serve", state), stderr=subprocess.PIPE, text=True) as process:
        try:
            ready = _ready(process, state / "ready.json")
            yield Served(process, ready["httpPort"], ready["proxyPort"], ready["caFile"])
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, errors) == (-9 if killed else 0, "")


def seed(state: Path, content: JsonObject) -> None:
    """Seed a state folder as a user does."""
    subprocess.run(command("seed", state), input=json.dumps(content), text=True, check=True, timeout=_PATIENCE)


def refused(name: str, state: Path, *arguments: str, content: str = "{}") -> str:
    """The one line with which a command that can't work ends, with exit code 2."""
    ended = subprocess.run(
        command(name, state, *arguments), input=content, text=True, capture_output=True, timeout=_PATIENCE
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1), ended
    return ended.stderr


def command(name: str, state: Path, *arguments: str) -> list[str]:
    """The command line of the tenant."""
    return [sys.executable, "-m", "entra_local", name, "--state", str(state), *arguments]


def _ready(process: "subprocess.Popen[str]", file: Path) -> JsonObject:
    """What the process writes when it listens: waits for that, or for its end."""
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        if file.exists():
            ready: JsonObject = json.loads(file.read_text())
            # A killed process leaves its file behind.
            if ready["pid"] == process.pid:
                return ready
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        break
    process.kill()
    raise AssertionError(f"the tenant did not start: exit code {process.poll()}")
