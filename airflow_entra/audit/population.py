"""Everything that happened to a stack's access in a period: the population that an auditor draws samples from.

The directory keeps its log for 30 days at most: what is older comes from the evidence of the nights in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from airflow_entra.audit.leavers import Left
from airflow_entra.audit.moves import Move, Roles
from airflow_entra.directory.changes import ACTIVATED, ASSIGNED, UNASSIGNED, Change
from airflow_entra.errors import UserError

Kind = Literal["joiner", "mover", "leaver", "role change", "activation", "rotation", "deployment"]
"""joiner: from no role to one; leaver: from a role to none; mover: other roles than before. role change: a group was
given a role of the application, or lost it."""
NOT_KNOWN = "not known"


class EventJson(TypedDict):
    """One event as JSON. Times are ISO 8601 in UTC with milliseconds; a list of roles is null where nobody knows it."""

    at: str
    kind: Kind
    personId: str
    person: str
    rolesBefore: list[str] | None
    rolesAfter: list[str] | None
    what: str
    group: str
    groupId: str
    by: str
    byId: str
    approvedBy: str
    pullRequest: str
    commit: str
    session: str
    sessionEnded: str | None
    secondsAfter: float | None
    source: str


class NightJson(TypedDict):
    """A day in UTC: the folders of evidence that were kept on it, and whether a log that was read covers it."""

    day: str
    evidence: list[str]
    covered: bool


class PopulationJson(TypedDict):
    """What happened in a period. `nights` is null where no period was asked about (`--from`)."""

    since: str
    until: str
    population: list[EventJson]
    nights: list[NightJson] | None


@dataclass(frozen=True)
class Event:
    """One event. Names are "" where they were erased; `session` says what became of a leaver's sessions."""

    at: datetime
    kind: Kind
    what: str
    person_id: str = ""
    person: str = ""
    before: Roles | None = ()
    after: Roles | None = ()
    group: str = ""
    group_id: str = ""
    by: str = ""
    by_id: str = ""
    approved_by: str = ""
    pull_request: str = ""
    commit: str = ""
    session: str = ""
    session_ended: datetime | None = None
    seconds: float | None = None
    source: str = field(default="the directory's log", compare=False)

    @property
    def key(self) -> tuple[object, ...]:
        """The same for the same event, wherever it was read."""
        return self.kind, self.at, self.person_id or self.commit, self.group_id, self.what


@dataclass(frozen=True)
class Night:
    """A day of the period, in UTC: the audits that were kept on it, and whether some log that was read reaches it."""

    day: date
    kept: tuple[str, ...]
    covered: bool


@dataclass(frozen=True)
class Span:
    """The time that one audit's log covers; `kept` is its folder of evidence, "" for the audit of now."""

    since: datetime
    until: datetime
    kept: str = ""
    covers: bool = True


def events(
    moves: Sequence[Move], left: Sequence[Left], changes: Sequence[Change], rotations: Sequence[Change]
) -> list[Event]:
    """Those that the directory's log tells, oldest first."""
    sessions: dict[int, list[Left]] = {}
    for one in left:
        sessions.setdefault(id(one.move), []).append(one)
    found = [event for move in moves if (event := _of_move(move, sessions.get(id(move), ())))]
    found += (_of_change(change, "activation") for change in changes if change.activity == ACTIVATED)
    found += (
        _of_change(change, "role change")
        for change in changes
        if change.subject_type == "Group" and change.activity in ASSIGNED | UNASSIGNED
    )
    found += (_of_change(change, "rotation") for change in rotations)
    return sorted(found, key=lambda event: event.at)


def merged(*sources: Iterable[Event]) -> list[Event]:
    """Each event once, as the first source that has it tells it, oldest first."""
    found: dict[tuple[object, ...], Event] = {}
    for source in sources:
        for event in source:
            found.setdefault(event.key, event)
    return sorted(found.values(), key=lambda event: event.at)


def nights(since: datetime, until: datetime, spans: Sequence[Span]) -> list[Night]:
    """Every day of the period, `until` not included where it is midnight."""
    last = (until - timedelta(microseconds=1)).date()
    days = [since.date() + timedelta(days=number) for number in range((last - since.date()).days + 1)]
    return [_night(day, spans, since.tzinfo) for day in days]


def _night(day: date, spans: Sequence[Span], zone: Any) -> Night:
    begin = datetime(day.year, day.month, day.day, tzinfo=zone)
    end = begin + timedelta(days=1)
    kept = tuple(span.kept for span in spans if span.kept and begin <= span.until < end)
    reached = begin
    for span in sorted((span for span in spans if span.covers), key=lambda span: span.since):
        reached = max(reached, span.until) if span.since <= reached else reached
    return Night(day, kept, reached >= end)


def _of_move(move: Move, sessions: Sequence[Left]) -> Event | None:
    if move.before == move.after and move.before is not None:
        return None
    kind: Kind = "leaver" if move.after == () else "joiner" if move.before == () else "mover"
    event = replace(
        _of_change(move.change, kind),
        person_id=move.person.id,
        person=move.person.name,
        before=move.before,
        after=move.after,
    )
    if kind != "leaver" or not sessions:
        return event
    longest = max(sessions, key=lambda one: (one.how == "unknown", one.seconds is None, one.seconds or 0))
    return replace(event, session=longest.how, session_ended=longest.session_ended, seconds=longest.seconds)


def _of_change(change: Change, kind: Kind) -> Event:
    person = change.subject_type == "User"
    group, group_id = (change.group or "", change.group_id)
    if change.subject_type == "Group":
        group, group_id = change.subject, change.subject_id
    roles = (change.role,) if change.role else ()
    given = change.activity in ASSIGNED
    return Event(
        change.at,
        kind,
        change.activity.strip(),
        person_id=change.subject_id if person else "",
        person=change.subject if person else "",
        before=() if given else roles,
        after=roles if given else (),
        group=group,
        group_id=group_id,
        by=change.by,
        by_id=change.by_id,
    )


def as_json(event: Event) -> EventJson:
    """The event with the members of the schema."""
    return {
        "at": moment(event.at),
        "kind": event.kind,
        "personId": event.person_id,
        "person": event.person,
        "rolesBefore": None if event.before is None else list(event.before),
        "rolesAfter": None if event.after is None else list(event.after),
        "what": event.what,
        "group": event.group,
        "groupId": event.group_id,
        "by": event.by,
        "byId": event.by_id,
        "approvedBy": event.approved_by,
        "pullRequest": event.pull_request,
        "commit": event.commit,
        "session": event.session,
        "sessionEnded": None if event.session_ended is None else moment(event.session_ended),
        "secondsAfter": event.seconds,
        "source": event.source,
    }


def night_as_json(night: Night) -> NightJson:
    """The night with the members of the schema."""
    return {"day": f"{night.day}", "evidence": list(night.kept), "covered": night.covered}


def kept_events(text: str, file: Path, source: str, names: Mapping[str, Mapping[str, str]]) -> list[Event]:
    """The events out of evidence, with the names that weren't erased. Raises UserError."""
    try:
        return [_event(body, source, names) for body in json.loads(text)["population"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file}: not a population that this release reads: {error!r}") from None


def _event(body: Mapping[str, Any], source: str, names: Mapping[str, Mapping[str, str]]) -> Event:
    if body["kind"] not in get_args(Kind):
        raise ValueError(body["kind"])
    ended = body["sessionEnded"]

    def named(key: str) -> str:
        return names.get(key, {}).get("name", "" if key == body["personId"] else key)

    return Event(
        datetime.fromisoformat(body["at"]),
        body["kind"],
        body["what"],
        body["personId"],
        named(body["personId"]) if body["personId"] else "",
        None if body["rolesBefore"] is None else tuple(body["rolesBefore"]),
        None if body["rolesAfter"] is None else tuple(body["rolesAfter"]),
        body["group"],
        body["groupId"],
        named(body["by"]),
        body["byId"],
        named(body["approvedBy"]),
        body["pullRequest"],
        body["commit"],
        body["session"],
        datetime.fromisoformat(ended) if ended else None,
        body["secondsAfter"],
        source,
    )


def moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def told(events: Iterable[Event], since: datetime, until: datetime) -> Iterator[Event]:
    """Those of the period."""
    return (event for event in events if since <= event.at < until)
