"""Refresh tokens of live sessions in a real database: whose turn it is, and what follows from Entra's answer."""

from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from airflow_entra_auth import refresh_tokens, sessions
from airflow_entra_auth.keyring import OtherKeyError, UnsealedError, keyring
from airflow_entra_auth.refresh_tokens import Kept, Opened
from airflow_entra_auth.tables import IDENTITIES, REFRESH_TOKENS, SESSIONS
from airflow_entra_auth.watch.follow import Applied, LeaseLostError
from airflow_entra_auth.watch.lease import DatabaseLease
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.refresh import Held, Outcome
from airflow_entra_auth.watch.refresh_store import CLOCKS_DIFFER, RefreshStore
from airflow_entra_auth.watch.store import AirflowStore
from tests.auth.conftest import NOW, Clock, other_key
from tests.auth.database import Log, Role, User, admit, change, log_lines, person, roles_held, sessions_of
from tests.auth.sign_on import OTHER_TENANT, PERSON, TENANT

OTHER = "beef0000-1111-4222-8333-444455556666"

pytestmark = pytest.mark.usefixtures("clock", "airflow")


@pytest.fixture
def store(database: Engine) -> RefreshStore:
    lease = DatabaseLease(database, "watcher/1")
    assert lease.hold()
    return RefreshStore(database, TENANT, lease, AirflowStore(database, User, Role, TENANT, lease))


def sign_in(
    database: Engine,
    object_id: str = PERSON,
    *,
    token: str | None = "token-1",  # noqa: S107 -- no real one
    tenant: str = TENANT,
    lifetime: int = 28_800,
) -> str:
    number = admit(database, person(object_id, tenant=tenant), "Op")
    with database.begin() as connection:
        begun = sessions.start(connection, person(object_id, tenant=tenant), number, sid=None, lifetime=lifetime)
        if token is not None:
            refresh_tokens.keep(connection, begun.id, token)
    return begun.id


def sealed(database: Engine, session_id: str) -> str:
    with database.connect() as connection:
        query = sa.select(REFRESH_TOKENS.c.token).where(REFRESH_TOKENS.c.session_id == session_id)
        return str(connection.execute(query).scalar_one())


def due(store: RefreshStore, tried_until: int) -> list[str]:
    return [held.session_id for held in store.due(tried_until)]


def test_a_token_is_kept_sealed_with_its_session_and_moment(database: Engine, store: RefreshStore) -> None:
    begun = sign_in(database)
    text = sealed(database, begun)
    assert "token-1" not in text
    assert refresh_tokens.opened(Kept(begun, PERSON, text)) == Opened("token-1", NOW)
    assert "token-1" not in repr(Opened("token-1", NOW))
    assert text not in repr(Kept(begun, PERSON, text))
    (held,) = store.due(NOW)
    assert held == Held(begun, PERSON, text)
    assert store.unseal(held) == "token-1"


def test_a_token_of_another_session_is_none(database: Engine, store: RefreshStore) -> None:
    mine, other = sign_in(database), sign_in(database, OTHER, token="token-2")
    assert refresh_tokens.opened(Kept(mine, PERSON, sealed(database, other))) is None
    assert store.unseal(Held(mine, PERSON, sealed(database, other))) is None
    assert refresh_tokens.opened(Kept(mine, PERSON, None)) is None


@pytest.mark.parametrize(
    "said",
    ["[]", "x", "{}", '{"session": "s", "token": "t"}', '{"session": "s", "token": "t", "answeredAt": "x"}'],
)
def test_what_was_sealed_and_is_no_refresh_token_is_not_opened(session_key: None, said: str) -> None:
    with pytest.raises(UnsealedError, match="what was sealed is no refresh token"):
        refresh_tokens.opened(Kept("s", PERSON, keyring().seal("refresh token", said.encode())))


def test_live_sessions_are_due_that_wait_longest_first(database: Engine, store: RefreshStore, clock: Clock) -> None:
    without = sign_in(database, token=None)
    first = sign_in(database)
    clock.advance(10)
    second = sign_in(database)
    clock.advance(10)
    third = sign_in(database)
    sign_in(database, OTHER, tenant=OTHER_TENANT)
    sign_in(database, "f" * 36, lifetime=0)
    with database.begin() as connection:
        sessions.end(connection, sign_in(database, "e" * 36), "signed out")
    assert due(store, NOW + 10) == [without, first, second]
    assert due(store, NOW + 20) == [without, first, second, third]
    assert due(store, NOW - 1) == [without]


def test_a_session_without_an_answer_waits_longer_than_any(database: Engine, store: RefreshStore) -> None:
    without = sign_in(database, token=None)
    sign_in(database)
    assert due(store, 0) == [without]


def test_a_token_is_opened_once_while_it_stays_the_same(
    database: Engine, store: RefreshStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(database)
    whole, opened = refresh_tokens.opened, list[Kept]()

    def counted(kept: Kept) -> Opened | None:
        opened.append(kept)
        return whole(kept)

    monkeypatch.setattr(refresh_tokens, "opened", counted)
    assert due(store, NOW) == due(store, NOW)
    assert len(opened) == 1


def test_sessions_that_wait_as_long_are_in_one_order(database: Engine, store: RefreshStore) -> None:
    begun = sorted(sign_in(database) for _ in range(4))
    assert due(store, NOW) == begun


def test_an_answer_of_the_future_is_none(database: Engine, store: RefreshStore, clock: Clock) -> None:
    clock.advance(CLOCKS_DIFFER + 1)
    begun = sign_in(database)
    clock.now = NOW
    assert due(store, NOW - 10) == [begun]
    clock.advance(1)
    assert due(store, NOW - 10) == []


def test_what_somebody_wrote_as_the_moment_says_nothing(database: Engine, store: RefreshStore) -> None:
    sign_in(database)
    change(database, REFRESH_TOKENS, tried_at=0)
    assert due(store, NOW - 1) == []


def test_a_token_that_cannot_be_opened_is_due_at_once_and_written_down(
    database: Engine, store: RefreshStore, caplog: pytest.LogCaptureFixture
) -> None:
    begun = sign_in(database)
    change(database, REFRESH_TOKENS, token="rubbish")
    with caplog.at_level(logging.ERROR):
        (held,) = store.due(NOW - 1000)
    assert (held.session_id, store.unseal(held)) == (begun, None)
    assert "A refresh token was kept with another key, or somebody changed it in the database" in caplog.text
    assert "Keep the old key in AIRFLOW_ENTRA_SESSION_KEY behind a comma when it is changed" in caplog.text


def test_with_another_key_than_the_servers_nobody_is_due(
    database: Engine, store: RefreshStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(database)
    other_key(monkeypatch)
    with pytest.raises(OtherKeyError):
        store.due(NOW)


def test_the_next_token_takes_the_place_of_the_last(database: Engine, store: RefreshStore, clock: Clock) -> None:
    begun, other = sign_in(database), sign_in(database, OTHER, token="token-2")
    clock.advance(100)
    assert store.answered([Outcome(begun, PERSON, token="token-3")]) == []
    assert refresh_tokens.opened(Kept(begun, PERSON, sealed(database, begun))) == Opened("token-3", NOW + 100)
    assert refresh_tokens.opened(Kept(other, OTHER, sealed(database, other))) == Opened("token-2", NOW)
    with database.connect() as connection:
        query = sa.select(REFRESH_TOKENS.c.tried_at).where(REFRESH_TOKENS.c.session_id == begun)
        assert connection.execute(query).scalar_one() == NOW + 100
    assert json.dumps("token-3") not in sealed(database, begun)


def test_an_answer_for_a_session_that_ended_meanwhile_is_kept_nowhere(database: Engine, store: RefreshStore) -> None:
    begun = sign_in(database)
    with database.begin() as connection:
        sessions.end(connection, begun, "signed out")
    store.answered([Outcome(begun, PERSON, token="token-3")])
    with database.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(REFRESH_TOKENS)).scalar_one() == 0


def test_a_session_that_entra_refuses_ends_and_no_other(database: Engine, store: RefreshStore) -> None:
    begun = sign_in(database)
    sign_in(database)
    why: sessions.WhyEnded = "refused by the directory"
    outcome = Outcome(begun, PERSON, ends="the sign-in was revoked")
    assert store.answered([outcome]) == [Applied(PERSON, ("Op",), ("Op",), 1, why)]
    assert sorted(str(row.why_ended) for row in sessions_of(database)) == ["None", why]
    assert log_lines(database) == [("entra_sign_out", PERSON)]
    assert store.answered([outcome]) == []
    assert log_lines(database) == [("entra_sign_out", PERSON)]


def test_the_end_of_a_session_and_its_line_are_written_together(
    database: Engine, store: RefreshStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = sign_in(database)
    refused = Outcome(begun, PERSON, ends="the sign-in was revoked")
    with monkeypatch.context() as patched:
        patched.delattr(refresh_tokens, "answered")
        with pytest.raises(AttributeError):
            store.answered([refused, Outcome("another", OTHER, token="token-2")])
    assert (log_lines(database), sessions_of(database)[0].why_ended) == ([], None)
    store.answered([refused])
    with database.connect() as connection:
        said = json.loads(connection.execute(sa.select(Log.extra)).scalar_one())
    assert said == {"tenantId": TENANT, "objectId": PERSON, "reason": "directory: the sign-in was revoked"}


def test_the_session_of_somebody_unknown_ends_too(database: Engine, store: RefreshStore) -> None:
    begun = sign_in(database)
    with database.begin() as connection:
        connection.execute(sa.delete(IDENTITIES))
    why: sessions.WhyEnded = "refused by the directory"
    assert store.answered([Outcome(begun, PERSON, ends="revoked")]) == [Applied(PERSON, (), (), 1, why)]


def test_without_the_lease_no_answer_is_written(database: Engine, store: RefreshStore) -> None:
    begun = sign_in(database)
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE airflow_entra_watch_lease SET holder = 'other/1'"))
    with pytest.raises(LeaseLostError):
        store.answered([Outcome(begun, PERSON, ends="revoked")])
    with pytest.raises(LeaseLostError):
        store.end_everybody("the application is disabled")
    assert sessions_of(database)[0].why_ended is None


def test_a_disabled_application_ends_everybodys_sessions(database: Engine, store: RefreshStore) -> None:
    sign_in(database)
    sign_in(database, OTHER)
    foreign = sign_in(database, "f" * 36, tenant=OTHER_TENANT)
    why = "application disabled in the directory"
    assert sorted(applied.object_id for applied in store.end_everybody("the application is disabled")) == [
        OTHER,
        PERSON,
    ]
    assert {sessions_of(database)[0].why_ended, sessions_of(database, OTHER)[0].why_ended} == {why}
    with database.connect() as connection:
        query = sa.select(SESSIONS.c.why_ended).where(SESSIONS.c.id == foreign)
        assert connection.execute(query).scalar_one() is None


def test_a_persons_verdict_goes_to_the_watchers_store(database: Engine, store: RefreshStore) -> None:
    sign_in(database)
    (applied,) = store.apply([Verdict(PERSON, ("Viewer",), "another group", None)], {})
    assert (applied.roles, roles_held(database)) == (("Viewer",), ["Viewer"])


def test_tokens_of_sessions_that_are_over_go(database: Engine, store: RefreshStore, clock: Clock) -> None:
    sign_in(database, lifetime=10)
    live = sign_in(database, lifetime=11)
    clock.advance(10)
    store.forget_over()
    with database.connect() as connection:
        assert list(connection.execute(sa.select(REFRESH_TOKENS.c.session_id)).scalars()) == [live]
