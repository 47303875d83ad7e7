"""What goes wrong when Pulumi runs, and when another try may go better.

What goes wrong with Azure is often over soon: Pulumi is run again then, where that can do no harm.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar

from airflow_entra.errors import AnswerError

PAUSES = (2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try."""
_LOCKED = "the stack is currently locked"
"""In Pulumi's words: another process has the stack, or had it when it was killed."""
_TORN = "failed to load checkpoint"
"""In Pulumi's words: the state was being written when it was killed."""

_PASSING = re.compile(
    r"\b(429|50[0234])\b|AADSTS90033|can't be reached|no answer|timed? ?out|Disconnected|EOF"
    r"|connection (is closing|reset|refused)|(Read|Connect|RemoteProtocol)Error|TooManyRequests",
    re.IGNORECASE,
)
"""In the words of Graph, Azure, their providers and httpx."""

T = TypeVar("T")


class PulumiError(AnswerError):
    """Pulumi ended with an error: what it said, in one line and without secrets."""

    @property
    def passing(self) -> bool:
        """Whether another try may go better."""
        return passes(str(self))

    @property
    def torn(self) -> bool:
        """Whether the state can't be read because its last writer was killed."""
        return _TORN in str(self)


class NoPulumiError(PulumiError):
    """There is no `pulumi` to run."""

    def __init__(self) -> None:
        super().__init__(
            "there is no pulumi on PATH. Install it (https://www.pulumi.com/docs/install/), or stay on the local "
            "tenant, which brings its own: the same command after `airflow-entra local run --`"
        )


class NoSuchStackError(PulumiError):
    """The backend has no such stack."""


class LockedError(PulumiError):
    """Another process of Pulumi has the stack, or had it when it was killed."""

    @property
    def passing(self) -> bool:
        return False


def passes(reason: str) -> bool:
    """Whether another try may go better than the one that ended for this reason. One that is locked out won't soon."""
    return _LOCKED not in reason and _PASSING.search(reason) is not None


def patiently(work: Callable[[], T], say: Callable[[str], None], sleep: Callable[[float], None] | None = None) -> T:
    """What `work` returns in the end. Raises its last PulumiError, or the first that doesn't pass."""
    for pause in PAUSES:
        try:
            return work()
        except PulumiError as error:
            if not error.passing:
                raise
            say(f"  {error}; trying again in {pause:.0f} s")
            (sleep or time.sleep)(pause)
    return work()
