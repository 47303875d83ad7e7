"""Previews several stacks at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from airflow_entra.preview.engine import Engine
from airflow_entra.preview.result import StackPreview
from airflow_entra.pulumi.family import Family
from airflow_entra.pulumi.trouble import PAUSES


@dataclass(frozen=True)
class Progress:
    """Who is told as it goes: a stack begins, failed and begins again in so many seconds, has ended."""

    started: Callable[[str], None] = lambda _: None
    again: Callable[[StackPreview, float], None] = lambda *_: None
    ended: Callable[[StackPreview], None] = lambda _: None


_GRACE_SECONDS = 8.0
"""A preview makes nothing: one that doesn't end by then is killed."""


def preview_all(engines: Sequence[Engine], jobs: int, progress: Progress) -> list[StackPreview]:
    """Stacks in the order given, `jobs` of them at a time. What fails for something that is over soon is repeated.

    Raises NoPulumiError, and Interrupted after a signal, when every preview has ended.
    """
    family = Family(grace=_GRACE_SECONDS)
    for engine in engines:
        engine.pulumi.family = family
    with family.listening(), ThreadPoolExecutor(jobs) as pool:
        previews = [pool.submit(_preview, engine, progress) for engine in engines]
        try:
            return [preview.result() for preview in previews]
        finally:
            pool.shutdown(cancel_futures=True)


def _preview(engine: Engine, progress: Progress) -> StackPreview:
    progress.started(engine.pulumi.stack)
    found = engine.preview()
    for pause in PAUSES:
        if not found.passing:
            break
        progress.again(found, pause)
        engine.pulumi.family.pause(pause)
        found = engine.preview()
    progress.ended(found)
    return found
