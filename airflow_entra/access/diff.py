"""The difference in access between two states of all stacks: who gains and who loses what. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from airflow_entra.access.stated import NOTHING, Grant, Right, Stated, StatedGroup

Access = Mapping[str, Stated]
"""All stacks, by name."""
T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """What was and what is; None where there was or is nothing."""

    before: T | None
    after: T | None


@dataclass(frozen=True, slots=True)
class Moved(Generic[H]):
    """What a set gained and lost."""

    gained: frozenset[H] = frozenset()
    lost: frozenset[H] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


@dataclass(frozen=True, slots=True)
class StackDiff:
    """One stack. `groups`, `roles`, `values` and `lists` hold only what differs; `before` and `after` name it."""

    stack: str
    what: Literal["added", "removed", "changed"]
    before: Stated
    after: Stated
    groups: Mapping[str, Change[StatedGroup]] = field(default_factory=dict)
    roles: Mapping[str, Change[str]] = field(default_factory=dict)
    grants: Moved[Grant] = Moved()
    rights: Moved[Right] = Moved()
    values: Mapping[str, Change[str]] = field(default_factory=dict)
    lists: Mapping[str, Moved[str]] = field(default_factory=dict)

    def group_name(self, key: str) -> str:
        """What the group is called now, or was called."""
        return (self.after.groups.get(key) or self.before.groups[key]).name

    def role_name(self, key: str) -> str:
        """What the role is called now, or was called."""
        return self.after.roles.get(key) or self.before.roles[key]


def diff(base: Access, head: Access) -> tuple[StackDiff, ...]:
    """The stacks that differ, by name."""
    return tuple(_stack(name, base, head) for name in sorted({*base, *head}) if base.get(name) != head.get(name))


def apply(base: Access, changes: tuple[StackDiff, ...]) -> dict[str, Stated]:
    """What `base` becomes by `changes`; reads nothing of their two states but what differs."""
    found = dict(base)
    for one in changes:
        if one.what == "removed":
            del found[one.stack]
            continue
        old = found.get(one.stack, NOTHING)
        found[one.stack] = Stated(
            groups=_put(old.groups, one.groups),
            roles=_put(old.roles, one.roles),
            grants=_moved(old.grants, one.grants),
            rights=_moved(old.rights, one.rights),
            values=_put(old.values, one.values),
            lists=dict(old.lists)
            | {key: _moved(old.lists.get(key, frozenset()), moved) for key, moved in one.lists.items()},
        )
    return found


def _stack(name: str, base: Access, head: Access) -> StackDiff:
    before, after = base.get(name, NOTHING), head.get(name, NOTHING)
    lists = {
        key: _sets(before.lists.get(key, frozenset()), after.lists.get(key, frozenset()))
        for key in dict.fromkeys((*before.lists, *after.lists))
        if before.lists.get(key) != after.lists.get(key)
    }
    return StackDiff(
        stack=name,
        what="added" if name not in base else "removed" if name not in head else "changed",
        before=before,
        after=after,
        groups=_changes(before.groups, after.groups),
        roles=_changes(before.roles, after.roles),
        grants=_sets(before.grants, after.grants),
        rights=_sets(before.rights, after.rights),
        values=_changes(before.values, after.values),
        lists=lists,
    )


def _changes(before: Mapping[str, T], after: Mapping[str, T]) -> dict[str, Change[T]]:
    keys = dict.fromkeys((*before, *after))
    return {key: Change(before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def _sets(before: frozenset[H], after: frozenset[H]) -> Moved[H]:
    return Moved(after - before, before - after)


def _put(old: Mapping[str, T], changes: Mapping[str, Change[T]]) -> dict[str, T]:
    found = {key: value for key, value in old.items() if key not in changes}
    return found | {key: change.after for key, change in changes.items() if change.after is not None}


def _moved(old: frozenset[H], moved: Moved[H]) -> frozenset[H]:
    return (old - moved.lost) | moved.gained
