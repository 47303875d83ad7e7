"""Writes a made-up population into a tenant, in bulk; also while the tenant is served, which goes on meanwhile."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from entra_local.changes import CREATED, MEMBERS
from entra_local.graph.models import logs
from entra_local.population import Population, batches
from entra_local.start import StartError, open_store
from entra_local.store import EVERYWHERE, LOOKUPS, Store
from entra_local.wire import JsonObject

BATCH = 5000
"""Documents or links in one transaction: a request of the running tenant waits for one of them at most."""


@dataclass(slots=True)
class Written:
    """What was added; what was there already is not counted."""

    people: int = 0
    groups: int = 0
    memberships: int = 0

    def __str__(self) -> str:
        return json.dumps({"people": self.people, "groups": self.groups, "memberships": self.memberships})


def populate(state: Path, tenant: str, people: int, groups: int, seed: int) -> Written:
    """Add a population to a tenant. A second time adds what is missing, nothing else. Raises StartError."""
    with closing(open_store(state)) as store:
        with store.transaction(write=False) as transaction:
            known = transaction.of(EVERYWHERE).get("tenant", tenant)
        if known is None:
            raise StartError(f"there is no tenant {tenant}: seed it first")
        # This process is gone soon: it may take what the server must not.
        store.connection.execute("PRAGMA cache_size=-131072")
        store.connection.execute("PRAGMA wal_autocheckpoint=8192")
        writer = _Writer(store, tenant, Population(people, groups, seed, known.body["domain"]))
        writer.write_people()
        writer.write_groups()
        return writer.written


class _Writer:
    """Writes rows as the store's own methods would, many at a time."""

    def __init__(self, store: Store, tenant: str, population: Population) -> None:
        self.connection = store.connection
        self.store = store
        self.tenant = tenant
        self.population = population
        self.written = Written()

    def write_people(self) -> None:
        for numbers in batches(self.population.people, BATCH):
            with self.store.transaction():
                missing = self._missing("user", {self.population.person_id(number): number for number in numbers})
                self._documents("user", [self.population.person(number) for number in missing.values()])
                self._activities(missing)
            self.written.people += len(missing)

    def write_groups(self) -> None:
        for numbers in batches(self.population.groups, BATCH):
            with self.store.transaction():
                missing = self._missing("group", {self.population.group_id(number): number for number in numbers})
                self._documents("group", [self.population.group(number) for number in missing.values()])
            self.written.groups += len(missing)
        links: list[tuple[str, str, str, str]] = []
        for link in self._links():
            links.append(link)
            if len(links) == BATCH * 5:
                self._link(links)
                links = []
        self._link(links)

    def _links(self) -> Iterator[tuple[str, str, str, str]]:
        """Every link of the groups: its kind, source and target, and the target's kind."""
        everybody = [self.population.person_id(number) for number in range(self.population.people)]
        for number in range(self.population.groups):
            group = self.population.group_id(number)
            for owner in self.population.owners(number):
                yield "owners", group, everybody[owner], "user"
            for member in self.population.members(number):
                yield MEMBERS, group, everybody[member], "user"
            outer = self.population.outer(number)
            if outer is not None:
                yield MEMBERS, self.population.group_id(outer), group, "group"

    def _missing(self, kind: str, wanted: dict[str, int]) -> dict[str, int]:
        """Those of these ids that the tenant lacks, deleted ones included."""
        found = self.connection.execute(
            "SELECT id FROM documents WHERE kind = ? AND tenant = ? AND id IN (SELECT value FROM json_each(?))",
            (kind, self.tenant, json.dumps(list(wanted))),
        )
        there = {row[0] for row in found}
        return {id_: number for id_, number in wanted.items() if id_ not in there}

    def _documents(self, kind: str, bodies: list[JsonObject]) -> None:
        first = self._insert(kind, [(body["id"], body) for body in bodies])
        self.connection.executemany(
            "INSERT INTO lookups (kind, property, value, position) VALUES (?, ?, ?, ?)",
            [
                (kind, name, body[name], position)
                for position, body in enumerate(bodies, first)
                for name in LOOKUPS[kind]
                if isinstance(body[name], str)
            ],
        )
        self.connection.executemany(
            "INSERT INTO changes (tenant, kind, id, properties) VALUES (?, ?, ?, ?)",
            [(self.tenant, kind, body["id"], CREATED) for body in bodies],
        )

    def _activities(self, people: dict[str, int]) -> None:
        found = ((id_, self.population.last_sign_in(number)) for id_, number in people.items())
        self._insert(logs.ACTIVITY, [(id_, logs.signed_in(moment)) for id_, moment in found if moment is not None])

    def _insert(self, kind: str, documents: list[tuple[str, JsonObject]]) -> int:
        """Insert documents that are new. Returns the position of the first one."""
        (first,) = self.connection.execute(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'documents'), 0) + 1"
        ).fetchone()
        self.connection.executemany(
            "INSERT INTO documents (position, tenant, kind, id, body) VALUES (?, ?, ?, ?, ?)",
            [
                (position, self.tenant, kind, id_, json.dumps(body, ensure_ascii=False, separators=(",", ":")))
                for position, (id_, body) in enumerate(documents, first)
            ],
        )
        return int(first)

    def _link(self, links: list[tuple[str, str, str, str]]) -> None:
        with self.store.transaction():
            (before,) = self.connection.execute("SELECT coalesce(max(position), 0) FROM links").fetchone()
            self.connection.executemany(
                "INSERT OR IGNORE INTO links (tenant, kind, source, target) VALUES (?, ?, ?, ?)",
                [(self.tenant, kind, source, target) for kind, source, target, _ in links],
            )
            new = self.connection.execute(
                "SELECT source, target FROM links WHERE position > ? AND kind = ? ORDER BY position", (before, MEMBERS)
            ).fetchall()
            kinds = {target: target_kind for _, _, target, target_kind in links}
            self.connection.executemany(
                "INSERT INTO changes (tenant, kind, id, properties, target, target_kind)"
                " VALUES (?, 'group', ?, ?, ?, ?)",
                [(self.tenant, source, MEMBERS, target, kinds[target]) for source, target in new],
            )
        self.written.memberships += len(new)
