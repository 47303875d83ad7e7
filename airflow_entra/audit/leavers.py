"""When access was taken from people, and when it ended in Airflow: what an auditor asks about everybody who left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from airflow_entra.audit.records import Records, Session
from airflow_entra.directory.changes import GRANTED, TAKEN, Change
from airflow_entra.directory.who import Directory

How = Literal["ended", "given again", "kept access", "still signed in", "was not signed in"]
"""What became of the person's sessions. "kept access": another group or assignment gave them access all the while.
"given again": a session lived on until access was given again."""

CLOCKS_APART = timedelta(seconds=60)
"""The directory and Airflow each have a clock: a session may seem to end before the change that ended it."""
_BY_THEMSELVES = frozenset({"signed out", "signed out in Entra", "replaced", "set aside", "deactivated", "refused"})
"""Why a session ended that no change in the directory ended (airflow_entra_auth.sessions.WhyEnded)."""
_EVERYTHING = frozenset({"Disable account", "Delete user"})
_DONE_TO_THEM = frozenset({"entra_sign_out", "entra_role_change", "entra_set_aside", "entra_sign_in_refused"})


@dataclass(frozen=True)
class Left:
    """One change that took access from somebody, and what Airflow has of them after it.

    `last_access` is their last action or sign-in on record. `seconds` is how long their last session lived without
    access: 0 where none was alive then or access was kept, None where one still is. `session_ended` is that session's
    end. A session is told at the change that took the last of their access, not at those before.
    """

    change: Change
    airflow: str
    last_access: datetime | None
    session_ended: datetime | None
    seconds: float | None
    how: How


def left(
    changes: Sequence[Change], airflows: Mapping[str, Records], directory: Directory, *, by_membership: bool
) -> Iterator[Left]:
    """For each change that takes access, what each Airflow has of the person; of a group, of each member.

    `by_membership`: membership gives access by itself, also through groups in groups (rolesFrom: securityGroups); else
    only that of an assigned group does.
    """
    history = _History(changes, directory, by_membership)
    for change in changes:
        if change.activity in TAKEN:
            for url, records in airflows.items():
                yield from _left(change, url, records, history)


def _left(change: Change, url: str, records: Records, history: _History) -> Iterator[Left]:
    group = history.members.get(change.subject_id.lower())
    if group is None:
        yield _of_person(change, url, records, history)
        return
    found = [
        _of_person(replace(change, subject_id=person, subject=name, group=change.subject), url, records, history)
        for person, name in group.items()
    ]
    signed_in = [one for one in found if one.how != "was not signed in"]
    yield from signed_in or [Left(change, url, None, None, 0.0, "was not signed in")]


def _of_person(change: Change, url: str, records: Records, history: _History) -> Left:
    person = change.subject_id.lower()
    sessions = [one for one in records.sessions if one.object_id.lower() == person]
    times = [one.signed_in_at for one in sessions]
    theirs = (action for action in records.actions if (action.owner or "").lower() == person)
    times += [action.at for action in theirs if action.event not in _DONE_TO_THEM]
    last_access = max(times, default=None)

    def told(how: How, ended: datetime | None = None, seconds: float | None = 0.0) -> Left:
        return Left(change, url, last_access, ended, seconds, how)

    alive = [one for one in sessions if _lived_at(one, change.at) or history.ended_by(change, one)]
    if not alive:
        return told("was not signed in")
    if history.keeps(change):
        return told("kept access")
    last = max(map(_end, alive))
    again = history.given_again(change)
    if again is not None and again < last:
        return told("given again", None, (again - change.at).total_seconds())
    if last > records.until:
        return told("still signed in", None, None)
    return told("ended", last, max(0.0, (last - change.at).total_seconds()))


def _lived_at(session: Session, moment: datetime) -> bool:
    """Airflow keeps whole seconds: a session that ended in the second of the change was alive at it."""
    return session.signed_in_at <= moment and moment.replace(microsecond=0) <= _end(session)


def _end(session: Session) -> datetime:
    return min(session.ended_at or session.ends_at, session.ends_at)


@dataclass(frozen=True)
class _Way:
    """A way in which somebody has access: through a group, by its name, or by an assignment to themselves."""

    group: str | None
    itself: bool = False


class _History:
    """Who had access when, out of what the directory says now and the changes until then."""

    def __init__(self, changes: Iterable[Change], directory: Directory, by_membership: bool) -> None:
        self._changes = sorted(changes, key=lambda change: change.at)  # of one moment in the log's own order
        self._assigned = {one.principal.lower() for one in directory.registration.assigned}
        self._by_membership = by_membership
        self._groups = {id_.lower(): group for id_, group in directory.groups.items()}
        self._names = {name for group in directory.groups.values() for name in (group.name, *group.nested)}
        names = {person.id.lower(): person.name for person in directory.people}
        self.members = {
            id_: {one.lower(): names.get(one.lower(), one) for one in group.direct}
            for id_, group in self._groups.items()
        }
        """Object id of a group -> those of its members -> their names."""

    def keeps(self, change: Change) -> bool:
        """Whether the person had access in another way when this change took one."""
        if change.activity in _EVERYTHING:
            return False
        person, taken = change.subject_id.lower(), self._way(change)
        coming: dict[_Way, Change] = {}
        for later in self._after(change):
            way = self._way(later)
            if later.activity not in _EVERYTHING and (way.group is None or way.group in self._names):
                coming.setdefault(way, later)
        ways = {*coming, *self._ways_now(person)} - ({taken} if taken.itself or taken.group else set())
        return any(way not in coming or coming[way].activity in TAKEN for way in ways)

    def ended_by(self, change: Change, session: Session) -> bool:
        """Whether a session that ended just before this change ended because of it: no other change did."""
        if session.ended_at is None or session.why_ended in _BY_THEMSELVES or session.signed_in_at > change.at:
            return False
        others = (one.at for one in self._of(change.subject_id.lower()) if one.activity in TAKEN and one.at < change.at)
        return change.at - _end(session) <= CLOCKS_APART and not any(at >= session.signed_in_at for at in others)

    def given_again(self, change: Change) -> datetime | None:
        """When the person's access was next given, as far as the log has it."""
        return next((later.at for later in self._after(change) if later.activity in GRANTED), None)

    def _after(self, change: Change) -> list[Change]:
        """What came after a change of a person; after a group's, which is in no person's list, by time."""
        theirs = self._of(change.subject_id.lower())
        if change in theirs:
            return theirs[theirs.index(change) + 1 :]
        return [one for one in theirs if one.at > change.at]

    def _of(self, person: str) -> list[Change]:
        return [change for change in self._changes if change.subject_id.lower() == person]

    def _way(self, change: Change) -> _Way:
        return _Way(change.group, itself="app role" in change.activity and change.group is None)

    def _ways_now(self, person: str) -> Iterator[_Way]:
        for id_, group in self._groups.items():
            if not self._by_membership and id_ not in self._assigned:
                continue
            if person in self.members[id_]:
                yield _Way(group.name)
            for inner, people in group.nested.items() if self._by_membership else ():
                if person in {one.lower() for one in people}:
                    yield _Way(inner)
        if person in self._assigned:
            yield _Way(None, itself=True)
