"""When a request is sent again, and for how long in all."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from airflow_entra_auth.graph.errors import Cancelled

THROTTLED = frozenset({429, 503})
"""Nothing was done: any request may be sent again."""
UNCLEAR = frozenset({500, 502, 504})
"""Something may have been done: only a request that may be done twice is sent again."""
UNCLEAR_TRIES = 4
"""How often such a request is sent in all. With one in twenty failing, all four fail once in 160,000."""


class Patience:
    """The waiting of one call: at most `budget` seconds of it. `sleep` stands for the clock in tests."""

    def __init__(
        self, budget: float, cancel: threading.Event | None = None, sleep: Callable[[float], object] | None = None
    ) -> None:
        self._left, self._cancel = budget, cancel
        self._sleep = sleep or (cancel.wait if cancel else time.sleep)
        self._throttled = self._unclear = 0

    def check(self) -> None:
        """Raises Cancelled, where somebody asked for it."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled

    def after_throttling(self, retry_after: float | None) -> bool:
        """Waits as long as Graph says, or longer each time; False where the budget is spent. Raises Cancelled."""
        self._throttled += 1
        # Full jitter around 1, 2, 4 ... 32 s: many clients that were throttled together don't return together.
        return self._wait(_jitter(min(32.0, 2.0 ** (self._throttled - 1))) if retry_after is None else retry_after)

    def after_failure(self) -> bool:
        """Waits a moment; False where it was tried often enough. Raises Cancelled."""
        self._unclear += 1
        return self._unclear < UNCLEAR_TRIES and self._wait(_jitter(0.2 * 2.0**self._unclear))

    def _wait(self, pause: float) -> bool:
        if pause > self._left:
            return False
        self._left -= pause
        self._sleep(pause)
        self.check()
        return True


def _jitter(pause: float) -> float:
    return pause * random.uniform(0.5, 1.0)  # noqa: S311 -- a pause, not a secret
