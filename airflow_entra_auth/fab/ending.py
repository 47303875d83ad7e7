"""Ending sessions, and writing down whose."""

from __future__ import annotations

from airflow import settings

from airflow_entra_auth import audit, sessions
from airflow_entra_auth.fab.standing import forget, is_over


def end_session(handle: str, why: sessions.WhyEnded) -> None:
    """Ends the session whose handle a cookie or token had."""
    for session_id in sessions.ids_of(handle):
        with settings.engine.begin() as connection:
            person = sessions.person_of(connection, session_id)
            ended = sessions.end(connection, session_id, why)
        if ended and person:
            is_over(session_id)
            audit.record("entra_sign_out", tenant_id=person[0], object_id=person[1], reason=why)
    forget()


def end_sessions_of_older_releases(tenant_id: str) -> None:
    """Ends what an older release began: its people sign in again, mostly without typing anything."""
    with settings.engine.begin() as connection:
        people = sessions.end_of_older_releases(connection, tenant_id)
    for object_id in people:
        reason = "begun by an older release: sign in again"
        audit.record("entra_sign_out", tenant_id=tenant_id, object_id=object_id, reason=reason)


def end_sessions_of_sid(tenant_id: str, sid: str) -> None:
    """Ends what began in Entra's session `sid`, which has ended there."""
    why: sessions.WhyEnded = "signed out in Entra"
    with settings.engine.begin() as connection:
        people = sessions.people_of_sid(connection, tenant_id, sid)
        sessions.end_of_sid(connection, tenant_id, sid, why)
    forget()
    for object_id in people:
        audit.record("entra_sign_out", tenant_id=tenant_id, object_id=object_id, reason=why)
