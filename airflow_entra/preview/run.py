"""Previews several stacks at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from airflow_entra.preview.engine import Engine
from airflow_entra.preview.result import StackPreview
from airflow_entra.pulumi.trouble import PAUSES


@dataclass(frozen=True)
class Progress:
    """Who is told as it goes: a stack begins, failed and begins again in so many seconds, has ended."""

    started: Callable[[str], None] = lambda _: None
    again: Callable[[StackPreview, float], None] = lambda *_: None
    ended: Callable[[StackPreview], None] = lambda _: None


def preview_all(engines: Mapping[str, Engine], jobs: int, progress: Progress) -> list[StackPreview]:
    """Stacks, each by its engine, in the order given, `jobs` of them at a time. What fails for something that is over
    soon is repeated.

    Raises NoPulumiError, and Interrupted after a signal, when every preview has ended.
    """
    family = next(iter(engines.values())).family
    with family.listening(), ThreadPoolExecutor(jobs) as pool:
        previews = [
            pool.submit(_preview, replace(engine, family=family), stack, progress) for stack, engine in engines.items()
        ]
        try:
            return [preview.result() for preview in previews]
        finally:
            pool.shutdown(cancel_futures=True)


def _preview(engine: Engine, stack: str, progress: Progress) -> StackPreview:
    progress.started(stack)
    found = engine.preview(stack)
    for pause in PAUSES:
        if not found.passing:
            break
        progress.again(found, pause)
        engine.family.pause(pause)
        found = engine.preview(stack)
    progress.ended(found)
    return found
