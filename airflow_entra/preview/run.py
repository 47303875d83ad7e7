"""Previews several stacks at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from airflow_entra.errors import UserError
from airflow_entra.preview.engine import Engine, NoEngineError
from airflow_entra.preview.result import StackPreview
from airflow_entra.pulumi.trouble import PAUSES


@dataclass(frozen=True)
class Progress:
    """Who is told as it goes: a stack begins, failed and begins again in so many seconds, has ended."""

    started: Callable[[str], None] = lambda _: None
    again: Callable[[StackPreview, float], None] = lambda *_: None
    ended: Callable[[StackPreview], None] = lambda _: None


class InterruptedPreviewError(UserError):
    """A signal of this number came; every child has ended."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted ({signal.Signals(number).name}): every preview has ended, nothing is written")
        self.exit_code = 128 + number


def preview_all(engine: Engine, stacks: Sequence[str], jobs: int, progress: Progress) -> list[StackPreview]:
    """The stacks in the order given, `jobs` of them at a time. What fails for something that is over soon is repeated.

    Raises NoEngineError, and InterruptedPreviewError after SIGINT or SIGTERM.
    """
    return asyncio.run(_all(engine, stacks, jobs, progress))


async def _all(engine: Engine, stacks: Sequence[str], jobs: int, progress: Progress) -> list[StackPreview]:
    turn = asyncio.Semaphore(jobs)

    async def one(stack: str) -> StackPreview:
        async with turn:
            progress.started(stack)
            found = await engine.preview(stack)
            for pause in PAUSES:
                if not found.passing:
                    break
                progress.again(found, pause)
                await asyncio.sleep(pause)
                found = await engine.preview(stack)
        progress.ended(found)
        return found

    async def every() -> list[StackPreview]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(stack)) for stack in stacks]
        except* NoEngineError as none:
            raise none.exceptions[0] from None
        return [task.result() for task in tasks]

    came: list[int] = []
    work = asyncio.create_task(every())

    def stop(number: int) -> None:
        if not came:  # a second Ctrl-C must not keep the children from being ended
            work.cancel()
        came.append(number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, stop, number)
    try:
        return await work
    except asyncio.CancelledError:
        if came:
            raise InterruptedPreviewError(came[0]) from None
        raise
