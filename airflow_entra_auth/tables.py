"""The tables of sign-on, beside Airflow's own. SQLAlchemy Core, so that 1.4 (Airflow 2.11) and 2.x (3.x) both do.

Times are whole seconds since 1970 (UTC): three kinds of database disagree about time zones, none about numbers.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

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
)

IDENTITIES = sa.Table(
    "airflow_entra_identity",
    metadata,
    sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", sa.String(36), nullable=False),
    sa.Column("object_id", sa.String(36), nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("display_name", sa.String(256), nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("tenant_id", "object_id", name="airflow_entra_identity_person"),
)

REFRESH_TOKENS = sa.Table(
    "airflow_entra_refresh",
    metadata,
    sa.Column("session_id", sa.String(64), primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("tried_at", sa.BigInteger, nullable=False, index=True),
)
"""With `revocation: refresh`: each live session's refresh token, encrypted, and when it last gave an answer."""

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


def create_tables(engine: sa.engine.Engine) -> None:
    """Creates what isn't there. Several processes may do so at once: whoever comes second with a table finds it."""
    for table in metadata.sorted_tables:
        try:
            table.create(engine, checkfirst=True)
        except DBAPIError:
            table.create(engine, checkfirst=True)
