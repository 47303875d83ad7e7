"""What an Airflow said of its people and of what they did: the JSON lines of `python -m airflow_entra_auth.records`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_entra.errors import UserError

SCHEMA = 1
COMMAND = "python -m airflow_entra_auth.records --since <date>"
"""What writes them, in Airflow's own environment."""


@dataclass(frozen=True)
class Identity:
    """The person behind a row of Airflow's users, as the last sign-in linked them; `roles` are the directory's."""

    tenant_id: str
    object_id: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class User:
    """A row of Airflow's users. `identity` is None for who never signed in with Entra."""

    id: int
    user_name: str
    name: str
    email: str
    active: bool
    has_password: bool
    last_sign_in: datetime | None
    roles: tuple[str, ...]
    identity: Identity | None


@dataclass(frozen=True)
class Session:
    """A signed-in browser of a person, alive at some time of the period."""

    user_id: int
    tenant_id: str
    object_id: str
    signed_in_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    why_ended: str | None

    def alive_at(self, moment: datetime) -> bool:
        return self.signed_in_at <= moment < (self.ended_at or self.ends_at)


@dataclass(frozen=True)
class Action:
    """A line of Airflow's audit log. `about` names what was acted on; it never holds a value."""

    at: datetime
    event: str
    owner: str | None
    owner_name: str | None
    dag_id: str | None
    run_id: str | None
    task_id: str | None
    about: Mapping[str, Any]

    @property
    def run(self) -> str | None:
        """The run that it was about, where Airflow kept it."""
        said = self.about.get("runId")
        return self.run_id or (said if isinstance(said, str) else None)


@dataclass(frozen=True)
class Run:
    """A run of a DAG. `triggering_user` is kept by 3.x alone; `dag_version` a number (3.x) or a hash (2.11)."""

    dag_id: str
    run_id: str
    type: str
    triggered_by: str | None
    triggering_user: str | None
    at: datetime | None
    ended_at: datetime | None
    state: str
    dag_version: str | None


@dataclass(frozen=True)
class Attempt:
    """One try of a task, which has a log of its own."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    started_at: datetime
    ended_at: datetime | None
    state: str | None


@dataclass(frozen=True)
class Records:
    """All that one Airflow, at base URL `url`, said of a period; it signs in as application `client_id`."""

    version: str
    url: str
    stack: str
    client_id: str
    since: datetime
    until: datetime
    users: list[User] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


def parse(lines: Iterable[str], origin: str) -> Records:
    """The records in `lines`; `origin` names them in errors. Raises UserError."""
    records: Records | None = None
    number = 0
    for number, text in enumerate(lines, start=1):
        line = _object(text, f"{origin}:{number}")
        kind = line.get("kind")
        try:
            if records is None:
                records = _head(line, origin)
            elif kind == "end":
                if line["lines"] != number - 1:
                    raise UserError(_cut(origin, f"{line['lines']} lines were written and {number - 1} are here"))
                return records
            elif kind in _KINDS:
                _KINDS[kind](records, line)
            else:
                raise UserError(f"{origin}:{number}: kind is {kind!r}, which this release does not know; {_AGAIN}")
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{origin}:{number}: not such a line: {error!r}; {_AGAIN}") from None
    raise UserError(_cut(origin, "the last line is missing" if number else "it is empty"))


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError(f"{place}: not JSON; {_AGAIN}") from None
    if not isinstance(line, dict):
        raise UserError(f"{place}: not a JSON object; {_AGAIN}")
    return line


def _head(line: Mapping[str, Any], origin: str) -> Records:
    if line.get("kind") != "airflow" or line.get("schema") != SCHEMA:
        raise UserError(
            f"{origin}:1: schema {line.get('schema')!r}; this release reads schema {SCHEMA}: bring airflow-entra and "
            f"airflow-entra-auth to the same release, then run `{COMMAND}` again"
        )
    since, until = _moment(line["since"]), _moment(line["until"])
    return Records(line["version"], line["url"], line["stack"], line["clientId"], since, until)


def _user(records: Records, line: Mapping[str, Any]) -> None:
    said = line["identity"]
    identity = said and Identity(said["tenantId"], said["objectId"], said["name"], tuple(said["roles"]))
    last = _moment_or_none(line["lastSignIn"])
    records.users.append(
        User(
            id=line["userId"],
            user_name=line["userName"],
            name=line["name"],
            email=line["email"],
            active=line["active"],
            has_password=line["hasPassword"],
            last_sign_in=last,
            roles=tuple(line["roles"]),
            identity=identity,
        )
    )


def _session(records: Records, line: Mapping[str, Any]) -> None:
    records.sessions.append(
        Session(
            user_id=line["userId"],
            tenant_id=line["tenantId"],
            object_id=line["objectId"],
            signed_in_at=_moment(line["signedInAt"]),
            ends_at=_moment(line["endsAt"]),
            ended_at=_moment_or_none(line["endedAt"]),
            why_ended=line["whyEnded"],
        )
    )


def _action(records: Records, line: Mapping[str, Any]) -> None:
    records.actions.append(
        Action(
            at=_moment(line["at"]),
            event=line["event"],
            owner=line["owner"],
            owner_name=line["ownerName"],
            dag_id=line["dagId"],
            run_id=line["runId"],
            task_id=line["taskId"],
            about=line["about"],
        )
    )


def _run(records: Records, line: Mapping[str, Any]) -> None:
    version = line["dagVersion"]
    records.runs.append(
        Run(
            dag_id=line["dagId"],
            run_id=line["runId"],
            type=line["type"],
            triggered_by=line["triggeredBy"],
            triggering_user=line["triggeringUser"],
            at=_moment_or_none(line["at"]),
            ended_at=_moment_or_none(line["endedAt"]),
            state=line["state"],
            dag_version=None if version is None else str(version),
        )
    )


def _attempt(records: Records, line: Mapping[str, Any]) -> None:
    records.attempts.append(
        Attempt(
            dag_id=line["dagId"],
            run_id=line["runId"],
            task_id=line["taskId"],
            map_index=line["mapIndex"],
            try_number=line["tryNumber"],
            started_at=_moment(line["startedAt"]),
            ended_at=_moment_or_none(line["endedAt"]),
            state=line["state"],
        )
    )


_KINDS: Mapping[object, Callable[[Records, Mapping[str, Any]], None]] = {
    "person": _user,
    "session": _session,
    "action": _action,
    "run": _run,
    "task": _attempt,
}
_AGAIN = f"run `{COMMAND}` again in Airflow's environment and give its whole output"


def _cut(origin: str, how: str) -> str:
    return f"{origin}: it was cut: {how}; {_AGAIN}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)
