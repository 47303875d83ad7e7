"""What this process saw in the database: rows that somebody writes back as they were before change nothing about it.

A MAC tells a made-up row from ours, not an old one of ours from the newest. Whoever may write into the database may
keep a copy of a row and put it back; a process that saw what came after it doesn't believe it again.
"""

from __future__ import annotations

import threading
from typing import Any

_MOST = 65_536
"""Of each kind; the oldest are forgotten first."""


class Seen:
    """Sessions that ended, and the newest row of each person. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over: dict[str, None] = {}
        self._newest: dict[tuple[str, str], int] = {}

    def end(self, session_id: str) -> None:
        with self._lock:
            self._over[session_id] = None
            _forget_oldest(self._over)

    def has_ended(self, session_id: str) -> bool:
        return session_id in self._over

    def is_older(self, tenant_id: str, object_id: str, updated_at: int) -> bool:
        """Whether a row of the person was seen that is newer than this one; else this one is the newest."""
        person = (tenant_id, object_id)
        with self._lock:
            if updated_at < self._newest.get(person, updated_at):
                return True
            self._newest[person] = updated_at
            _forget_oldest(self._newest)
            return False


def _forget_oldest(seen: dict[Any, Any]) -> None:
    while len(seen) > _MOST:
        seen.pop(next(iter(seen)))
