"""The tenant's memory: one SQLite file of JSON documents, links between them, and what they are looked up by.

Every request is one transaction. A killed process loses nothing that was answered: a commit reaches the operating
system before the reply does. Only a power cut may lose the last moments (synchronous=NORMAL), never the file.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from entra_local import clock
from entra_local.audit import OBSERVED
from entra_local.changes import SCHEMA
from entra_local.links import Links
from entra_local.replica import LATE, Replica
from entra_local.replica import SCHEMA as REPLICA_SCHEMA
from entra_local.wire import JsonObject

LOOKUPS: dict[str, Sequence[str]] = {
    "application": ("appId", "displayName"),
    "servicePrincipal": ("appId", "displayName"),
    "group": ("displayName", "mailNickname"),
    "user": ("userPrincipalName", "displayName", "mail", "mailNickname"),
    "appRoleAssignment": ("resourceId", "principalId"),
    "oauth2PermissionGrant": ("clientId", "resourceId", "principalId"),
    "federatedIdentityCredential": ("applicationId",),
    "vault": ("name", "resourceGroupId", "subscriptionId"),
    "secret": ("vaultId",),
    "resourceGroup": ("subscriptionId",),
    "roleAssignment": ("scope", "principalId"),
    "signInCode": ("userId", "family"),
    "refreshToken": ("userId", "family"),
    "browserSession": ("userId",),
}
"""What a kind of document is found by, besides its id. Values compare without case, as the directory does."""

COMPANIONS = frozenset({"userPassword", "signInActivity"})
"""Kinds whose documents stand beside an object of the same id: when they go, its links stay."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL COLLATE NOCASE,
  body TEXT NOT NULL, deleted_at TEXT,
  UNIQUE (kind, tenant, id)
);
DROP INDEX IF EXISTS documents_in_order;
CREATE INDEX IF NOT EXISTS documents_live ON documents (kind, tenant, deleted_at, position);
CREATE TABLE IF NOT EXISTS lookups (
  kind TEXT NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL COLLATE NOCASE, position INTEGER NOT NULL,
  PRIMARY KEY (kind, property, value, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lookups_by_position ON lookups (position);
CREATE TABLE IF NOT EXISTS links (
  tenant TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL COLLATE NOCASE, target TEXT NOT NULL COLLATE NOCASE,
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  UNIQUE (kind, tenant, source, target)
);
CREATE INDEX IF NOT EXISTS links_by_target ON links (kind, tenant, target, source);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO settings VALUES ('instance', hex(randomblob(16)));
"""

EVERYWHERE = "*"
"""The tenant of documents that are unique across all tenants: tenants, subscriptions, vault names."""


@dataclass(frozen=True, slots=True)
class Document:
    """One stored object. `position` grows with creation and is what paging continues from."""

    tenant: str
    kind: str
    id: str
    body: JsonObject
    deleted_at: str | None
    position: int


class Store:
    """The file. One writer at a time; `seed` may write while the server runs."""

    def __init__(self, path: Path | str) -> None:
        self.connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        # 4 MB of pages: the memory bar is 120 MB for the whole process.
        self.connection.execute("PRAGMA cache_size=-4096")
        self.connection.executescript(_SCHEMA + SCHEMA + REPLICA_SCHEMA)

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator["Transaction"]:
        """All or nothing: an exception inside leaves the file as it was."""
        self.connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield Transaction(self.connection)
        except BaseException:
            # A full disk makes SQLite roll back by itself; a second ROLLBACK would hide why.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def setting(self, name: str) -> str | None:
        """What is kept beside the documents: this file's own id (`instance`), the clock, the faults."""
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def clock_ahead(self) -> int:
        """How many seconds the tenant's clock stands ahead of the machine's."""
        return int(self.setting(clock.SETTING) or 0)

    def set(self, name: str, value: str | None) -> None:
        """Keep a setting, or with None forget it; a server that runs on this file obeys from its next request on."""
        if value is None:
            self.connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            self.connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def close(self) -> None:
        self.connection.close()


class Transaction:
    """The store within one request."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def of(self, tenant: str, replica: Replica | None = None) -> "Directory":
        """The documents of one tenant; by way of a `replica` they may come late."""
        return Directory(self.connection, tenant, replica)


class Directory(Links):
    """One tenant's documents and links. Soft-deleted documents are invisible unless asked for."""

    def __init__(self, connection: sqlite3.Connection, tenant: str, replica: Replica | None = None) -> None:
        super().__init__(connection, tenant)
        self._replica = replica

    def get(self, kind: str, id_: str, *, deleted: bool = False) -> Document | None:
        """The live document of this id, or with `deleted` the soft-deleted one."""
        row = self.connection.execute(
            f"{_SELECT} WHERE kind = ? AND tenant = ? AND id = ? AND deleted_at IS {'NOT ' if deleted else ''}NULL",
            (kind, self.tenant, id_),
        ).fetchone()
        return _document(row) if row else None

    @property
    def late(self) -> bool:
        """Whether what is written isn't to be seen at once."""
        return self._replica is not None and self._replica.delay > 0

    def seen(self, document: Document | None) -> Document | None:
        """A document as this request sees it: None where it isn't there yet."""
        if document is None or self._replica is None:
            return document
        body = self._replica.shown(self.tenant, document.kind, document.id, document.body)
        return None if body is None else replace(document, body=body)

    def put(self, kind: str, id_: str, body: JsonObject) -> None:
        """Write a document, new or not; its lookups follow. A soft-deleted one stays soft-deleted."""
        before = self._stored(kind, id_)[0] if kind in OBSERVED or kind in LATE else None
        if self._replica is not None:
            self._replica.wrote(self.tenant, kind, id_, before)
        self.changes.note_write(kind, id_, before, body)
        (position,) = self.connection.execute(
            "INSERT INTO documents (tenant, kind, id, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, tenant, id) DO UPDATE SET body = excluded.body RETURNING position",
            (self.tenant, kind, id_, json.dumps(body, ensure_ascii=False, separators=(",", ":"))),
        ).fetchone()
        self.connection.execute("DELETE FROM lookups WHERE position = ?", (position,))
        self.connection.executemany(
            "INSERT INTO lookups (kind, property, value, position) VALUES (?, ?, ?, ?)",
            [(kind, name, body[name], position) for name in LOOKUPS.get(kind, ()) if isinstance(body.get(name), str)],
        )
        if kind in OBSERVED:
            self.audit.wrote(kind, id_, before, body)

    def find(self, kind: str, name: str, value: str, *, deleted: bool = False) -> list[Document]:
        """Documents whose looked-up property has this value, oldest first."""
        return list(self.scan(kind, where=(name, value), deleted=deleted))

    def at(self, positions: Iterable[int]) -> dict[int, Document]:
        """The live documents at these positions, by position."""
        rows = self.connection.execute(
            f"{_SELECT} WHERE deleted_at IS NULL AND position IN (SELECT value FROM json_each(?))",  # noqa: S608
            (json.dumps(list(positions)),),
        )
        return {document.position: document for document in map(_document, rows)}

    def scan_back(self, kind: str, before: int = 0) -> Iterator[Document]:
        """All live documents of a kind, newest first; `before` is the position to continue from, 0 is the newest."""
        rows = self.connection.execute(
            f"{_SELECT} WHERE kind = ? AND tenant = ? AND deleted_at IS NULL AND (? = 0 OR position < ?)"
            " ORDER BY position DESC",
            (kind, self.tenant, before, before),
        )
        return map(_document, rows)

    def scan(
        self, kind: str, *, where: tuple[str, str] | None = None, after: int = 0, deleted: bool = False
    ) -> Iterator[Document]:
        """All documents of a kind, oldest first, one at a time; `after` is the position to continue from."""
        narrowed = "position > ?"
        parameters: list[str | int] = [kind, self.tenant, after]
        if where is not None:
            if where[0] not in LOOKUPS[kind]:
                raise ValueError(f"{kind} has no lookup for {where[0]}")
            narrowed += " AND position IN (SELECT position FROM lookups WHERE kind = ? AND property = ? AND value = ?)"
            parameters += [kind, *where]
        rows = self.connection.execute(
            f"{_SELECT} WHERE kind = ? AND tenant = ? AND deleted_at IS {'NOT ' if deleted else ''}NULL"
            f" AND {narrowed} ORDER BY position",
            parameters,
        )
        return map(_document, rows)

    def count(self, kind: str) -> int:
        """How many live documents of a kind there are."""
        row = self.connection.execute(
            "SELECT count(*) FROM documents WHERE kind = ? AND tenant = ? AND deleted_at IS NULL", (kind, self.tenant)
        ).fetchone()
        return int(row[0])

    def soft_delete(self, kind: str, id_: str) -> None:
        """Hide a document; its links and lookups stay for a restore."""
        self._note_end(kind, id_)
        self._mark(kind, id_, clock.stamp())

    def restore(self, kind: str, id_: str) -> None:
        """Bring a soft-deleted document back."""
        self._mark(kind, id_, None)
        self.changes.note_return(kind, id_)
        if kind in OBSERVED and (body := self._stored(kind, id_)[0]) is not None:
            self.audit.restored(kind, id_, body)

    def remove(self, kind: str, id_: str) -> None:
        """Forget a document and every link from or to the object that it is."""
        self._note_end(kind, id_)
        self.connection.execute(
            "DELETE FROM lookups WHERE position IN"
            " (SELECT position FROM documents WHERE kind = ? AND tenant = ? AND id = ?)",
            (kind, self.tenant, id_),
        )
        self.connection.execute(
            "DELETE FROM documents WHERE kind = ? AND tenant = ? AND id = ?", (kind, self.tenant, id_)
        )
        if kind not in COMPANIONS:
            self.connection.execute(
                "DELETE FROM links WHERE tenant = ? AND (source = ? OR target = ?)", (self.tenant, id_, id_)
            )

    def _mark(self, kind: str, id_: str, deleted_at: str | None) -> None:
        self.connection.execute(
            "UPDATE documents SET deleted_at = ? WHERE kind = ? AND tenant = ? AND id = ?",
            (deleted_at, kind, self.tenant, id_),
        )

    def _stored(self, kind: str, id_: str) -> tuple[JsonObject | None, bool]:
        """A document's body, or None, and whether it is soft-deleted."""
        row = self.connection.execute(
            "SELECT body, deleted_at FROM documents WHERE kind = ? AND tenant = ? AND id = ?", (kind, self.tenant, id_)
        ).fetchone()
        return (json.loads(row[0]), row[1] is not None) if row else (None, False)

    def _note_end(self, kind: str, id_: str) -> None:
        """Note that a document is about to go."""
        self.changes.note_end(kind, id_)
        if kind in OBSERVED:
            body, deleted = self._stored(kind, id_)
            if body is not None:
                self.audit.ended(kind, id_, body, hard=deleted)


_SELECT = "SELECT tenant, kind, id, body, deleted_at, position FROM documents"


def _document(row: tuple[str, str, str, str, str | None, int]) -> Document:
    tenant, kind, id_, body, deleted_at, position = row
    return Document(tenant, kind, id_, json.loads(body), deleted_at, position)
