"""What changed, in the order in which it did: written with the change itself, so nothing that was stored is missing.

A row says that a document was written (which properties changed), came or went, or that a member was added to or taken
from a group. It never says what the values are: whoever asks is told what stands there now.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from entra_local.wire import JsonObject

TRACKED = frozenset({"user", "group"})
"""The kinds of documents whose changes are kept."""
MEMBERS = "members"
"""The kind of link whose changes are kept, and how they are called among the properties of a group."""
CREATED = "@created"
REMOVED = "@removed"
RESTORED = "@restored"
"""What stands among a row's properties when the whole document came, went or came back."""

MEMBER_KINDS = ("user", "group", "servicePrincipal")
"""What can be a member of a group."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS changes (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL COLLATE NOCASE,
  properties TEXT NOT NULL, target TEXT COLLATE NOCASE, target_kind TEXT
);
CREATE INDEX IF NOT EXISTS changes_of_one ON changes (tenant, kind, id, position);
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A member that a group gained or lost. `position` is what paging continues from."""

    position: int
    kind: str
    id: str
    present: bool


class Changes:
    """The changes of one tenant."""

    def __init__(self, connection: sqlite3.Connection, tenant: str) -> None:
        self.connection = connection
        self.tenant = tenant

    def note_write(self, kind: str, id_: str, before: JsonObject | None, after: JsonObject) -> None:
        """Note the properties in which a document changes; `before` is None of a new one."""
        if before is None:
            self._note(kind, id_, {CREATED})
        else:
            names = after.keys() | before.keys()
            self._note(kind, id_, {name for name in names if after.get(name) != before.get(name)})

    def note_end(self, kind: str, id_: str) -> None:
        """Note that a document goes, and with it a member of groups; before its links do."""
        self._note(kind, id_, {REMOVED})
        self._note_everywhere(kind, id_)

    def note_return(self, kind: str, id_: str) -> None:
        """Note that a document came back, a group with its members."""
        self._note(kind, id_, {RESTORED})
        self._note_everywhere(kind, id_)
        if kind == "group":
            self.connection.execute(
                "INSERT INTO changes (tenant, kind, id, properties, target, target_kind)"
                " SELECT l.tenant, 'group', l.source, l.kind, l.target, d.kind FROM links l JOIN documents d"
                " ON d.tenant = l.tenant AND d.id = l.target AND d.kind IN ('user', 'group', 'servicePrincipal')"
                " WHERE l.kind = ? AND l.tenant = ? AND l.source = ? ORDER BY l.position",
                (MEMBERS, self.tenant, id_),
            )

    def note_link(self, kind: str, source: str, target: str) -> None:
        """Note that a group gained or lost a member; which of the two is looked up when somebody asks."""
        if kind == MEMBERS:
            self._add("group", source, MEMBERS, target, self._kind_of(target))

    def _note(self, kind: str, id_: str, properties: Collection[str]) -> None:
        if kind in TRACKED and properties:
            self._add(kind, id_, ",".join(sorted(properties)), None, None)

    def _note_everywhere(self, kind: str, member: str) -> None:
        """Note that a member came or went in every group that it belongs to."""
        if kind in MEMBER_KINDS:
            groups = self.connection.execute(
                "SELECT source FROM links WHERE kind = ? AND tenant = ? AND target = ?", (MEMBERS, self.tenant, member)
            ).fetchall()
            for (group,) in groups:
                self._add("group", group, MEMBERS, member, kind)

    def latest(self) -> int:
        """The position of the last change, of any tenant; 0 before the first."""
        row = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
        return int(row[0]) if row else 0

    def changed(self, kind: str, after: int, until: int, ids: Collection[str] = ()) -> Iterator[tuple[int, str]]:
        """The documents that changed in a span, each once, where it changed last. `ids`: these alone."""
        span = (self.tenant, kind, after, until, until)
        if ids:
            return self.connection.execute(_CHANGED_AMONG, (*span, json.dumps(list(ids))))
        return self.connection.execute(_CHANGED, span)

    def properties(self, kind: str, id_: str, after: int, until: int) -> frozenset[str]:
        """What changed of one document in a span."""
        rows = self.connection.execute(
            "SELECT DISTINCT properties FROM changes"
            " WHERE tenant = ? AND kind = ? AND id = ? AND position > ? AND position <= ?",
            (self.tenant, kind, id_, after, until),
        )
        return frozenset(name for (names,) in rows for name in names.split(","))

    def members(self, group: str, after: int, until: int, start: int, most: int) -> list[Member]:
        """At most so many of the members that a group gained or lost in a span, from behind the position `start`."""
        rows = self.connection.execute(
            _MEMBERS, (MEMBERS, self.tenant, group, self.tenant, group, after, until, start, most)
        )
        return [Member(last, kind or "user", id_, bool(present)) for last, kind, id_, present in rows]

    def current_members(self, group: str, start: int, most: int) -> list[Member]:
        """At most so many of the members that a group has, from behind the position `start`."""
        rows = self.connection.execute(
            "SELECT l.position, d.kind, d.id FROM links l JOIN documents d ON d.tenant = l.tenant AND d.id = l.target"
            " AND d.kind IN ('user', 'group', 'servicePrincipal') AND d.deleted_at IS NULL"
            " WHERE l.kind = ? AND l.tenant = ? AND l.source = ? AND l.position > ? ORDER BY l.position LIMIT ?",
            (MEMBERS, self.tenant, group, start, most),
        )
        return [Member(position, kind, id_, True) for position, kind, id_ in rows]

    def _add(self, kind: str, id_: str, properties: str, target: str | None, target_kind: str | None) -> None:
        self.connection.execute(
            "INSERT INTO changes (tenant, kind, id, properties, target, target_kind) VALUES (?, ?, ?, ?, ?, ?)",
            (self.tenant, kind, id_, properties, target, target_kind),
        )

    def _kind_of(self, id_: str) -> str | None:
        row = self.connection.execute(
            "SELECT kind FROM documents WHERE kind IN ('user', 'group', 'servicePrincipal') AND tenant = ? AND id = ?",
            (self.tenant, id_),
        ).fetchone()
        return str(row[0]) if row else None


_CHANGED = """
SELECT c.position, c.id FROM changes c WHERE c.tenant = ? AND c.kind = ? AND c.position > ? AND c.position <= ?
AND NOT EXISTS (SELECT 1 FROM changes l
  WHERE l.tenant = c.tenant AND l.kind = c.kind AND l.id = c.id AND l.position > c.position AND l.position <= ?)
ORDER BY c.position
"""
_CHANGED_AMONG = _CHANGED.replace("ORDER BY", "AND c.id IN (SELECT value FROM json_each(?)) ORDER BY")
_MEMBERS = """
SELECT c.last, c.target_kind, c.target, EXISTS (
  SELECT 1 FROM links l JOIN documents d ON d.tenant = l.tenant AND d.id = l.target
  AND d.kind IN ('user', 'group', 'servicePrincipal') AND d.deleted_at IS NULL
  WHERE l.kind = ? AND l.tenant = ? AND l.source = ? AND l.target = c.target
)
FROM (
  SELECT max(position) AS last, target, target_kind FROM changes
  WHERE tenant = ? AND kind = 'group' AND id = ? AND position > ? AND position <= ? AND target IS NOT NULL
  GROUP BY target
) c
WHERE c.last > ? ORDER BY c.last LIMIT ?
"""
