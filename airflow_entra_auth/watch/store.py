"""Airflow's database, as the watcher reads and changes it: what changes and how far it got, in one transaction."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from airflow_entra_auth import audit, identities, sessions
from airflow_entra_auth.identities import Identities
from airflow_entra_auth.sessions import WhyEnded
from airflow_entra_auth.tables import SESSIONS, WATCH_FEEDS, rows_changed
from airflow_entra_auth.watch.follow import SIGN_INS, Applied, Links
from airflow_entra_auth.watch.lease import DatabaseLease
from airflow_entra_auth.watch.people import Verdict

log = logging.getLogger(__name__)
_REVOKED: WhyEnded = "revoked in the directory"


class AirflowStore:
    """The models are Airflow's user and role. Nothing is changed without the lease."""

    def __init__(self, engine: Engine, user_model: Any, role_model: Any, tenant_id: str, lease: DatabaseLease) -> None:
        self._engine, self._users, self._roles = engine, user_model, role_model
        self._tenant, self._lease = tenant_id, lease

    def links(self) -> Links:
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(WATCH_FEEDS.c.feed, WATCH_FEEDS.c.link))
            return cast(Links, {row.feed: row.link for row in rows})

    def known(self) -> Collection[str]:
        with self._engine.connect() as connection:
            return frozenset(identities.known(connection, self._tenant))

    def signed_in(self) -> Collection[str]:
        with self._engine.connect() as connection:
            return sessions.people_in(connection, self._tenant).keys()

    def begun_since(self, since: int) -> Mapping[str, str]:
        """Those too that began shortly before the newest one: this machine's clock may be ahead of the servers'."""
        with self._engine.connect() as connection:
            newest = connection.execute(sa.select(sa.func.max(SESSIONS.c.signed_in_at))).scalar() or since
            return sessions.begun_since(connection, self._tenant, min(since, int(newest - SIGN_INS)))

    def apply(self, verdicts: Collection[Verdict], links: Links) -> list[Applied]:
        """Raises LeaseLostError, OtherKeyError; AuditError where a role could not be written down: the others' changes
        are done."""
        applied: list[Applied] = []
        failed: audit.AuditError | None = None
        with Session(self._engine) as session, session.begin():
            self._lease.must_hold(session)
            sessions.must_be_of_this_key(session, self._tenant)
            known, inside = identities.people(session, self._tenant), sessions.people_in(session, self._tenant)
            for one in verdicts:
                person = known.get(one.object_id)
                held = set(person.roles) if person and person.genuine else set()
                same = held <= set(one.roles) if one.only_lowers else held == set(one.roles)
                forged = person is not None and not person.genuine
                began = inside.get(one.object_id, sys.maxsize)
                ends = one.ends and one.object_id in inside
                if same and not forged and not ends and began > one.revoked_until:
                    continue
                try:
                    with session.begin_nested():
                        applied += self._apply(session, one)
                except audit.AuditError as error:
                    failed = error
                    with session.begin_nested():  # what closes access is done all the same
                        applied += self._apply(session, replace(one, only_lowers=True, for_now=True))
            if not failed:
                _save(session, links)
        if failed:
            raise failed
        return applied

    def _apply(self, session: Session, one: Verdict) -> list[Applied]:
        """What opens access is written down or not done; what closes it is done in any case."""
        before, now = Identities(session, self._users, self._roles).follow(
            self._tenant, one.object_id, one.roles, only_lowers=one.only_lowers
        )
        stranded = one.only_lowers and not one.for_now and not now
        why = one.ends or ("no role left" if stranded else None)
        because = one.because
        if why:
            ended = sessions.end_of_person(session, self._tenant, one.object_id, why)
        else:
            ended = sessions.end_begun_until(session, self._tenant, one.object_id, one.revoked_until, _REVOKED)
            why, because = (_REVOKED, _REVOKED) if ended else (None, because)
        who: dict[str, Any] = {"tenant_id": self._tenant, "object_id": one.object_id, "session": session}
        if set(before) != set(now):
            write: Callable[..., None] = audit.record if set(now) - set(before) else _record_anyhow
            write("entra_role_change", **who, roles=now, roles_before=before, reason=f"directory: {one.because}")
        if ended:
            audit.record("entra_sign_out", **who, reason=f"directory: {because}")
        if not ended and set(before) == set(now):
            return []
        return [Applied(one.object_id, before, now, ended, why if ended else None)]


def _record_anyhow(*arguments: Any, **details: Any) -> None:
    try:
        audit.record(*arguments, **details)
    except audit.AuditError:
        log.warning("A role is taken away although Airflow's audit log could not be written")


def _save(session: Session, links: Links) -> None:
    for feed, link in links.items():
        values = {"link": link, "updated_at": int(time.time())}
        known = sa.update(WATCH_FEEDS).where(WATCH_FEEDS.c.feed == feed).values(values)
        if not rows_changed(session, known):
            session.execute(sa.insert(WATCH_FEEDS).values(feed=feed, **values))
