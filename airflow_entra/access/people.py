"""From groups that gain and lose roles to people, where somebody says who is in which group."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from airflow_entra.access.diff import StackDiff
from airflow_entra.access.stated import Stated

Members = Callable[[Stated, str], Collection[str]]
"""From a side of a stack and the key of one of its groups to whom the group counts for there, as reports name them.

Whether members of groups inside it count is that side's `signIn.rolesFrom`. Nobody for a group that isn't there.
"""


@dataclass(frozen=True, slots=True)
class PersonDiff:
    """What one person gains and loses in one stack, by the roles' present names: never what another group gives too."""

    stack: str
    person: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def by_person(changes: tuple[StackDiff, ...], members: Members) -> tuple[PersonDiff, ...]:
    """Everybody whose roles change, by stack and name; the members are those of today on both sides."""
    found = []
    for one in changes:
        before, after = _roles(one.before, members), _roles(one.after, members)
        for person in sorted({*before, *after}):
            had, has = before.get(person, set()), after.get(person, set())
            if had != has:
                gained, lost = (tuple(sorted(map(one.role_name, keys))) for keys in (has - had, had - has))
                found.append(PersonDiff(one.stack, person, gained, lost))
    return tuple(found)


def _roles(side: Stated, members: Members) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for grant in side.grants:
        for person in members(side, grant.group):
            found.setdefault(person, set()).add(grant.role)
    return found
