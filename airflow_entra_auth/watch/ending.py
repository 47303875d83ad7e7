"""Ends everybody's sessions at once: the application is disabled, or Airflow's database was restored from a backup."""

from __future__ import annotations

from sqlalchemy.orm import Session

from airflow_entra_auth import audit, identities, sessions
from airflow_entra_auth.watch.follow import Applied


def end_everybody(
    session: Session, tenant_id: str, why: sessions.WhyEnded, reason: str, *, begun_before: int | None = None
) -> list[Applied]:
    """In the caller's transaction; a line of the audit log for each person. `begun_before`: seconds since 1970.

    It only closes, so that it needs no lease: doing it twice does no harm.
    """
    roles = identities.known(session, tenant_id)
    applied = []
    for person, ended in sessions.end_of_tenant(session, tenant_id, why, begun_before=begun_before).items():
        audit.record("entra_sign_out", tenant_id=tenant_id, object_id=person, reason=reason, session=session)
        held = roles.get(person, ())
        applied.append(Applied(person, held, held, ended, why))
    return applied
