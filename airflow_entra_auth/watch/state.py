"""How the watcher is doing, for a monitor: one object, written by the watcher and read by whoever asks.

Fresh is what was seen to be applied: another round's number in the database, whichever watcher wrote it. Nothing else
counts, neither a lease nor that this watcher has just begun.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from airflow_entra_auth.watch.follow import Round

STALE = 60.0
"""Seconds without an applied round after which nobody knows who left meanwhile."""

_HELP = {
    "up_to_date_seconds": (
        "gauge",
        "Seconds since the directory was last seen to be applied in full, by any watcher; +Inf before the first time.",
    ),
    "last_applied_timestamp_seconds": (
        "gauge",
        "When that was, since 1970, by the clock of the watcher that did it; 0 before the first time.",
    ),
    "leading": ("gauge", "1 where this watcher follows the directory, 0 where it waits for another to end."),
    "rounds_total": ("counter", "Rounds that were finished."),
    "failures_total": ("counter", "Rounds that could not be finished."),
    "people_checked_total": ("counter", "People whom the directory was asked about."),
    "roles_changed_total": ("counter", "People whose roles were changed."),
    "sessions_ended_total": ("counter", "Airflow sessions that were ended."),
    "comparisons_total": ("counter", "Times that everybody was compared."),
    "links_lost_total": ("counter", "Times that a feed had to begin anew."),
    "assignments_known": ("gauge", "1 where Graph says who is assigned; at 0 no role is raised."),
    "assignments_long_list": ("gauge", "1 where the list of assignments has several pages and is read less often."),
    "refused_by_policy_total": (
        "counter",
        "Tries of a refresh token that a policy about this machine's address or device refused (Conditional Access).",
    ),
    "restores_total": ("counter", "Times that Airflow's database was found restored from a backup."),
    "graph_requests_total": ("counter", "Requests to Microsoft Graph, those sent again included."),
}


@dataclass(frozen=True)
class Freshness:
    """`text` says why, in a line."""

    fresh: bool
    text: str


class State:
    """Safe for threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lock, self._monotonic = threading.Lock(), monotonic
        self._counts: Counter[str] = Counter()
        self._begun = monotonic()
        self._number: int | None = None
        self._applied_at: float | None = None
        self._applied_wall = 0
        self._leading, self._problem = False, ""

    def saw(self, number: int, at: int) -> None:
        """The number of the last applied round and when it was, as the database has them.

        The first sight says nothing: that round may be of last week. The next other number does.
        """
        with self._lock:
            if self._number is not None and number != self._number:
                self._applied_at, self._applied_wall, self._problem = self._monotonic(), at, ""
            self._number = number

    def finished(self, done: Round) -> None:
        with self._lock:
            self._leading = True
            self._counts["rounds_total"] += 1
            self._counts["people_checked_total"] += done.looked_at
            self._counts["roles_changed_total"] += sum(
                set(applied.roles) != set(applied.roles_before) for applied in done.applied
            )
            self._counts["sessions_ended_total"] += sum(applied.sessions_ended for applied in done.applied)
            self._counts["comparisons_total"] += done.compared
            self._counts["links_lost_total"] += done.lost
            self._counts["assignments_known"] = int(done.assignments_known)
            self._counts["assignments_long_list"] = int(done.long_list)

    def waiting(self) -> None:
        """Another watcher has the lease."""
        with self._lock:
            self._leading = False

    def failed(self, problem: str) -> None:
        with self._lock:
            self._problem = problem
            self._counts["failures_total"] += 1

    def restored(self, sessions_ended: int) -> None:
        with self._lock:
            self._counts["restores_total"] += 1
            self._counts["sessions_ended_total"] += sessions_ended

    def refused_by_policy(self) -> None:
        with self._lock:
            self._counts["refused_by_policy_total"] += 1

    def asked(self, requests: int) -> None:
        """How many requests to Graph there were in all."""
        with self._lock:
            self._counts["graph_requests_total"] = requests

    def freshness(self) -> Freshness:
        with self._lock:
            age = self._age()
            if age <= STALE:
                text = "following the directory" if self._leading else "another watcher follows the directory"
                return Freshness(True, text)
            waited = self._monotonic() - self._begun
            if self._applied_at is None and waited <= STALE:
                return Freshness(False, f"starting: {self._problem}" if self._problem else "starting")
            since = waited if self._applied_at is None else age
            why = self._problem or "no watcher applies the directory's changes"
            return Freshness(False, f"stale: nothing was applied for {since:.0f} s; {why}")

    def metrics(self) -> str:
        """In Prometheus' text format."""
        with self._lock:
            values = {**dict.fromkeys(_HELP, 0.0), **self._counts, "leading": float(self._leading)}
            values["up_to_date_seconds"] = round(self._age(), 3)
            values["last_applied_timestamp_seconds"] = self._applied_wall
        lines = []
        for name, (kind, text) in _HELP.items():
            full, value = f"airflow_entra_watch_{name}", values[name]
            lines += [f"# HELP {full} {text}", f"# TYPE {full} {kind}", f"{full} {_number(value)}"]
        return "\n".join(lines) + "\n"

    def _age(self) -> float:
        return math.inf if self._applied_at is None else self._monotonic() - self._applied_at


def _number(value: float) -> str:
    return "+Inf" if value == math.inf else f"{value:.16g}"
