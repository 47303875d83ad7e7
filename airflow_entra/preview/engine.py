"""Runs `pulumi preview` of one stack and reads what it says; whoever cancels it leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from airflow_entra.errors import UserError
from airflow_entra.preview.events import Events
from airflow_entra.preview.result import StackPreview
from airflow_entra.pulumi.elsewhere import Elsewhere
from airflow_entra.pulumi.scrub import Scrub

NO_SUCH_STACK = 6
"""The CLI's exit code where the backend has no such stack; part of its contract, as all its codes are."""
POLICIES = "policies"

_LINE_BYTES = 256 * 2**20
_GRACE_SECONDS = 8
_STREAM = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
_COMMON = ("--non-interactive", "--color", "never")


class NoEngineError(UserError):
    """There is no `pulumi` to run; the message says how to get one."""


@dataclass(frozen=True)
class Engine:
    """How previews are run: in `folder` (where Pulumi.yaml is), with this environment."""

    folder: Path
    environment: Mapping[str, str]
    policies: bool = True
    refresh: bool = False

    async def preview(self, stack: str) -> StackPreview:
        """One stack. One that the backend doesn't have is previewed from nothing, in a backend made for it alone.

        Raises NoEngineError.
        """
        began = time.monotonic()
        code, events = await self._run(self._arguments(stack), self.folder, self.environment)
        if code != NO_SUCH_STACK:
            return events.result(stack, code, new=False, seconds=time.monotonic() - began)
        with Elsewhere.made_for(self.folder, stack, self.environment) as elsewhere:
            there = elsewhere.folder, elsewhere.environment
            made = ["stack", "init", stack, "--no-select", "--non-interactive"]
            code, events = await self._run(made, *there)
            if code == 0:
                code, events = await self._run(self._arguments(stack), *there)
        return events.result(stack, code, new=True, seconds=time.monotonic() - began)

    def _arguments(self, stack: str) -> list[str]:
        return [
            *("preview", "--json", "--stack", stack, *_COMMON),
            *(["--policy-pack", str(self.folder.absolute() / POLICIES)] if self.policies else []),
            *(["--refresh"] if self.refresh else []),
        ]

    async def _run(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, Events]:
        events = Events(Scrub(environment))
        try:
            process = await asyncio.create_subprocess_exec(
                "pulumi",
                *arguments,
                cwd=folder,
                env={**environment, **_STREAM},
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                limit=_LINE_BYTES,
                start_new_session=True,  # Ctrl-C reaches this process alone, which then ends its children in order
            )
        except FileNotFoundError:
            raise NoEngineError(_NO_ENGINE) from None
        over = asyncio.gather(_events(process, events), _complaints(process, events), process.wait())
        try:
            await asyncio.shield(over)
        finally:
            if not over.done() or process.returncode is None:
                await _end(process)
                await asyncio.gather(over, return_exceptions=True)
        return int(process.returncode or 0), events


_NO_ENGINE = (
    "there is no pulumi on PATH. Install it (https://www.pulumi.com/docs/install/), or preview on the local tenant, "
    "which brings its own: airflow-entra local run -- airflow-entra preview --all"
)


async def _events(process: Process, events: Events) -> None:
    assert process.stdout  # noqa: S101 - for the types
    async for line in process.stdout:
        events.read(line.decode("utf-8", "replace"))


async def _complaints(process: Process, events: Events) -> None:
    assert process.stderr  # noqa: S101 - for the types
    async for line in process.stderr:
        events.complain(line.decode("utf-8", "replace"))


async def _end(process: Process) -> None:
    """Ask the engine to end, which ends its plugins; where it doesn't, end all of them.

    Somebody has to go on reading what it says: an engine whose pipe is full never comes to its end.
    """
    family = _family(process.pid)
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGINT)
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(process.wait()), _GRACE_SECONDS)
    for each in [*family, *(_family(process.pid) if process.returncode is None else [])]:
        with suppress(psutil.NoSuchProcess):
            each.kill()  # psutil knows by its start whether a process id went to another
    await process.wait()


def _family(pid: int) -> list[psutil.Process]:
    try:
        engine = psutil.Process(pid)
        return [*engine.children(recursive=True), engine]
    except psutil.NoSuchProcess:
        return []
