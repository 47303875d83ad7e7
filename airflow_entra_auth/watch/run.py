"""The watcher's life: takes the lease, does one round after the other, waits out what fails, and lets go."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

import httpx

from airflow_entra_auth.audit import AuditError
from airflow_entra_auth.claims import display
from airflow_entra_auth.credential import CredentialError
from airflow_entra_auth.graph import Cancelled, GraphError
from airflow_entra_auth.keyring import OtherKeyError
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from airflow_entra_auth.watch.answers import ApplicationGoneError
from airflow_entra_auth.watch.follow import Applied, LeaseLostError, Round
from airflow_entra_auth.watch.redeem import NoAnswerError
from airflow_entra_auth.watch.state import State

RENEW = 2.0
"""Seconds after which the lease is kept again, four tries before it ends; and after which the next applied round is
written down, which keeps it too."""
LONGEST_PAUSE = 30.0
LONGEST_ASKED = 300.0
"""Seconds. Graph asks a throttled client to wait for seconds or a few minutes; an answer that says days must not keep
everybody who left in."""
GIVEN_UP = 10.0
"""Seconds after which a lease that nobody kept would have ended."""
_UNREADABLE = (KeyError, TypeError, ValueError)
TROUBLE = (GraphError, CredentialError, AuditError, httpx.HTTPError, *_UNREADABLE)
"""What a round may end with besides the database's error: an answer that can't be read too."""

log = logging.getLogger(__name__)


class Lease(Protocol):
    """Each may raise what the database raises."""

    def hold(self) -> bool: ...

    def release(self) -> None: ...


class Rounds(Protocol):
    def round(self) -> Round: ...


class Last(Protocol):
    """The last applied round as the database has it; `at` in seconds since 1970, for people."""

    @property
    def number(self) -> int: ...

    @property
    def at(self) -> int: ...


class Book(Protocol):
    """The last applied round, in Airflow's database. Each may raise what the database raises."""

    def read(self) -> Last | None: ...

    def record(self, known: int | None) -> Last | None:
        """One more than `known`; None where the database has another number. Raises LeaseLostError."""
        ...

    def end_restored(self, remembered: int, found: Any) -> list[Applied] | None:
        """Ends what a restored backup brought back to life; None where another watcher did, or nothing was restored."""
        ...


class Watcher:
    """`begin` makes the follower, each time that the lease is taken. `stop` ends it within a moment.

    `database_error` is what the database raises; `refused` is told where Graph refused the token; `end_everybody` is
    for the application that people sign in to, where Entra says twice that it is disabled or gone.
    """

    def __init__(
        self,
        lease: Lease,
        book: Book,
        begin: Callable[[], Rounds],
        state: State,
        *,
        stop: threading.Event,
        interval: float,
        refused: Callable[[], None],
        end_everybody: Callable[[str], list[Applied]],
        database_error: type[Exception],
    ) -> None:
        self._lease, self._book, self._begin, self._state = lease, book, begin, state
        self._stop, self._interval, self._refused = stop, interval, refused
        self._end_everybody, self._database_error = end_everybody, database_error
        self._follower: Rounds | None = None
        self._kept_at, self._failures, self._told = float("-inf"), 0, ""
        self._assignments_known = True
        self._number: int | None = None
        self._recorded_at = float("-inf")
        self._gone = False

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
            done = self._whole(self._follower)
            last = self._book.read()
            self._book.record(last.number if last else None)
            return done
        finally:
            self._let_go()

    def _whole(self, follower: Rounds) -> Round:
        """Rounds until there is nothing left to ask, as one."""
        done = follower.round()
        while done.goes_on:
            if self._stop.wait(done.pause(self._interval)):
                raise Cancelled
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
            leads = self.keep()
            self._look(leads)
            if not leads:
                self._state.waiting()
                return min(RENEW, self._interval)
            if self._follower is None:
                self._follower = self._begin()
                self._recorded_at = float("-inf")
                log.info("This watcher follows the directory now")
            done = self._follower.round()
            self._finished(done)
            if not done.goes_on and time.monotonic() - self._recorded_at >= RENEW:
                self._record()
        except Cancelled:
            return 0.0
        except LeaseLostError:
            self._follower = None
            log.info("Another watcher follows the directory now")
            return self._interval
        except (*TROUBLE, self._database_error) as error:
            return self._failed(error)
        return done.pause(self._interval)

    def _look(self, leads: bool) -> None:
        """How far the watchers got, and whether the database still knows it.

        A smaller number than before is a backup's. Another one than this watcher wrote, while it leads, is a restore
        that another watcher dealt with: what this one remembers of the directory is newer than the database then.
        """
        last, remembered = self._book.read(), self._number
        if remembered is not None and (last is None or last.number < remembered):
            self._restored(remembered, last)
            last = self._book.read()
            self._follower = None
        elif leads and remembered is not None and last and last.number != remembered:
            self._follower = None
        self._number = last.number if last else None
        if last:
            self._state.saw(last.number, last.at)

    def _restored(self, remembered: int, found: Last | None) -> None:
        ended = self._book.end_restored(remembered, found)
        if ended is None:
            return
        sessions = sum(applied.sessions_ended for applied in ended)
        self._state.restored(sessions)
        log.warning(
            "Airflow's database was restored from a backup: round %d was applied, and it knows of %s. %d sessions that "
            "began before now were ended, of %d people; they sign in again",
            remembered,
            found.number if found else "none",
            sessions,
            len(ended),
        )

    def _record(self) -> None:
        last = self._book.record(self._number)
        self._kept_at = self._recorded_at = time.monotonic()
        if last:  # else the next look tells what became of the database meanwhile
            self._number = last.number
            self._state.saw(last.number, last.at)

    def _finished(self, done: Round) -> None:
        self._state.finished(done)
        if self._failures:
            log.info("The directory is followed again, after %d failed rounds", self._failures)
        self._failures, self._told, self._gone = 0, "", False
        if not done.assignments_known and self._assignments_known:
            log.warning(
                "Graph doesn't say who is assigned to the application, so no role is raised above what people have: "
                "have an administrator consent to the application permission Application.Read.All of Microsoft Graph"
            )
        self._assignments_known = done.assignments_known
        if done.lost:
            log.warning("A feed began anew: everybody was compared")
        _write_down(done.applied)

    def _failed(self, error: Exception) -> float:
        problem = told(error)
        self._state.failed(problem)
        self._failures += 1
        if problem != self._told:  # once, however long it lasts
            log.error("The directory's changes can't be applied, and who left stays in until they can: %s", problem)
            self._told = problem
        if isinstance(error, GraphError) and error.status in (401, 403):
            self._refused()
        if isinstance(error, ApplicationGoneError) and self._gone:
            self._everybody_ends(problem)
        # Graph answers those alone who have a token; what says nothing about the application changes nothing here.
        self._gone = isinstance(error, ApplicationGoneError) or (self._gone and not isinstance(error, GraphError))
        wait = error.retry_after if isinstance(error, (GraphError, NoAnswerError)) else None
        return (
            min(LONGEST_ASKED, wait) if wait else min(LONGEST_PAUSE, self._interval * 2.0 ** min(self._failures - 1, 8))
        )

    def _everybody_ends(self, problem: str) -> None:
        try:
            ended = self._end_everybody(problem)
        except (LeaseLostError, self._database_error) as error:
            log.warning("Everybody's sessions could not be ended yet: %s", told(error))
            return
        if ended:
            log.error("Entra says twice that the application is disabled or gone: everybody's sessions end")
            _write_down(ended)

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


def _write_down(changes: Iterable[Applied]) -> None:
    for change in changes:
        log.info(
            "%s: roles %s, were %s; %d sessions ended%s",
            change.object_id,
            ", ".join(change.roles) or "none",
            ", ".join(change.roles_before) or "none",
            change.sessions_ended,
            f" ({change.why})" if change.why else "",
        )


def told(error: Exception) -> str:
    """What went wrong, in a line."""
    if isinstance(error, GraphError) and error.status in (401, 403):
        return (
            f"{error}. Have an administrator consent to the application permissions {', '.join(WATCH_PERMISSIONS)} "
            "of Microsoft Graph: a deployment with manage.consent: managed does it, or its hand-over file says how"
        )
    if isinstance(error, (GraphError, CredentialError, AuditError, OtherKeyError)):
        return str(error)
    # A database's error goes on with the statement and its values, which are nobody's business.
    said = str(getattr(error, "orig", None) or error).partition("\n")[0]
    if isinstance(error, httpx.HTTPError):
        what = "Entra or Graph does not answer"
    else:
        what = "an answer can't be read" if isinstance(error, _UNREADABLE) else "Airflow's database does not answer"
    return display(f"{what}: {said}" if said else what, 500)
