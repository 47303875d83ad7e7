"""The tenant as a process of its own, and a client that reaches it as production reaches Azure."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from entra_local.wire import JsonObject

_PATIENCE = 20.0
"""Seconds to wait for a start: the bar of one second is bench's to hold, not a busy machine's test."""


class Served:
    """A running process and what it wrote when it was ready."""

    def __init__(self, process: "subprocess.Popen[str]", ready: JsonObject) -> None:
        self.process = process
        self.http_port = int(ready["httpPort"])
        self.proxy_port = int(ready["proxyPort"])
        self.ca_file = str(ready["caFile"])

    @property
    def environment(self) -> dict[str, str]:
        """What `local run` sets for a program."""
        proxy = f"http://127.0.0.1:{self.proxy_port}"
        return {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": self.ca_file, "REQUESTS_CA_BUNDLE": self.ca_file}

    def client(self) -> httpx.Client:
        """A client through the proxy that trusts the tenant's CA and nothing else."""
        import ssl

        trust = ssl.create_default_context(cafile=self.ca_file)
        trust.verify_flags |= ssl.VERIFY_X509_STRICT
        return httpx.Client(proxy=f"http://127.0.0.1:{self.proxy_port}", verify=trust, trust_env=False)


def command(*arguments: str) -> list[str]:
    """The command line of the tenant."""
    return [sys.executable, "-m", "entra_local", *arguments]


def seed(state: Path, content: JsonObject) -> None:
    """Seed a state folder, as a process of its own."""
    subprocess.run(command("seed", "--state", str(state)), input=json.dumps(content), text=True, check=True)


@contextmanager
def served(state: Path, *arguments: str) -> Iterator[Served]:
    """Serve a state folder until the block ends."""
    process = subprocess.Popen(command("serve", "--state", str(state), *arguments), stderr=subprocess.PIPE, text=True)
    try:
        yield Served(process, _wait_until_ready(state, process))
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE)


def _wait_until_ready(state: Path, process: "subprocess.Popen[str]") -> JsonObject:
    path = state / "ready.json"
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if path.exists():
            ready: JsonObject = json.loads(path.read_text())
            # A killed process leaves its file behind.
            if ready["pid"] == process.pid:
                return ready
        if process.poll() is not None:
            break
        # Polling, not synchronisation: the file appears whole or not at all.
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"not ready: {process.communicate()[1]}")
