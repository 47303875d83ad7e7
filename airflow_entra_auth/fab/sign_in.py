"""A verified token becomes a row of Airflow's users, roles and a session; or a refusal, which takes them away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from sqlalchemy.exc import IntegrityError

from airflow_entra_auth import audit, refresh_tokens, sessions
from airflow_entra_auth.claims import Admitted, GroupsNeeded, Refused, decide
from airflow_entra_auth.fab.entra import Arrival, EntraClient, SignInError
from airflow_entra_auth.fab.standing import forget
from airflow_entra_auth.identities import Entry, Identities
from airflow_entra_auth.rules import SignOnRules

log = logging.getLogger(__name__)
T = TypeVar("T")

_ATTEMPTS = 3
"""The same person may sign in for the first time in two windows at once: the second finds what the first made."""


class SignIn:
    """`session` is Airflow's own ORM session, `users` its models' user and role."""

    def __init__(self, session: Any, user_model: Any, role_model: Any, rules: SignOnRules) -> None:
        self._session, self._rules = session, rules
        self._identities = Identities(session, user_model, role_model)

    def decide(self, arrival: Arrival, client: EntraClient) -> Admitted | Refused:
        """Who it is and what they may. Raises SignInError where Graph must be asked and refuses."""
        decision = decide(arrival.claims, self._rules)
        if isinstance(decision, GroupsNeeded):
            return decide(arrival.claims, self._rules, client.groups(decision, arrival.access_token))
        return decision

    def admit(self, admitted: Admitted, arrival: Arrival) -> tuple[Any, sessions.EntraSession]:
        """(row of Airflow's users, new session). Raises SignInError for a row that was deactivated by hand."""
        entry, begun = self._in_one_transaction(lambda: self._admit(admitted, arrival))
        forget()
        for note in admitted.notes:
            log.warning("Sign-in of %s: %s", admitted.person.object_id, note)
        if begun is None:
            raise SignInError(
                "Your account in this Airflow is deactivated",
                f"The directory gives you a role, but an administrator of Airflow deactivated your account. Ask "
                f"{self._rules.contact or 'the owners of this Airflow'}.",
                f"{admitted.person.object_id} has a deactivated row in ab_user: set its column active to let them in.",
            )
        return entry.user, begun

    def refuse(self, refused: Refused) -> None:
        """Takes the roles and sessions of a refused person, if it is known who it is, and writes it down."""
        person = refused.person
        before: tuple[str, ...] = ()
        if person is not None:
            before = self._in_one_transaction(lambda: self._identities.strip(person))
            forget()
        audit.record(
            "entra_sign_in_refused",
            person=person,
            roles=(),
            roles_before=before,
            reason=f"{refused.reason}: {refused.fix}",
        )

    def _admit(self, admitted: Admitted, arrival: Arrival) -> tuple[Entry, sessions.EntraSession | None]:
        person, at = admitted.person, int(time.time())
        lifetime = self._rules.session(guest=person.guest)
        entry = self._identities.admit(admitted)
        for aside in entry.set_aside:
            reason = f"the row {aside.username} of Airflow's users had the user name or address of this person"
            audit.record("entra_set_aside", person=person, reason=reason, session=self._session)
        if not entry.active:
            sessions.end_of_person(self._session, person.tenant_id, person.object_id, "refused")
            reason = "deactivated in Airflow"
            audit.record("entra_sign_in_refused", person=person, reason=reason, session=self._session)
            return entry, None
        before = entry.roles_before
        if set(before) != set(admitted.roles):
            self._record("entra_role_change", admitted, before)
        self._record("entra_sign_in", admitted, None)
        sessions.remove_old(self._session)
        sid = entra_sid(arrival.claims)
        begun = sessions.start(self._session, person, entry.user.id, sid=sid, lifetime=lifetime, at=at)
        if arrival.refresh_token:
            refresh_tokens.keep(self._session, begun.id, arrival.refresh_token)
        return entry, begun

    def _in_one_transaction(self, work: Callable[[], T]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                done = work()
                self._session.commit()
            except IntegrityError:
                self._session.rollback()
                if attempt == _ATTEMPTS:
                    raise
            except BaseException:
                self._session.rollback()
                raise
            else:
                return done
        raise AssertionError

    def _record(self, event: Literal["entra_sign_in", "entra_role_change"], admitted: Admitted, before: Any) -> None:
        why = "; ".join(f"{role}: {reason}" for role, reason in admitted.because.items())
        audit.record(
            event,
            person=admitted.person,
            roles=admitted.roles,
            roles_before=before,
            reason=why,
            notes=admitted.notes,
            session=self._session,
        )


def entra_sid(claims: Mapping[str, Any]) -> str | None:
    """Entra's id of its own session with this browser, by which it says later that it ended."""
    sid = claims.get("sid")
    return sid if isinstance(sid, str) and 0 < len(sid) <= 128 else None
