"""What one round does with `revocation: refresh`: whom it tries, and what Entra's answers do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth.audit import AuditError
from airflow_entra_auth.claims import GroupsNeeded
from airflow_entra_auth.watch.answers import ANSWERS, TurnedDown
from airflow_entra_auth.watch.doubt import AGAIN, IN_A_ROW
from airflow_entra_auth.watch.follow import Applied, Links, Round
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.redeem import NoAnswerError, Renewed
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

    def end_everybody(self, because: str) -> list[Applied]:
        for session in self.people.sessions:
            session.why_ended = session.why_ended or "application disabled in the directory"
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


def test_a_role_that_can_not_be_written_down_keeps_nobody_elses_session(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Sessions()
    store.sign_in(PERSON, "Viewer", token="raised")
    store.sign_in(OTHER, "Viewer", token="revoked")

    def no_log(*_: object) -> list[Applied]:
        raise AuditError("no log")

    monkeypatch.setattr(store, "apply", no_log)
    entra = Entra(lambda token: (says("Admin") if token == "raised" else refuses(50173))(token))
    with pytest.raises(AuditError):
        refresher(entra, store).round()
    assert store.why_ended() == [None, "AADSTS50173: no"]
    assert store.tokens["s0"] == "raised", "asked again in the next round"


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


@pytest.mark.parametrize("code", [code for code, answer in ANSWERS.items() if answer.about == "session"])
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


# --- refusals that may not be about the person ---

IN_DOUBT = [code for code, answer in ANSWERS.items() if answer.about in ("policy", "doubt")] + [0, 99999]


def by_person(**answers: Answer) -> Answer:
    """What Entra says to a token that begins with the name."""
    return lambda token: next(answer for name, answer in answers.items() if token.startswith(name))(token)


def house(people: int) -> tuple[Sessions, list[str]]:
    """So many people, each in a session that was tried long ago; their tokens begin with p0, p1 ..."""
    store, ids = Sessions(), [f"c0ffee00-1111-4222-8333-{number:012}" for number in range(people)]
    for number, person in enumerate(ids):
        store.sign_in(person, "Viewer", token=f"p{number}.")
    return store, ids


def says_to(person: str) -> Answer:
    return says("Viewer", oid=person)


def tried(tries: Refresher) -> str:
    """What the round ended with; "" where it was a good one."""
    try:
        tries.round()
    except NoAnswerError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("code", IN_DOUBT)
def test_a_refusal_in_doubt_that_meets_everybody_ends_nobody_and_alarms(code: int) -> None:
    store, _ = house(20)
    entra, policy = Entra(refuses(code)), list[int]()
    tries = Refresher(
        entra,
        rules(revocation="refresh"),
        store,
        refused_by_policy=lambda: policy.append(1),
        clock=lambda: store.now,
    )
    said = ""
    for _ in range(60):
        said = tried(tries)
        store.now += 10
    assert set(store.why_ended()) == {None}
    assert f"AADSTS{code}" in said
    known = ANSWERS.get(code)
    assert bool(policy) == bool(known and known.about == "policy")
    assert len(policy) in (0, len(entra.asked))


@pytest.mark.parametrize("code", IN_DOUBT)
def test_a_refusal_in_doubt_ends_its_session_when_others_are_renewed(code: int) -> None:
    store, (blocked, other) = house(2)
    entra = Entra(by_person(p0=refuses(code), p1=says_to(other)))
    tries = refresher(entra, store)
    assert tried(tries) == ""
    assert store.why_ended() == [None, None], "one answer ends nobody"
    for _ in range(IN_A_ROW - 1):
        assert store.why_ended() == [None, None]
        store.now += AGAIN
        tried(tries)
    ended, goes_on = store.why_ended()
    assert (str(ended).startswith(f"AADSTS{code}: no"), goes_on) == (True, None)
    assert store.people.roles[blocked] == ("Viewer",)


def test_a_session_in_doubt_is_not_asked_about_all_the_time() -> None:
    store, (_, other) = house(2)
    entra = Entra(by_person(p0=refuses(53003), p1=says_to(other)))
    tries = refresher(entra, store)
    for _ in range(10):
        tried(tries)
        store.now += 1
    assert sum(token.startswith("p0") for token in entra.asked) == 1


def test_with_nobody_else_to_compare_refusals_in_a_row_end_the_session() -> None:
    store, _ = house(1)
    tries = refresher(Entra(refuses(53003)), store)
    for _ in range(IN_A_ROW):
        assert store.why_ended() == [None]
        tried(tries)
        store.now += AGAIN
    assert "AADSTS53003" in str(store.why_ended()[0])


def test_whoever_a_policy_leaves_out_is_no_proof_against_the_many() -> None:
    """Airflow's address changed: 9 people are refused, and one whom no policy covers is renewed."""
    store, ids = house(10)
    answers = {f"p{number}.": refuses(53003) for number in range(9)} | {"p9.": says_to(ids[9])}
    tries = refresher(Entra(lambda token: answers[token[:3]](token)), store)
    for _ in range(60):
        tried(tries)
        store.now += 10
    assert set(store.why_ended()) == {None}


def test_a_policy_for_a_few_ends_the_few() -> None:
    store, ids = house(10)
    answers = {f"p{number}.": says_to(ids[number]) for number in range(10)} | {
        "p0.": refuses(53003),
        "p1.": refuses(53000),
    }
    tries = refresher(Entra(lambda token: answers[token[:3]](token)), store)
    for _ in range(12):
        tried(tries)
        store.now += 10
    assert [bool(why) for why in store.why_ended()] == [True, True, *[False] * 8]


@pytest.mark.parametrize("people", [2, 6, 10])
def test_afterwards_everybody_goes_on(people: int) -> None:
    store, ids = house(people)
    entra = Entra(refuses(50076))
    tries = refresher(entra, store)
    for _ in range(10):
        tried(tries)
        store.now += 10
    entra.answer = lambda token: says_to(ids[int(token[1])])(token)
    store.now += AGAIN
    for _ in range(10):
        tried(tries)
        store.now += 10
    assert set(store.why_ended()) == {None}
    assert tried(tries) == ""


WEATHER = ("fine", "address refused", "away", "secret expired", "odd application")


@given(st.integers(2, 9), st.lists(st.sampled_from(WEATHER), max_size=30), st.data())
def test_weather_puts_nobody_out_and_leaving_does_whatever_the_weather(
    people: int, weather: list[str], data: st.DataObject
) -> None:
    """What meets everybody (Airflow's address, an outage, an expired secret, one odd answer) is weather."""
    store, ids = house(people)
    left = set(data.draw(st.lists(st.sampled_from(ids), max_size=people, unique=True)))
    sky = ["fine"]

    def answer(token: str) -> Renewed | TurnedDown:
        person = ids[int(token[1])]
        if sky[0] == "address refused":
            return refuses(53003)(token)
        if sky[0] in ("away", "secret expired"):
            return silent(token)
        odd, sky[0] = sky[0] == "odd application", "fine"
        if odd and store.why_ended().count(None) > 1:  # with one session left, two such answers are all there is
            return refuses(7000112)(token)
        return (refuses(50057) if person in left else says_to(person))(token)

    tries = refresher(Entra(answer), store)
    for sky[0] in weather:
        tried(tries)
        store.now += 40
    assert {session.person for session in store.people.sessions if session.why_ended} <= left
    for _ in range(3):
        sky[0], store.now = "fine", store.now + EVERY
        tried(tries)
    assert {session.person for session in store.people.sessions if session.why_ended} == left


# --- the application itself ---

GONE = [code for code, answer in ANSWERS.items() if answer.about == "application"]


@pytest.mark.parametrize("code", GONE)
@pytest.mark.parametrize("people", [1, 2, 20])
def test_an_application_that_is_gone_ends_everybody_in_the_second_round(code: int, people: int) -> None:
    store, _ = house(people)
    tries = refresher(Entra(refuses(code)), store)
    assert "disabled or gone" in tried(tries)
    assert set(store.why_ended()) == {None}, "one odd answer ends nobody"
    tried(tries)
    assert set(store.why_ended()) == {"application disabled in the directory"}
    assert tries.round() == Round()


def test_an_odd_answer_about_the_application_ends_nobody() -> None:
    store, ids = house(3)
    odd = [True]
    entra = Entra(lambda token: refuses(7000112)(token) if odd[0] else says_to(ids[int(token[1])])(token))
    tries = refresher(entra, store)
    for _ in range(8):
        odd[0] = True
        tried(tries)
        odd[0] = False
        tried(tries)
        store.now += EVERY
    assert set(store.why_ended()) == {None}


@pytest.mark.parametrize("code", [code for code, answer in ANSWERS.items() if answer.about == "silence"])
def test_the_table_lets_no_silence_through(code: int) -> None:
    assert TurnedDown(code, "").about == "silence"
    assert TurnedDown(code, "").ends is None


def test_every_number_about_a_person_says_why_and_no_other_does() -> None:
    assert {code for code in ANSWERS if ANSWERS[code].about == "person"} == {
        code for code in ANSWERS if ANSWERS[code].ends
    }


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
