"""How the watcher is doing, for a monitor: one object, written by the watcher and read by whoever asks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass

from airflow_entra_auth.watch.follow import Round

STALE = 60.0
"""Seconds without a finished round after which the watcher is unhealthy: nobody knows who left meanwhile."""

_HELP = {
    "up_to_date_seconds": ("gauge", "Seconds since the directory's changes were last applied in full."),
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
    "graph_requests_total": ("counter", "Requests to Microsoft Graph, those sent again included."),
}


@dataclass(frozen=True)
class Health:
    """`text` says why, in a line."""

    healthy: bool
    text: str


class State:
    """Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._begun = self._good_at = time.monotonic()
        self._finished, self._leading, self._problem = False, False, ""

    def finished(self, done: Round) -> None:
        with self._lock:
            if not done.owed:
                self._good()
            self._leading = True
            self._counts["rounds_total"] += 1
            self._counts["people_checked_total"] += done.looked_at
            self._counts["roles_changed_total"] += sum(set(one.roles) != set(one.roles_before) for one in done.applied)
            self._counts["sessions_ended_total"] += sum(one.sessions_ended for one in done.applied)
            self._counts["comparisons_total"] += done.compared
            self._counts["links_lost_total"] += done.lost
            self._counts["assignments_known"] = int(done.assignments_known)
            self._counts["assignments_long_list"] = int(done.long_list)

    def waiting(self) -> None:
        """Another watcher follows the directory; its row says that it did so seconds ago."""
        with self._lock:
            self._good()
            self._leading = False

    def failed(self, problem: str) -> None:
        with self._lock:
            self._problem = problem
            self._counts["failures_total"] += 1

    def asked(self, requests: int) -> None:
        """How many requests to Graph there were in all."""
        with self._lock:
            self._counts["graph_requests_total"] = requests

    def health(self) -> Health:
        with self._lock:
            age = time.monotonic() - self._good_at
            if age > STALE:
                return Health(False, f"stale: nothing was applied for {age:.0f} s; {self._problem or 'starting'}")
            if not self._finished:
                return Health(True, "starting")
            return Health(True, "following the directory" if self._leading else "another watcher follows the directory")

    def metrics(self) -> str:
        """In Prometheus' text format."""
        with self._lock:
            age = time.monotonic() - self._good_at
            values = {**dict.fromkeys(_HELP, 0.0), **self._counts, "leading": float(self._leading)}
            values["up_to_date_seconds"] = round(age, 3)
        lines = []
        for name, (kind, text) in _HELP.items():
            full = f"airflow_entra_watch_{name}"
            lines += [f"# HELP {full} {text}", f"# TYPE {full} {kind}", f"{full} {values[name]:g}"]
        return "\n".join(lines) + "\n"

    def _good(self) -> None:
        self._good_at, self._finished, self._problem = time.monotonic(), True, ""
