"""Airflow's database, as refreshing reads and changes it: sessions' refresh tokens, beside what the watcher does."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from airflow_entra_auth import audit, identities, refresh_tokens, sessions
from airflow_entra_auth.keyring import UnsealedError
from airflow_entra_auth.refresh_tokens import Kept
from airflow_entra_auth.variables import SESSION_KEY
from airflow_entra_auth.watch.ending import end_everybody
from airflow_entra_auth.watch.follow import Applied, Links
from airflow_entra_auth.watch.lease import DatabaseLease
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.refresh import Held, Outcome
from airflow_entra_auth.watch.store import AirflowStore

log = logging.getLogger(__name__)
_WHY: sessions.WhyEnded = "refused by the directory"
CLOCKS_DIFFER = 60
"""Seconds that two machines' clocks may differ."""


class RefreshStore:
    """Nothing is changed without the lease, except what is over."""

    def __init__(self, engine: Engine, tenant_id: str, lease: DatabaseLease, people: AirflowStore) -> None:
        self._engine, self._tenant, self._lease, self._people = engine, tenant_id, lease, people
        self._answered: dict[Kept, int] = {}

    def due(self, tried_until: int) -> Sequence[Held]:
        """Those that wait longest first. An answer of the future is no answer: this clock or another is wrong.

        Raises OtherKeyError.
        """
        with self._engine.connect() as connection:
            live = refresh_tokens.of_live_sessions(connection, self._tenant)
            if any(kept not in self._answered for kept in live):  # nothing new is nothing of another key
                sessions.must_be_of_this_key(connection, self._tenant)
        self._answered = {kept: self._answered.get(kept) or self._answered_at(kept) for kept in live}
        future = int(time.time()) + CLOCKS_DIFFER
        old = [(at, kept) for kept, at in self._answered.items() if at <= tried_until or at > future]
        old.sort(key=lambda waiting: (waiting[0], waiting[1].session_id))
        return [Held(kept.session_id, kept.object_id, kept.sealed) for _, kept in old]

    def unseal(self, held: Held) -> str | None:
        opened = self._opened(Kept(held.session_id, held.object_id, held.sealed))
        return opened.token if opened else None

    def _answered_at(self, kept: Kept) -> int:
        opened = self._opened(kept)
        return opened.answered_at if opened else 0

    def _opened(self, kept: Kept) -> refresh_tokens.Opened | None:
        try:
            return refresh_tokens.opened(kept)
        except UnsealedError:
            log.error(
                "A refresh token was kept with another key, or somebody changed it in the database; its session ends. "
                "Keep the old key in %s behind a comma when it is changed",
                SESSION_KEY,
            )
            return None

    def forget_over(self) -> None:
        with self._engine.begin() as connection:
            refresh_tokens.forget_over(connection)

    def apply(self, verdicts: Collection[Verdict], links: Links) -> list[Applied]:
        return self._people.apply(verdicts, links)

    def answered(self, outcomes: Collection[Outcome]) -> list[Applied]:
        applied: list[Applied] = []
        with Session(self._engine) as session, session.begin():
            self._lease.must_hold(session)
            roles = identities.known(session, self._tenant)
            for one in outcomes:
                if one.token:
                    refresh_tokens.answered(session, one.session_id, one.token)
                if one.ends and sessions.end(session, one.session_id, _WHY):
                    audit.record(
                        "entra_sign_out",
                        tenant_id=self._tenant,
                        object_id=one.object_id,
                        reason=f"directory: {one.ends}",
                        session=session,
                    )
                    held = roles.get(one.object_id, ())
                    applied.append(Applied(one.object_id, held, held, 1, _WHY))
        return applied

    def end_everybody(self, because: str) -> list[Applied]:
        with Session(self._engine) as session, session.begin():
            self._lease.must_hold(session)
            why: sessions.WhyEnded = "application disabled in the directory"
            return end_everybody(session, self._tenant, why, f"directory: {because}")
