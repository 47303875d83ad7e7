"""Airflow's database, as refreshing reads and changes it: sessions' refresh tokens, beside what the watcher does."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.orm import Session

from airflow_entra_auth import audit, identities, refresh_tokens, sessions
from airflow_entra_auth.keyring import SESSION_KEY, UnsealedError, keyring
from airflow_entra_auth.watch.ending import end_everybody
from airflow_entra_auth.watch.follow import Applied, Links
from airflow_entra_auth.watch.lease import DatabaseLease
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.refresh import Held, Outcome
from airflow_entra_auth.watch.store import AirflowStore

log = logging.getLogger(__name__)
_WHY: sessions.WhyEnded = "refused by the directory"


class RefreshStore:
    """Nothing is changed without the lease, except what is over."""

    def __init__(self, engine: Any, tenant_id: str, lease: DatabaseLease, people: AirflowStore) -> None:
        self._engine, self._tenant, self._lease, self._people = engine, tenant_id, lease, people

    def due(self, tried_until: int) -> Sequence[Held]:
        with self._engine.connect() as connection:
            return [Held(*row) for row in refresh_tokens.due(connection, self._tenant, tried_until)]

    def unseal(self, held: Held) -> str | None:
        try:
            return keyring().unseal("refresh token", held.sealed).decode() if held.sealed else None
        except UnsealedError:
            log.error(
                "A refresh token was kept with another key: let %s be the same for API server (2.11: webserver) and "
                "watcher, and keep the old key behind a comma when it is changed",
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
                    sealed = keyring().seal("refresh token", one.token.encode())
                    refresh_tokens.answered(session, one.session_id, sealed)
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
