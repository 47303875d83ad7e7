"""What Airflow's database knows of its people and of what they did, for an audit: JSON lines on standard output.

`python -m airflow_entra_auth.records --since 2026-11-01` in Airflow's own environment. Reads only, with the same lines
from 2.11 and 3.x. No value of a variable, connection or run configuration is in them, nor a password's hash. Standard
library and SQLAlchemy, for Python 3.10.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from itertools import chain
from typing import Any

import sqlalchemy as sa

from airflow_entra_auth.ending import ended
from airflow_entra_auth.records_about import PAUSING, about
from airflow_entra_auth.variables import RECORDS_DATABASE

SCHEMA = 1

Line = dict[str, Any]

_DATES = frozenset({"dttm", "queued_at", "start_date", "end_date", "last_login", "created_at"})


def lines(connection: Any, of: Mapping[str, str], since: datetime, until: datetime) -> Iterator[Line]:
    """Every line, the first says what follows and the last how many there were: a file that was cut lacks it.

    `of` says whose they are; `since` and `until` are aware. Raises SQLAlchemyError.
    """
    database = _Database(connection)
    head = {"kind": "airflow", "schema": SCHEMA, **of, "since": _text(since), "until": _text(until)}
    of_the_period = (some(database, since, until) for some in (_sessions, _actions, _runs, _tasks))
    written = 0
    for line in chain([head], _people(database), chain.from_iterable(of_the_period)):
        written += 1
        yield line
    yield {"kind": "end", "lines": written}


class _Database:
    """Airflow's tables with the columns that this release has."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._inspector = sa.inspect(connection)
        self._tables = frozenset(self._inspector.get_table_names())

    def table(self, name: str) -> Any:
        """None where this release hasn't got it."""
        if name not in self._tables:
            return None
        columns = [column["name"] for column in self._inspector.get_columns(name)]
        return sa.table(name, *(_column(column) for column in columns))

    def rows(self, query: Any) -> Iterable[Mapping[str, Any]]:
        """One after the other, however many there are."""
        result: Iterable[Mapping[str, Any]] = (
            self._connection.execution_options(yield_per=1000).execute(query).mappings()
        )
        return result


def _column(name: str) -> Any:
    return sa.column(name, sa.DateTime(timezone=True)) if name in _DATES else sa.column(name)


def _people(database: _Database) -> Iterator[Line]:
    users, roles, held = (database.table(name) for name in ("ab_user", "ab_role", "ab_user_role"))
    identities = database.table("airflow_entra_identity")
    if users is None:
        return
    given: dict[int, list[str]] = {}
    query = sa.select(held.c.user_id, roles.c.name).select_from(held.join(roles, roles.c.id == held.c.role_id))
    for row in database.rows(query):
        given.setdefault(row["user_id"], []).append(row["name"])
    known = {} if identities is None else {row["user_id"]: row for row in database.rows(sa.select(identities))}
    for row in database.rows(sa.select(users).order_by(users.c.id)):
        yield {
            "kind": "person",
            "userId": row["id"],
            "userName": row["username"],
            "name": f"{row['first_name'] or ''} {row['last_name'] or ''}".strip(),
            "email": row["email"],
            "active": bool(row["active"]),
            "hasPassword": bool(row["password"]),
            "lastSignIn": _text(row["last_login"]),
            "roles": sorted(given.get(row["id"], ())),
            "identity": _identity(known.get(row["id"])),
        }


def _identity(row: Mapping[str, Any] | None) -> Line | None:
    if row is None:
        return None
    return {
        "tenantId": row["tenant_id"],
        "objectId": row["object_id"],
        "name": row["display_name"],
        "roles": json.loads(row["roles"]),
        "updatedAt": _seconds(row["updated_at"]),
    }


def _sessions(database: _Database, since: datetime, until: datetime) -> Iterator[Line]:
    """Those that were alive at some time of the period."""
    table = database.table("airflow_entra_session")
    if table is None:
        return
    begin, end = int(since.timestamp()), int(until.timestamp())
    over = sa.func.coalesce(table.c.ended_at, table.c.ends_at)
    query = sa.select(table).where(table.c.signed_in_at < end, over >= begin).order_by(table.c.signed_in_at)
    for row in database.rows(query):
        yield {
            "kind": "session",
            "userId": row["user_id"],
            "tenantId": row["tenant_id"],
            "objectId": row["object_id"],
            "signedInAt": _exactly(row.get("signed_in_ms"), row["signed_in_at"]),
            "endsAt": _seconds(row["ends_at"]),
            "endedAt": _exactly(row.get("ended_ms"), row["ended_at"]),
            "whyEnded": row["why_ended"],
        }


def _actions(database: _Database, since: datetime, until: datetime) -> Iterator[Line]:
    """The audit log of the period, and who paused or unpaused a DAG at any time before its end."""
    table = database.table("log")
    period = (table.c.dttm >= since) | table.c.event.in_(sorted(PAUSING))
    for row in database.rows(sa.select(table).where(period, table.c.dttm < until).order_by(table.c.dttm, table.c.id)):
        yield {
            "kind": "action",
            "at": _text(row["dttm"]),
            "event": row["event"],
            "owner": row["owner"],
            "ownerName": row.get("owner_display_name"),
            "dagId": row["dag_id"],
            "runId": row.get("run_id"),
            "taskId": row["task_id"],
            "mapIndex": row["map_index"],
            "tryNumber": row.get("try_number"),
            "about": about(row["event"], row["extra"]),
        }


def _runs(database: _Database, since: datetime, until: datetime) -> Iterator[Line]:
    """Those that were open at some time of the period, with the version of the DAG that they began with."""
    table, versions = database.table("dag_run"), database.table("dag_version")
    begun = sa.func.coalesce(table.c.queued_at, table.c.start_date)
    which = (begun < until) & (table.c.end_date.is_(None) | (table.c.end_date >= since))
    numbers = (
        {}
        if versions is None
        else {
            row["id"]: row["version_number"]
            for row in database.rows(sa.select(versions.c.id, versions.c.version_number))
        }
    )
    for row in database.rows(sa.select(table).where(which).order_by(table.c.id)):
        yield {
            "kind": "run",
            "dagId": row["dag_id"],
            "runId": row["run_id"],
            "type": row["run_type"],
            "triggeredBy": row.get("triggered_by"),
            "triggeringUser": row.get("triggering_user_name"),
            "at": _text(row["queued_at"] or row["start_date"]),
            "endedAt": _text(row["end_date"]),
            "state": row["state"],
            "dagVersion": numbers.get(row.get("created_dag_version_id")) or row.get("dag_hash"),
            "bundleVersion": row.get("bundle_version"),
        }


def _tasks(database: _Database, since: datetime, until: datetime) -> Iterator[Line]:
    """Every attempt that began in the period: each has a log of its own."""
    for name in ("task_instance_history", "task_instance"):
        table = database.table(name)
        if table is None:
            continue
        which = (table.c.start_date >= since) & (table.c.start_date < until)
        for row in database.rows(sa.select(table).where(which).order_by(table.c.start_date)):
            yield {
                "kind": "task",
                "dagId": row["dag_id"],
                "runId": row["run_id"],
                "taskId": row["task_id"],
                "mapIndex": row["map_index"],
                "tryNumber": row["try_number"],
                "startedAt": _text(row["start_date"]),
                "endedAt": _text(row["end_date"]),
                "state": row["state"],
            }


def _text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC; SQLite gives times without a zone, which are UTC."""
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(since_1970: int | None) -> str | None:
    return None if since_1970 is None else _text(datetime.fromtimestamp(since_1970, timezone.utc))


def _exactly(milliseconds: int | None, seconds: int | None) -> str | None:
    """Rows of release 0.1.0 have whole seconds alone."""
    if milliseconds is None:
        return _seconds(seconds)
    return _text(datetime.fromtimestamp(milliseconds / 1000, timezone.utc))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def main(arguments: Sequence[str] | None = None) -> int:
    """Always 0. What stops it is raised."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_entra_auth.records", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--since", type=_moment, required=True, help="2026-11-01, or with a time and zone; UTC without")
    parser.add_argument("--until", type=_moment, help="now, unless said")
    options = parser.parse_args(arguments)
    import airflow
    from airflow import settings

    from airflow_entra_auth.sign_on import sign_on

    until = options.until or datetime.now(timezone.utc)
    rules = sign_on()
    of = {"version": airflow.__version__, "url": rules.base_url, "stack": rules.stack, "clientId": rules.client_id}
    engine = sa.create_engine(os.environ[RECORDS_DATABASE]) if RECORDS_DATABASE in os.environ else settings.engine
    with engine.connect() as connection:
        for line in lines(connection, of, options.since, until):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(ended("airflow_entra_auth.records", main))
