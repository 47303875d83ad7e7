"""One round with `revocation: refresh`: sessions whose last answer is old are tried, and what Entra says takes effect.

Entra doesn't end a refresh token that was used, so a try that wasn't written down is made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx

from airflow_entra_auth.audit import AuditError
from airflow_entra_auth.claims import Admitted, GroupsNeeded, decide
from airflow_entra_auth.credential import CredentialError
from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.watch.answers import POLICY_FIX, TurnedDown
from airflow_entra_auth.watch.doubt import Doubts, KillSwitch
from airflow_entra_auth.watch.follow import Applied, Links, Round
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.redeem import NoAnswerError, Renewed

if TYPE_CHECKING:
    from airflow_entra_auth.sessions import WhyEnded  # SQLAlchemy, which this needs not

EVERY = 300.0
"""Seconds between two tries of one session."""
MOST = 64
"""Sessions in a round: a watcher that is asked to end, or loses its lease, does so soon."""
AT_ONCE = 8
TIDY_EVERY = 60.0

_TROUBLE = (CredentialError, GraphError, httpx.HTTPError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Held:
    """A live session and its encrypted refresh token."""

    session_id: str
    object_id: str
    sealed: str | None


@dataclass(frozen=True)
class Outcome:
    """What follows for one session: the person's `verdict`, or its own end (`ends` says why), or the next `token`; or
    what `refused` it, where that may not be about the person."""

    session_id: str
    object_id: str
    verdict: Verdict | None = None
    ends: str | None = None
    token: str | None = None
    refused: TurnedDown | None = None


class Store(Protocol):
    """Airflow's side. Everything may raise what its database raises."""

    def due(self, tried_until: int) -> Sequence[Held]: ...

    def unseal(self, held: Held) -> str | None:
        """None where it has no token, or one that no key opens."""
        ...

    def forget_over(self) -> None: ...

    def apply(self, verdicts: Collection[Verdict], links: Links) -> list[Applied]:
        """Raises LeaseLostError, and AuditError where a role could not be written down."""
        ...

    def answered(self, outcomes: Collection[Outcome]) -> list[Applied]:
        """Ends sessions and keeps the others' next tokens. Raises LeaseLostError."""
        ...

    def end_everybody(self, because: str) -> list[Applied]:
        """The application is disabled or gone. Raises LeaseLostError."""
        ...


class Entra(Protocol):
    """Each may raise what `_TROUBLE` names. Called by several threads."""

    def redeem(self, refresh_token: str) -> Renewed | TurnedDown: ...

    def groups(self, needed: GroupsNeeded, access_token: str) -> frozenset[str]: ...


class Refresher:
    """One watcher's memory, from the moment on that it has the lease. `keep` is called while Entra is waited for,
    `refused_by_policy` once for each try that a policy about this machine refused."""

    def __init__(
        self,
        entra: Entra,
        rules: SignOnRules,
        store: Store,
        *,
        every: float = EVERY,
        most: int | None = MOST,
        keep: Callable[[], object] = lambda: None,
        refused_by_policy: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entra, self._rules, self._store = entra, rules, store
        self._every, self._most, self._keep, self._clock = every, most, keep, clock
        self._refused_by_policy = refused_by_policy
        self._tidied_at = float("-inf")
        self._unanswered: set[str] = set()
        self._doubts, self._kill_switch = Doubts(), KillSwitch()

    def round(self) -> Round:
        """Raises the first trouble after applying the other answers, and the store's errors."""
        now = self._clock()
        if now - self._tidied_at >= TIDY_EVERY:
            self._store.forget_over()
            self._tidied_at = now
        due = self._store.due(int(now - self._every))
        self._doubts.forget({held.session_id for held in due})
        asked = [held for held in due if not self._doubts.waits(held.session_id, now)]
        first = sorted(asked, key=lambda held: held.session_id in self._unanswered)[: self._most]
        heard, troubles = self._ask(first) if first else ([], {})
        heard += self._witness(heard, now)
        outcomes = [*(outcome for outcome in heard if outcome.refused is None), *self._in_doubt(heard, due, now)]
        verdicts = sorted(
            (outcome.verdict for outcome in outcomes if outcome.verdict), key=lambda verdict: bool(verdict.ends)
        )
        try:
            applied = self._store.apply(verdicts, {}) if verdicts else []
        except AuditError:  # what ends a session is done all the same; the others are asked again
            self._store.answered([outcome for outcome in outcomes if outcome.ends])
            raise
        applied += self._store.answered(outcomes) if outcomes else []
        self._unanswered = {held.session_id for held in due}.intersection(
            self._unanswered.union(troubles, (outcome.session_id for outcome in heard if outcome.refused))
        ) - {outcome.session_id for outcome in outcomes}
        applied += self._without_application(heard)
        if troubles:
            raise next(iter(troubles.values()))
        if self._doubts.crowd:
            raise NoAnswerError(
                "Entra refuses several people's refresh tokens and renews hardly any: it isn't about them, and nobody "
                f"is put out for it. {self._doubts.text}"
            )
        return Round(tuple(applied), len(heard))

    def _witness(self, heard: Sequence[Outcome], now: float) -> list[Outcome]:
        """Where one answer alone said that the application is gone: another session is asked out of its turn."""
        if [bool(outcome.refused and outcome.refused.about == "application") for outcome in heard] != [True]:
            return []
        others = [held for held in self._store.due(int(now) + 1) if held.session_id != heard[0].session_id]
        return self._ask(others[:1])[0] if others else []

    def _in_doubt(self, heard: Sequence[Outcome], due: Sequence[Held], now: float) -> list[Outcome]:
        """The sessions that end although what Entra said of them may be about this machine."""
        refused: dict[str, tuple[str, str]] = {}
        for outcome in heard:
            if outcome.refused and outcome.refused.about == "policy":
                self._refused_by_policy()
                refused[outcome.session_id] = (outcome.object_id, f"{outcome.refused.text} ({POLICY_FIX})")
            elif outcome.refused and outcome.refused.about == "doubt":
                refused[outcome.session_id] = (outcome.object_id, outcome.refused.text)
        renewed = {outcome.session_id: outcome.object_id for outcome in heard if outcome.token}
        odd = {outcome.session_id for outcome in heard if outcome.refused} - refused.keys()
        self._doubts.heard(refused, renewed, odd, now)
        ending = self._doubts.settled(refused, lambda: {held.object_id for held in self._store.due(int(now) + 1)})
        return [_ends(held, ending[held.session_id]) for held in due if held.session_id in ending]

    def _without_application(self, heard: Sequence[Outcome]) -> list[Applied]:
        """Raises NoAnswerError where Entra says for the first time that the application is disabled or gone."""
        gone = [outcome.refused.text for outcome in heard if outcome.refused and outcome.refused.about == "application"]
        alive = sum(bool(outcome.token or outcome.verdict) for outcome in heard)
        thrown = self._kill_switch.thrown(gone=len(gone), otherwise=alive)
        if gone and thrown:
            return self._store.end_everybody(gone[0])
        if gone:
            raise NoAnswerError(f"Entra says that the application is disabled or gone, and is asked again: {gone[0]}")
        return []

    def _ask(self, held: Sequence[Held]) -> tuple[list[Outcome], dict[str, Exception]]:
        """What follows, and by session what went wrong. After the first trouble, or the second doubt, nobody
        else is asked: Entra may be away, and each would take its time."""
        outcomes: list[Outcome] = []
        troubles: dict[str, Exception] = {}
        with ThreadPoolExecutor(min(AT_ONCE, len(held))) as pool:
            waiting = {pool.submit(self._outcome, one): one for one in held}
            while waiting:
                done, _ = wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
                self._keep()
                for answer in done:
                    session = waiting.pop(answer).session_id
                    try:
                        outcomes.append(answer.result())
                    except _TROUBLE as error:
                        troubles[session] = error
                if troubles or sum(bool(outcome.refused) for outcome in outcomes) > 1:
                    waiting = {answer: one for answer, one in waiting.items() if not answer.cancel()}
        return outcomes, troubles

    def _outcome(self, held: Held) -> Outcome:
        token = self._store.unseal(held)
        if token is None:
            return _ends(held, "no refresh token that can be read")
        answer = self._entra.redeem(token)
        if isinstance(answer, TurnedDown):
            if answer.ends:
                return Outcome(held.session_id, held.object_id, Verdict(held.object_id, (), answer.text, answer.ends))
            if answer.about == "session":
                return _ends(held, answer.text)
            return Outcome(held.session_id, held.object_id, refused=answer)
        verdict = self._verdict(held, answer)
        return Outcome(held.session_id, held.object_id, verdict, token=None if verdict.ends else answer.refresh_token)

    def _verdict(self, held: Held, answer: Renewed) -> Verdict:
        """By the rule of a sign-in. Raises NoAnswerError for claims of another person, tenant or application."""
        decision = decide(answer.claims, self._rules)
        if isinstance(decision, GroupsNeeded):
            decision = decide(answer.claims, self._rules, self._entra.groups(decision, answer.access_token))
        if decision.person is None or decision.person.object_id != held.object_id:
            raise NoAnswerError("Entra's new ID token is not of the person whose refresh token was redeemed")
        if isinstance(decision, Admitted):
            because = "; ".join(f"{role}: {reason}" for role, reason in decision.because.items())
            return Verdict(held.object_id, decision.roles, because, None)
        why: WhyEnded = "no role left" if decision.reason in ("no_role", "guest") else "refused by the directory"
        return Verdict(held.object_id, (), f"{decision.reason}: {decision.fix}", why)


def _ends(held: Held, why: str) -> Outcome:
    return Outcome(held.session_id, held.object_id, ends=why)
