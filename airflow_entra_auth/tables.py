"""The tables of sign-on, beside Airflow's own. SQLAlchemy Core, so that 1.4 (Airflow 2.11) and 2.x (3.x) both do.

Times are whole seconds since 1970 (UTC), those whose name ends in `_ms` thousandths: three kinds of database disagree
about time zones, none about numbers.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import Update

Transaction: TypeAlias = Connection | Session
"""What has a transaction open; whoever opened it ends it."""

metadata = sa.MetaData()

SESSIONS = sa.Table(
    "airflow_entra_session",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.Integer, nullable=False, index=True),
    sa.Column("tenant_id", sa.String(36), nullable=False),
    sa.Column("object_id", sa.String(36), nullable=False),
    sa.Column("sid", sa.String(128), index=True),
    sa.Column("signed_in_at", sa.BigInteger, nullable=False),
    sa.Column("ends_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("why_ended", sa.String(64)),
    sa.Column("mac", sa.String(64)),
    sa.Column("signed_in_ms", sa.BigInteger),
    sa.Column("ended_ms", sa.BigInteger),
)
"""`id` is the keyed hash of the handle that the browser has. `mac` is over what the row grants, and leaves it with its
end; a row of an older release has none and is worth nothing. The last two are the same moments for an audit: nothing
goes by them."""

IDENTITIES = sa.Table(
    "airflow_entra_identity",
    metadata,
    sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", sa.String(36), nullable=False),
    sa.Column("object_id", sa.String(36), nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("display_name", sa.String(256), nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("signed_in_roles", sa.Text),
    sa.Column("mac", sa.String(64)),
    sa.UniqueConstraint("tenant_id", "object_id", name="airflow_entra_identity_person"),
)
"""`roles` are what the directory gives now, `signed_in_roles` what the person's own last sign-in gave: JSON lists. A
row without a right `mac` gives nothing. `updated_at` only grows: an older row that is put back is noticed by it."""

REFRESH_TOKENS = sa.Table(
    "airflow_entra_refresh",
    metadata,
    sa.Column("session_id", sa.String(64), primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("tried_at", sa.BigInteger, nullable=False, index=True),
)
"""With `revocation: refresh`: each live session's refresh token, sealed with when Entra last gave an answer; `tried_at`
says the same for people who look, and nothing goes by it."""

WATCH_FEEDS = sa.Table(
    "airflow_entra_watch",
    metadata,
    sa.Column("feed", sa.String(32), primary_key=True),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
)
"""How far each feed of the directory's changes has been applied."""

WATCH_LEASE = sa.Table(
    "airflow_entra_watch_lease",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("until", sa.Float(53), nullable=False),
)
"""Which watcher follows the directory, and until when it may without saying so again."""


RETENTION = {
    SESSIONS.name: "30 days after the session's end; removed at the next sign-in",
    IDENTITIES.name: "as long as the account is one of Airflow's (`airflow users delete`)",
    REFRESH_TOKENS.name: "until the session's end",
    WATCH_FEEDS.name: "replaced at each round; nothing in it is about people",
    WATCH_LEASE.name: "replaced at each round; nothing in it is about people",
}
"""How long each table keeps what it holds."""


def create_tables(engine: Engine) -> None:
    """Creates the tables and columns that aren't there; columns that came after release 0.1.0 may be null.

    Several processes may do so at once: whoever comes second with one finds it.
    """
    for table in metadata.sorted_tables:
        try:
            table.create(engine, checkfirst=True)
        except DBAPIError:
            table.create(engine, checkfirst=True)
        for column in _missing(engine, table):
            _add(engine, table, column)


def rows_changed(transaction: Transaction, change: Update) -> int:
    """Makes a change; how many rows it found."""
    return int(cast("CursorResult[Any]", transaction.execute(change)).rowcount)


def _add(engine: Engine, table: sa.Table, column: sa.Column[Any]) -> None:
    declared = sa.schema.CreateColumn(column).compile(dialect=engine.dialect)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {declared}"))
    except DBAPIError:
        if column in _missing(engine, table):
            raise


def _missing(engine: Engine, table: sa.Table) -> list[sa.Column[Any]]:
    there = {column["name"] for column in sa.inspect(engine).get_columns(table.name)}
    return [column for column in table.columns if column.name not in there]
