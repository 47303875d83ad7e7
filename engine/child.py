"""Child processes of the language host: each ends with it, and their output can be followed as it comes."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Literal

_CHUNK_BYTES = 65536

Channel = Literal["stdout", "stderr"]


class Children:
    """The processes that this one has started and not yet seen end.

    Each gets the reading end of one pipe as its standard input; nobody but this process has the writing end, so that
    what engine.tethered runs ends when this process ends, however it does.
    """

    def __init__(self) -> None:
        self._running: set[Process] = set()
        self._rope, self._held_end = os.pipe()

    @asynccontextmanager
    async def start(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: str | None = None, piped: bool = False
    ) -> AsyncIterator[Process]:
        """Start a command; leaving the context ends it. Its output goes where this process's does, unless `piped`.

        Raises OSError when it can't be started.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder or None,
            env=environment,
            stdin=self._rope,
            stdout=PIPE if piped else None,
            stderr=PIPE if piped else None,
        )
        self._running.add(process)
        try:
            yield process
        finally:
            self._running.discard(process)
            if process.returncode is None:
                _ask_to_end(process)
                await process.wait()

    def stop(self) -> None:
        """Ask every child to end."""
        for process in self._running:
            _ask_to_end(process)


def _ask_to_end(process: Process) -> None:
    # Not process.terminate(): it first asks whether the child has ended just now, and so takes the exit code away from
    # asyncio, which then reports 255 and says on stderr that it doesn't know the child.
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)


async def follow(process: Process, write: Callable[[Channel, bytes], Awaitable[None]]) -> None:
    """Write what a piped process says, as it comes and one chunk at a time, until it has closed both channels."""
    turn = asyncio.Lock()

    async def follow_one(channel: Channel, stream: asyncio.StreamReader | None) -> None:
        while stream and (chunk := await stream.read(_CHUNK_BYTES)):
            async with turn:
                await write(channel, chunk)

    async with asyncio.TaskGroup() as both:
        both.create_task(follow_one("stdout", process.stdout))
        both.create_task(follow_one("stderr", process.stderr))


def how_it_ended(code: int) -> str:
    """The exit code of a failed process as words. `code` is negative for a signal, as in asyncio and subprocess."""
    if code >= 0:
        return f"exited with non-zero exit code: {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"was ended by signal {name}"
