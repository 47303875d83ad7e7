"""The watcher's life: takes the lease, does one round after the other, waits out what fails, and lets go."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import httpx

from airflow_entra_auth.credential import CredentialError
from airflow_entra_auth.fab.audit import AuditError
from airflow_entra_auth.graph import Cancelled, GraphError
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from airflow_entra_auth.watch.follow import LeaseLostError, Round
from airflow_entra_auth.watch.redeem import NoAnswerError
from airflow_entra_auth.watch.state import State

RENEW = 2.0
"""Seconds after which the lease is kept again; four tries before it ends."""
LONGEST_PAUSE = 30.0
GIVEN_UP = 10.0
"""Seconds after which a lease that nobody kept would have ended."""
TROUBLE = (GraphError, CredentialError, AuditError, httpx.HTTPError, KeyError, TypeError, ValueError)
"""What a round may end with besides the database's error: an answer that can't be read too."""

log = logging.getLogger(__name__)


class Lease(Protocol):
    """Each may raise what the database raises."""

    def hold(self) -> bool: ...

    def release(self) -> None: ...


class Rounds(Protocol):
    def round(self) -> Round: ...


class Watcher:
    """`begin` makes the follower, each time that the lease is taken. `stop` ends it within a moment.

    `database_error` is what the database raises; `refused` is told where Graph refused the token.
    """

    def __init__(
        self,
        lease: Lease,
        begin: Callable[[], Rounds],
        state: State,
        *,
        stop: threading.Event,
        interval: float,
        refused: Callable[[], None],
        database_error: type[Exception],
    ) -> None:
        self._lease, self._begin, self._state = lease, begin, state
        self._stop, self._interval, self._refused = stop, interval, refused
        self._database_error = database_error
        self._follower: Rounds | None = None
        self._kept_at, self._failures, self._told = float("-inf"), 0, ""
        self._assignments_known = True

    def run(self) -> None:
        """Until `stop`. Raises nothing that waiting may mend."""
        try:
            while not self._stop.is_set():
                self._wait(self._step())
        finally:
            self._let_go()

    def once(self) -> Round | None:
        """One whole comparison; None where another watcher follows the directory. Raises what went wrong."""
        until = time.monotonic() + GIVEN_UP
        try:
            while not self.keep():
                if time.monotonic() > until:
                    return None
                if self._stop.wait(0.5):
                    raise Cancelled
            self._follower = self._begin()
            return self._whole(self._follower)
        finally:
            self._let_go()

    def _whole(self, follower: Rounds) -> Round:
        """Rounds until there is nothing left to ask, as one."""
        done = follower.round()
        while done.goes_on:
            more = follower.round()
            done = replace(more, applied=done.applied + more.applied, looked_at=done.looked_at + more.looked_at)
        return done

    def keep(self, _: Any = None) -> bool:
        """Keeps the lease, or tries to take it, where the last time is long ago; whether it is this watcher's."""
        now = time.monotonic()
        if self._follower is not None and now - self._kept_at < RENEW:
            return True
        held = self._lease.hold()
        self._kept_at = now
        if not held:
            self._follower = None
        return held

    def _step(self) -> float:
        """Seconds until the next."""
        try:
            if not self.keep():
                self._state.waiting()
                return self._interval
            if self._follower is None:
                self._follower = self._begin()
                log.info("This watcher follows the directory now")
            done = self._follower.round()
        except Cancelled:
            return 0.0
        except LeaseLostError:
            self._follower = None
            log.info("Another watcher follows the directory now")
            return self._interval
        except (*TROUBLE, self._database_error) as error:
            return self._failed(error)
        self._finished(done)
        return 0.0 if done.goes_on else self._interval

    def _finished(self, done: Round) -> None:
        self._state.finished(done)
        if self._failures:
            log.info("The directory is followed again, after %d failed rounds", self._failures)
        self._failures, self._told = 0, ""
        if not done.assignments_known and self._assignments_known:
            log.warning(
                "Graph doesn't say who is assigned to the application, so no role is raised above what people have: "
                "have an administrator consent to the application permission Application.Read.All of Microsoft Graph"
            )
        self._assignments_known = done.assignments_known
        if done.lost:
            log.warning("A feed began anew: everybody was compared")
        for one in done.applied:
            log.info(
                "%s: roles %s, were %s; %d sessions ended%s",
                one.object_id,
                ", ".join(one.roles) or "none",
                ", ".join(one.roles_before) or "none",
                one.sessions_ended,
                f" ({one.why})" if one.why else "",
            )

    def _failed(self, error: Exception) -> float:
        problem = told(error)
        self._state.failed(problem)
        self._failures += 1
        if problem != self._told:  # once, however long it lasts
            log.error("The directory's changes can't be applied, and who left stays in until they can: %s", problem)
            self._told = problem
        if isinstance(error, GraphError) and error.status in (401, 403):
            self._refused()
        wait = error.retry_after if isinstance(error, (GraphError, NoAnswerError)) else None
        return wait or min(LONGEST_PAUSE, self._interval * 2.0 ** min(self._failures - 1, 8))

    def _wait(self, seconds: float) -> None:
        """Keeping the lease meanwhile, if it is this watcher's."""
        until = time.monotonic() + seconds
        while not self._stop.wait(min(RENEW, max(0.0, until - time.monotonic()))):
            if time.monotonic() >= until:
                return
            if self._follower is not None:
                try:
                    self.keep()
                except self._database_error as error:
                    log.debug("The lease could not be kept: %s", error)

    def _let_go(self) -> None:
        try:
            self._lease.release()
        except self._database_error as error:
            log.warning("The lease could not be let go of; the next watcher begins seconds later: %s", told(error))


def told(error: Exception) -> str:
    """What went wrong, in a line."""
    if isinstance(error, GraphError) and error.status in (401, 403):
        return (
            f"{error}. Have an administrator consent to the application permissions {' and '.join(WATCH_PERMISSIONS)} "
            "of Microsoft Graph: `pulumi up` with manage.consent: managed does it, or its hand-over file says how"
        )
    if isinstance(error, (GraphError, CredentialError, AuditError)):
        return str(error)
    # A database's error goes on with the statement and its values, which are nobody's business.
    return f"{type(error).__name__}: {str(getattr(error, 'orig', None) or error).partition(chr(10))[0]}"
