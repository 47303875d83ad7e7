"""Lines in Airflow's audit log, with the person's object id as owner: Browse > Audit Logs, and /eventLogs in the API.

What opens access (`entra_sign_in`, `entra_role_change`) is written in the transaction that opens it, or not opened:
AuditError. What closes it (`entra_sign_in_refused`, `entra_sign_out`, `entra_set_aside`) is never held up by a log that
can't be written: that is an error in the server's own log, with the same content.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection
from datetime import datetime, timezone
from typing import Any, Literal

from airflow_entra_auth.claims import Person

Event = Literal["entra_sign_in", "entra_sign_in_refused", "entra_sign_out", "entra_role_change", "entra_set_aside"]

OPENS_ACCESS = frozenset({"entra_sign_in", "entra_role_change"})
OWNER_LENGTH = 500  # log.owner and log.owner_display_name, in both versions
TEXT_LENGTH = 2000

log = logging.getLogger(__name__)


class AuditError(Exception):
    """A line that has to be in the audit log could not be written: what it belongs to must not happen."""


def record(
    event: Event,
    *,
    person: Person | None = None,
    tenant_id: str = "",
    object_id: str = "",
    roles: Collection[str] | None = None,
    roles_before: Collection[str] | None = None,
    reason: str = "",
    notes: Collection[str] = (),
    session: Any = None,
) -> None:
    """Writes one line: in `session`'s transaction, to be committed by the caller, or by itself where there is none.

    Where the caller has written something that isn't committed yet, it passes its session: SQLite has one writer.

    Only what is named here can get into the log: no claim, token or secret. `person`, or else `tenant_id` and
    `object_id`, says who. `roles` are those given from now on, `roles_before` those until now. Raises AuditError, where
    the event opens access; the caller then rolls back and refuses.
    """
    owner = person.object_id if person else object_id
    extra = {
        "tenantId": person.tenant_id if person else tenant_id,
        "objectId": owner,
        "signInName": person.sign_in_name if person else None,
        "guest": person.guest if person else None,
        "roles": None if roles is None else list(roles),
        "rolesBefore": None if roles_before is None else list(roles_before),
        "reason": reason[:TEXT_LENGTH],
        "notes": [note[:TEXT_LENGTH] for note in notes],
    }
    line = {key: value for key, value in extra.items() if value or value is False or key in ("roles", "rolesBefore")}
    text = json.dumps({key: value for key, value in line.items() if value is not None})
    try:
        _write(event, owner or None, person.display_name if person else None, text, session)
    except Exception as error:  # whatever the database's driver raises
        log.exception("Airflow's audit log could not be written: %s %s", event, text)
        if event in OPENS_ACCESS:
            raise AuditError(
                f"{event} of {owner} could not be written to Airflow's audit log, so it is not done: see that "
                "Airflow's database can be written and that `airflow db migrate` has run."
            ) from error


class Bounded:
    """How many lines there may be about people who aren't known: `most` at once, and `a_minute` from then on. Anybody
    may cause one, and each is in the server's own log too."""

    def __init__(self, most: float, a_minute: float) -> None:
        self._most, self._per_second = most, a_minute / 60
        self._left, self._at = most, time.monotonic()

    def allows(self) -> bool:
        """Whether there may be one more; counts it."""
        now = time.monotonic()
        self._left, self._at = min(self._most, self._left + (now - self._at) * self._per_second), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _write(event: str, owner: str | None, display_name: str | None, extra: str, session: Any) -> None:
    from airflow import settings
    from airflow.models.log import Log

    values = {
        "dttm": datetime.now(timezone.utc),
        "event": event,
        "owner": owner[:OWNER_LENGTH] if owner else None,
        "owner_display_name": display_name[:OWNER_LENGTH] if display_name else None,
        "extra": extra,
    }
    table = Log.__table__
    insert = table.insert().values({key: value for key, value in values.items() if key in table.c})
    if session is None:
        with settings.engine.begin() as connection:
            connection.execute(insert)
    else:
        with session.begin_nested():  # a line that fails leaves the caller's own work as it was
            session.execute(insert)
