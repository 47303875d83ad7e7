"""Runs `airflow-entra` as a process of its own without starting Python each time: a server that has it imported forks.

The child has the descriptors, environment and folder that it is given and ends as Python ends, so that closed pipes,
full disks and signals are real.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_MOST = 2**20
_LONGEST = 120.0
"""Seconds: a command that is waited for this long hangs."""
_PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


class Running:
    """A command at work."""

    def __init__(self, connection: socket.socket, pid: int, out: IO[bytes], err: IO[bytes]) -> None:
        self._connection, self._pid, self._out, self._err = connection, pid, out, err
        self._code: int | None = None

    def interrupt(self) -> None:
        """Ctrl-C, as this process alone hears it."""
        os.kill(self._pid, signal.SIGINT)

    def said(self) -> str:
        """What is on standard error so far."""
        return os.pread(self._err.fileno(), _MOST, 0).decode()

    def ended(self) -> Ended:
        """Wait for its end. Minus N is signal N."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(json.loads(self._connection.recv(_MOST)))
        return Ended(self._code, _text(self._out), _text(self._err))

    def kill(self) -> None:
        """See to it that it has ended."""
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            self.ended()


class Forking:
    """The server's client: one command at a time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    @contextmanager
    def started(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        stdin: IO[Any] | None = None,
        stdout: IO[Any] | None = None,
    ) -> Iterator[Running]:
        """`stdout` takes the place of a file that is read afterwards."""
        request = {"arguments": list(arguments), "env": dict(env), "folder": str(folder)}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open() as nothing:
            streams = [(stdin or nothing).fileno(), (stdout or out).fileno(), err.fileno()]
            socket.send_fds(self._connection, [json.dumps(request).encode()], streams)
            running = Running(self._connection, json.loads(self._connection.recv(_MOST)), out, err)
            try:
                yield running
            finally:
                running.kill()

    def run(
        self, arguments: Sequence[str], env: Mapping[str, str], folder: Path, stdout: IO[Any] | None = None
    ) -> Ended:
        with self.started(arguments, env, folder, stdout=stdout) as running:
            return running.ended()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "backslashreplace")


@contextmanager
def forking(**environment: str) -> Iterator[Forking]:
    """A server that was started in this environment: what Python reads of it, such as encodings, stays."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_LONGEST)
    with ours, theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.forking", str(theirs.fileno())],
            env={**os.environ, **environment},
            cwd=_PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # no file, so that the child doesn't take its own for one that can be sought in
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        try:
            yield Forking(ours)
        finally:
            ours.close()
            server.communicate(timeout=30)


def _serve(connection: socket.socket) -> list[str] | None:
    """In the server None, when nobody asks any more; in each child the arguments of its command."""
    while True:
        asked, descriptors, _, _ = socket.recv_fds(connection, _MOST, 3)
        if not asked:
            return None
        pid = os.fork()
        if pid == 0:
            connection.close()
            for standard, given in enumerate(descriptors):
                os.dup2(given, standard)
                os.close(given)
            request = json.loads(asked)
            os.environ.clear()
            os.environ.update(request["env"])
            os.chdir(request["folder"])
            return list(request["arguments"])
        for descriptor in descriptors:
            os.close(descriptor)
        connection.send(json.dumps(pid).encode())
        _, status = os.waitpid(pid, 0)
        connection.send(json.dumps(status).encode())


def _main() -> None:
    import gc
    from contextlib import redirect_stdout, suppress
    from io import StringIO

    import httpx  # noqa: F401

    import airflow_entra.directory.credentials  # noqa: F401
    from airflow_entra.cli import main
    from airflow_entra.cli.reference import reference
    from airflow_entra.federation import issuer
    from airflow_entra_auth.graph import patience

    reference()  # imports every command, and these what they use
    for used in (["graph"], ["diff", "stacks", "."], ["explain", "--stack", "prod", "--group", "a"]):
        with redirect_stdout(StringIO()), suppress(SystemExit):
            main(used)
    gc.freeze()
    issuer._TRIES = 1
    patience._jitter = lambda pause: 0.0  # that an unreachable directory is asked again is others' concern
    arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    if arguments is not None:
        main(arguments, prog_name="airflow-entra")


if __name__ == "__main__":
    _main()
