"""Who is in a group, directly or through other groups: quick for groups of tens of thousands, page by page."""

import json
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from entra_local.changes import MEMBERS
from entra_local.store import Directory, Document

_KEPT = 8
"""Groups that are remembered: who pages through one asks again and again."""
_PIECE = 500
"""Documents that are read at once."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The members of a group at one moment: for each the cursor that paging continues after, and its document."""

    cursors: "array[int]"
    positions: "array[int]"

    def __len__(self) -> int:
        return len(self.cursors)

    def documents(self, directory: Directory, after: int) -> Iterator[tuple[int, Document]]:
        """The documents of the members behind a cursor, with their own cursors, read as they are asked for."""
        for first in range(bisect_right(self.cursors, after), len(self), _PIECE):
            piece = slice(first, first + _PIECE)
            found = directory.at(self.positions[piece])
            for cursor, position in zip(self.cursors[piece], self.positions[piece], strict=True):
                if position in found:
                    yield cursor, found[position]


class Memberships:
    """The memberships that were asked for last; a change of any group makes them old."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[object, ...], tuple[int, Membership]] = OrderedDict()

    def read(self, directory: Directory, group: str, kinds: Sequence[str], *, nested: bool) -> Membership:
        """The live members of a group that are of these kinds, in the order in which they joined.

        With `nested` also those of its member groups, and so on, each once, in the order of their creation.
        """
        key = (directory.tenant, group.lower(), tuple(kinds), nested)
        version = directory.changes.latest()
        known = self._known.pop(key, None)
        if known is None or known[0] != version:
            known = version, _query(directory, group, kinds, _NESTED if nested else _DIRECT)
        self._known[key] = known
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known[1]


def _query(directory: Directory, group: str, kinds: Sequence[str], statement: str) -> Membership:
    given = {"link": MEMBERS, "tenant": directory.tenant, "group": group, "kinds": json.dumps(list(kinds))}
    rows = directory.connection.execute(statement, given).fetchall()
    return Membership(array("q", (row[0] for row in rows)), array("q", (row[1] for row in rows)))


# Who is soft-deleted is few: telling them by the index spares a look into the document of everybody else.
_LIVE = """d.kind IN (SELECT value FROM json_each(:kinds)) AND d.tenant = :tenant AND d.position NOT IN (
  SELECT position FROM documents
  WHERE kind IN (SELECT value FROM json_each(:kinds)) AND tenant = :tenant AND deleted_at IS NOT NULL
)"""
_DIRECT = f"""
SELECT l.position, d.position FROM links l JOIN documents d ON d.id = l.target AND {_LIVE}
WHERE l.kind = :link AND l.tenant = :tenant AND l.source = :group
ORDER BY l.position
"""  # noqa: S608 - made of constants
_NESTED = f"""
WITH RECURSIVE inside (id) AS (
  SELECT target FROM links WHERE kind = :link AND tenant = :tenant AND source = :group
  UNION
  SELECT l.target FROM inside
  JOIN documents g ON g.kind = 'group' AND g.tenant = :tenant AND g.id = inside.id AND g.deleted_at IS NULL
  JOIN links l ON l.kind = :link AND l.tenant = :tenant AND l.source = g.id
)
SELECT d.position, d.position FROM inside JOIN documents d ON d.id = inside.id AND {_LIVE} WHERE d.id <> :group
ORDER BY d.position
"""  # noqa: S608 - made of constants
