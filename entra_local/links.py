"""Links between the documents of one tenant: members, owners, managers, policies."""

import sqlite3

from entra_local.audit import Audit
from entra_local.changes import Changes


class Links:
    """One tenant's links, and what notes that they and the documents change."""

    def __init__(self, connection: sqlite3.Connection, tenant: str) -> None:
        self.connection = connection
        self.tenant = tenant
        self.changes = Changes(connection, tenant)
        self.audit = Audit(connection, tenant)

    def link(self, kind: str, source: str, target: str) -> bool:
        """Add a link; False when it was there already."""
        cursor = self.connection.execute(
            "INSERT OR IGNORE INTO links (tenant, kind, source, target) VALUES (?, ?, ?, ?)",
            (self.tenant, kind, source, target),
        )
        return self._noted(kind, source, target, cursor.rowcount == 1, added=True)

    def unlink(self, kind: str, source: str, target: str) -> bool:
        """Take a link away; False when there was none."""
        cursor = self.connection.execute(
            "DELETE FROM links WHERE tenant = ? AND kind = ? AND source = ? AND target = ?",
            (self.tenant, kind, source, target),
        )
        return self._noted(kind, source, target, cursor.rowcount == 1, added=False)

    def _noted(self, kind: str, source: str, target: str, changed: bool, *, added: bool) -> bool:
        if changed:
            self.changes.note_link(kind, source, target)
            self.audit.linked(kind, source, target, added=added)
        return changed

    def linked(self, kind: str, source: str, target: str) -> bool:
        """Whether this link exists."""
        row = self.connection.execute(
            "SELECT 1 FROM links WHERE tenant = ? AND kind = ? AND source = ? AND target = ?",
            (self.tenant, kind, source, target),
        ).fetchone()
        return row is not None

    def targets(self, kind: str, source: str) -> list[str]:
        """What a document links to, in the order of linking."""
        rows = self.connection.execute(
            "SELECT target FROM links WHERE tenant = ? AND kind = ? AND source = ? ORDER BY position",
            (self.tenant, kind, source),
        )
        return [row[0] for row in rows]

    def sources(self, kind: str, target: str) -> list[str]:
        """What links to a document, in the order of linking."""
        rows = self.connection.execute(
            "SELECT source FROM links WHERE tenant = ? AND kind = ? AND target = ? ORDER BY position",
            (self.tenant, kind, target),
        )
        return [row[0] for row in rows]
