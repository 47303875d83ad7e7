"""How late the directory shows what was written: its servers copy from each other.

Graph writes to one server and reads from others, so an object may be 404 on reads, and refused in references, for
seconds after it was made (https://learn.microsoft.com/entra/architecture/architecture says how the copies follow).
A change comes late as well: until then others read what was there before, and the session that made it, here its access
token, reads what it wrote. A new object is hidden from that session too, because the official azuread provider expects
it: it tries its first PATCH again after a 404.
"""

import json
import sqlite3
from dataclasses import dataclass

from entra_local import clock
from entra_local.wire import JsonObject

LATE = frozenset(
    {
        *("application", "servicePrincipal", "group", "user", "federatedIdentityCredential"),
        *("tokenLifetimePolicy", "claimsMappingPolicy", "conditionalAccessPolicy", "namedLocation"),
    }
)
"""The kinds of documents that come late. Assignments and grants don't: azuread reads those back at once."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS written (
  tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL COLLATE NOCASE,
  at REAL NOT NULL, session TEXT NOT NULL, before TEXT,
  PRIMARY KEY (kind, tenant, id)
) WITHOUT ROWID;
"""
"""When a document was written last by way of Graph, by which session, and what was there before: nothing for a new
one."""


@dataclass(frozen=True, slots=True)
class Replica:
    """What one request may see. `delay`: seconds until everybody sees what was written; `reading`: it changes nothing,
    so that it may be shown what was there before."""

    connection: sqlite3.Connection
    delay: float
    session: str
    reading: bool

    def wrote(self, tenant: str, kind: str, id_: str, before: JsonObject | None) -> None:
        """Note a write, before it is done. What was new or late a moment ago still is."""
        if kind not in LATE or (before is not None and not self.delay):
            return
        found = self._written(tenant, kind, id_)
        if before is None:
            kept = None
        elif found is not None:
            kept = found[2]
        else:
            kept = json.dumps(before, ensure_ascii=False)
        at = found[0] if found is not None and found[2] is None and before is not None else _now()
        self.connection.execute(
            "INSERT OR REPLACE INTO written (tenant, kind, id, at, session, before) VALUES (?, ?, ?, ?, ?, ?)",
            (tenant, kind, id_, at, self.session, kept),
        )

    def shown(self, tenant: str, kind: str, id_: str, body: JsonObject) -> JsonObject | None:
        """A stored document as this request sees it; None: not yet there."""
        found = self._written(tenant, kind, id_) if self.delay and kind in LATE else None
        if found is None:
            return body
        _, session, before = found
        if before is None:
            return None
        if not self.reading or session == self.session:
            return body
        earlier: JsonObject = json.loads(before)
        return earlier

    def _written(self, tenant: str, kind: str, id_: str) -> tuple[float, str, str | None] | None:
        """When, by whom and over what a document was written, where that is still to be seen."""
        now = _now()
        row: tuple[float, str, str | None] | None = self.connection.execute(
            "SELECT at, session, before FROM written WHERE kind = ? AND tenant = ? AND id = ? AND at > ? AND at <= ?",
            (kind, tenant, id_, now - self.delay, now),  # the clock may have been set back since
        ).fetchone()
        return row


def made_within(connection: sqlite3.Connection, tenant: str, id_: str, seconds: float) -> bool:
    """Whether an object was made by way of Graph so short a time ago."""
    row = connection.execute(
        "SELECT 1 FROM written WHERE kind IN ('user', 'group', 'servicePrincipal') AND tenant = ? AND id = ?"
        " AND before IS NULL AND at > ? AND at <= ?",
        (tenant, id_, _now() - seconds, _now()),
    ).fetchone()
    return row is not None


def _now() -> float:
    return clock.now().timestamp()
