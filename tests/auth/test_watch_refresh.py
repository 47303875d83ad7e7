"""What one round does with `revocation: refresh`: whom it tries, and what Entra's answers do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth.claims import GroupsNeeded
from airflow_entra_auth.watch.follow import Applied, Links
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.redeem import NoAnswerError, Renewed, TurnedDown
from airflow_entra_auth.watch.refresh import AT_ONCE, EVERY, MOST, Held, Outcome, Refresher
from tests.auth.sign_on import GROUPS, PERSON, claims, rules
from tests.auth.store_double import MemoryStore

OTHER = "c0ffee00-1111-4222-8333-444455556667"
NOW = 1_000_000.0
FIRST = "first"
Answer = Callable[[str], Renewed | TurnedDown]


@dataclass
class Sessions:
    """Airflow's side in memory: refresh tokens beside a MemoryStore. A token is "" where no key opens it."""

    people: MemoryStore = field(default_factory=MemoryStore)
    tokens: dict[str, str] = field(default_factory=dict)
    tried: dict[str, float] = field(default_factory=dict)
    now: float = NOW

    def sign_in(self, person: str, *roles: str, token: str | None = FIRST, at: float = 0) -> str:
        self.people.sign_in(person, roles, int(at))
        session = self.people.sessions[-1].id
        if token is not None:
            self.tokens[session], self.tried[session] = token, at
        return session

    def due(self, tried_until: int) -> Sequence[Held]:
        live = [one for one in self.people.sessions if not one.why_ended]
        old = [one for one in live if self.tried.get(one.id, 0) <= tried_until]
        old.sort(key=lambda one: self.tried.get(one.id, 0))
        return [Held(one.id, one.person, self.tokens.get(one.id)) for one in old]

    def unseal(self, held: Held) -> str | None:
        return held.sealed or None

    def forget_over(self) -> None:
        """No session here reaches its cap."""

    def apply(self, verdicts: Collection[Verdict], links: Links) -> list[Applied]:
        return self.people.apply(verdicts, links)

    def answered(self, outcomes: Collection[Outcome]) -> list[Applied]:
        for one in outcomes:
            (session,) = (each for each in self.people.sessions if each.id == one.session_id)
            if one.ends:
                session.why_ended = one.ends
            if one.token:
                self.tokens[one.session_id], self.tried[one.session_id] = one.token, self.now
        return []

    def why_ended(self) -> list[str | None]:
        return [one.why_ended for one in self.people.sessions]


class Entra:
    def __init__(self, answer: Answer) -> None:
        self.answer, self.asked = answer, list[str]()
        self.graph: frozenset[str] = frozenset()

    def redeem(self, refresh_token: str) -> Renewed | TurnedDown:
        self.asked.append(refresh_token)
        return self.answer(refresh_token)

    def groups(self, needed: GroupsNeeded, access_token: str) -> frozenset[str]:
        return self.graph


def says(*roles: str, **more: Any) -> Answer:
    return lambda token: Renewed(claims(roles=list(roles), **more), "access", f"{token}+")


def refuses(code: int) -> Answer:
    return lambda _: TurnedDown(code, f"AADSTS{code}: no")


def silent(_: str) -> Renewed:
    raise NoAnswerError("away", 7.0)


def refresher(entra: Entra, store: Sessions, **changes: Any) -> Refresher:
    return Refresher(entra, rules(revocation="refresh", **changes), store, clock=lambda: store.now)


def test_a_session_is_tried_when_its_last_answer_is_old_and_with_the_newest_token() -> None:
    store, entra = Sessions(), Entra(says("Viewer"))
    session = store.sign_in(PERSON, "Viewer", at=NOW)
    tries = refresher(entra, store)
    for seconds, asked in ((EVERY - 1, 0), (1, 1), (1, 1), (EVERY - 1, 2)):
        store.now += seconds
        tries.round()
        assert len(entra.asked) == asked
    assert entra.asked == ["first", "first+"]
    assert store.tokens[session] == "first++"
    assert store.why_ended() == [None]


def test_changed_claims_change_roles_and_the_session_goes_on() -> None:
    store = Sessions()
    store.sign_in(PERSON, "Viewer")
    done = refresher(Entra(says("Admin")), store).round()
    assert store.people.roles[PERSON] == ("Admin",)
    assert [(one.roles_before, one.roles) for one in done.applied] == [(("Viewer",), ("Admin",))]
    assert store.why_ended() == [None]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (refuses(50057), "disabled in the directory"),
        (refuses(50034), "deleted from the directory"),
        (refuses(500341), "deleted from the directory"),
        (refuses(50105), "refused by the directory"),
        (says(), "no role left"),
        (says("Viewer", acct=1), "no role left"),
        (says("Viewer", acct="?"), "refused by the directory"),
    ],
)
def test_who_may_not_any_more_loses_roles_and_every_session(answer: Answer, why: str) -> None:
    store = Sessions()
    store.sign_in(PERSON, "Viewer")
    store.sign_in(PERSON, "Viewer", at=NOW)
    store.sign_in(OTHER, "Admin", at=NOW)
    refresher(Entra(answer), store).round()
    assert store.why_ended() == [why, why, None]
    assert (store.people.roles[PERSON], store.people.roles[OTHER]) == ((), ("Admin",))


@pytest.mark.parametrize("code", [50173, 700082, 50076, 65001, 70043, 0])
def test_a_refusal_of_one_sign_in_ends_its_session_alone(code: int) -> None:
    store = Sessions()
    store.sign_in(PERSON, "Viewer")
    store.sign_in(PERSON, "Viewer", at=NOW)
    refresher(Entra(refuses(code)), store).round()
    assert store.why_ended() == [f"AADSTS{code}: no", None]
    assert store.people.roles[PERSON] == ("Viewer",)


@pytest.mark.parametrize("token", [None, ""])
def test_a_session_that_can_not_be_tried_ends(token: str | None) -> None:
    store, entra = Sessions(), Entra(says("Viewer"))
    store.sign_in(PERSON, "Viewer", token=token)
    refresher(entra, store).round()
    assert store.why_ended() == ["no refresh token that can be read"]
    assert entra.asked == []


@pytest.mark.parametrize("answer", [silent, says("Admin", oid=OTHER), says("Admin", tid=OTHER), says("Admin", aud="x")])
def test_what_says_nothing_about_the_person_changes_nothing(answer: Answer) -> None:
    store = Sessions()
    session = store.sign_in(PERSON, "Viewer")
    with pytest.raises(NoAnswerError):
        refresher(Entra(answer), store).round()
    assert store.why_ended() == [None]
    assert (store.people.roles[PERSON], store.tokens[session]) == (("Viewer",), "first")


def test_while_entra_is_away_few_are_asked_and_afterwards_everybody() -> None:
    store, entra = Sessions(), Entra(silent)
    for _ in range(3 * AT_ONCE):
        store.sign_in(PERSON, "Viewer")
    tries = refresher(entra, store)
    with pytest.raises(NoAnswerError):
        tries.round()
    assert len(entra.asked) < 3 * AT_ONCE
    entra.answer = says("Viewer")
    assert tries.round().looked_at == 3 * AT_ONCE


def test_who_is_never_answered_keeps_nobody_else_waiting() -> None:
    store = Sessions()
    store.sign_in(OTHER, "Viewer", token="odd")
    for _ in range(MOST):
        store.sign_in(PERSON, "Viewer", at=1)
    entra = Entra(lambda token: silent(token) if token == "odd" else says("Viewer")(token))
    tries = refresher(entra, store)
    for _ in range(2):
        with pytest.raises(NoAnswerError):
            tries.round()
    assert set(store.tokens.values()) == {"odd", "first+"}


def test_groups_that_no_token_holds_are_asked_of_graph() -> None:
    store, entra = Sessions(), Entra(says(_claim_names={"groups": "src1"}))
    store.sign_in(PERSON, "Viewer")
    entra.graph = frozenset({GROUPS[2]})
    refresher(entra, store, rolesFrom="securityGroups").round()
    assert store.people.roles[PERSON] == ("finance-editor",)


GOES_ON: dict[str, Answer] = {"yes": says("Viewer"), "silent": silent}
ENDS: dict[str, Answer] = {"no role": says(), "disabled": refuses(50057), "revoked": refuses(50173)}


@given(st.lists(st.sampled_from([*GOES_ON, *ENDS]), max_size=12))
def test_a_session_ends_with_the_first_refusal_and_never_comes_back(answers: list[str]) -> None:
    store, entra = Sessions(), Entra(silent)
    store.sign_in(PERSON, "Viewer")
    tries = refresher(entra, store)
    for answer in answers:
        entra.answer = (GOES_ON | ENDS)[answer]
        live = store.why_ended() == [None]
        try:
            tries.round()
        except NoAnswerError:
            assert answer == "silent"
        assert (store.why_ended() == [None]) == (live and answer in GOES_ON)
        store.now += EVERY
