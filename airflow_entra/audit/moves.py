"""Who gained and who lost which roles when: the directory as it is, and its log read backwards.

Roles before and after a change come from the code that runs inside Airflow, so a change that took one of two ways to a
role took nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from airflow_entra.directory.changes import (
    ASSIGNED,
    DELETED,
    DISABLED,
    ENABLED,
    GRANTED,
    JOINED,
    LEFT,
    TAKEN,
    UNASSIGNED,
    Change,
)
from airflow_entra.directory.membership import Account, Assigned
from airflow_entra.directory.who import Directory, standing
from airflow_entra_auth.rules import SignOnRules

Roles = tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """What a change did to one person's roles; None for roles that nobody knows.

    Which groups a deleted account was in, the directory no longer says.
    """

    change: Change
    person: Account
    before: Roles | None
    after: Roles | None

    @property
    def lost(self) -> Roles | None:
        return _without(self.before, self.after)

    @property
    def gained(self) -> Roles | None:
        return _without(self.after, self.before)


def moves(
    changes: Sequence[Change], directory: Directory, rules: SignOnRules, others: Iterable[Account] = ()
) -> list[Move]:
    """What each change of access did to each person that it concerned, oldest first; also where it did nothing.

    `others` are the accounts, as they are now, of people who have no access any more.
    """
    past = _Past(directory, rules, others)
    ordered = sorted((change for change in changes if change.activity in GRANTED | TAKEN), key=lambda one: one.at)
    newest_first = [move for change in reversed(ordered) for move in past.undo(change)]
    return _deleted_told(newest_first[::-1])


def _deleted_told(oldest_first: Iterable[Move]) -> list[Move]:
    """The roles of a deleted account were those after the change before, where there was one in this time."""
    last: dict[str, Roles | None] = {}
    told = []
    for move in oldest_first:
        key = move.person.id.lower()
        if move.change.activity == DELETED:
            move = replace(move, before=move.before or last.get(key))
        last[key] = move.after
        told.append(move)
    return told


def _without(roles: Roles | None, others: Roles | None) -> Roles | None:
    if roles is None or others is None:
        return None
    return tuple(role for role in roles if role not in others)


class _Past:
    """The directory at a moment that goes back, change by change."""

    def __init__(self, directory: Directory, rules: SignOnRules, others: Iterable[Account]) -> None:
        self._rules, self._registration = rules, directory.registration
        self._groups = dict(directory.by_id)
        self._people = {person.id.lower(): person for person in (*others, *directory.people)}
        self._deleted: set[str] = set()
        self._assigned = list(directory.registration.assigned)

    def undo(self, change: Change) -> list[Move]:
        """Each person's roles before and after it; from here on the directory is as it was before."""
        if change.subject_type == "Group" and change.activity in (JOINED, LEFT):
            inside = Account(change.subject_id, f"the members of group {change.subject}", change.subject)
            return [Move(change, inside, None, None)] if self._rules.roles_from == "securityGroups" else []
        if change.subject_type not in ("User", "Group"):
            return []
        self._settle(change, came=True)
        people = self._concerned(change)
        after = {person: self._roles(person) for person in people}
        self._settle(change, came=False)
        return [Move(change, self._people[person], self._roles(person), after[person]) for person in people]

    def _concerned(self, change: Change) -> list[str]:
        subject = change.subject_id.lower()
        group = self._groups.get(subject)
        if group is None:
            return [subject] if change.subject_type == "User" else []
        inside = {*group.direct, *(person for inner in group.nested.values() for person in inner)}
        return sorted((person for id_ in inside if (person := id_.lower()) in self._people), reverse=True)

    def _settle(self, change: Change, *, came: bool) -> None:
        """Make the directory what it was just after the change, or just before it."""
        there = (change.activity in GRANTED) is came
        subject = change.subject_id.lower()
        if change.subject_type == "User":
            self._people.setdefault(subject, Account(change.subject_id, change.subject, change.subject))
        if change.activity in (JOINED, LEFT):
            self._member(change.group_id.lower(), self._people[subject].id, there=there)
        elif change.activity in ASSIGNED or change.activity in UNASSIGNED:
            self._assigned = [one for one in self._assigned if not _same(one, change)]
            self._assigned += [Assigned(change.subject_id, change.subject, change.role or None)] * there
        elif change.activity in (ENABLED, DISABLED):
            self._people[subject] = replace(self._people[subject], enabled=there)
        else:
            (self._deleted.discard if there else self._deleted.add)(subject)

    def _member(self, group_id: str, person: str, *, there: bool) -> None:
        for id_, group in self._groups.items():
            inner = group.nested_ids.get(group_id)
            if id_ == group_id:
                self._groups[id_] = replace(group, direct=_with(group.direct, person, there=there))
            elif inner is not None:
                members = _with(group.nested[inner], person, there=there)
                self._groups[id_] = replace(group, nested={**group.nested, inner: members})

    def _roles(self, person: str) -> Roles | None:
        if person in self._deleted:
            return ()
        registration = replace(self._registration, assigned=tuple(self._assigned))
        held = standing(self._people[person], Directory((), registration, self._groups), self._rules).roles
        return tuple(role.role for role in held)


def _with(members: frozenset[str], person: str, *, there: bool) -> frozenset[str]:
    others = frozenset(id_ for id_ in members if id_.lower() != person.lower())
    return others | {person} if there else others


def _same(assigned: Assigned, change: Change) -> bool:
    return assigned.principal.lower() == change.subject_id.lower() and (assigned.role or "") == change.role
