"""Sessions as rows of a real database: what begins one, what proves one, and everything that ends one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from airflow_entra_auth import refresh_tokens, sessions
from airflow_entra_auth.keyring import OtherKeyError, keyring
from airflow_entra_auth.sessions import EntraSession
from airflow_entra_auth.tables import REFRESH_TOKENS, SESSIONS
from tests.auth.conftest import NOW, Clock, other_key
from tests.auth.database import change, person, sessions_of
from tests.auth.sign_on import OTHER_TENANT, PERSON, TENANT

OTHER = "beef0000-1111-4222-8333-444455556666"
LIFETIME = 28_800

pytestmark = pytest.mark.usefixtures("clock")


def start(
    database: Engine,
    object_id: str = PERSON,
    *,
    user: int = 7,
    sid: str | None = "sid-1",
    at: int | None = None,
    tenant: str = TENANT,
    token: bool = False,
) -> EntraSession:
    with database.begin() as connection:
        begun = sessions.start(connection, person(object_id, tenant=tenant), user, sid=sid, lifetime=LIFETIME, at=at)
        if token:
            refresh_tokens.keep(connection, begun.id, "refresh-token")
        return begun


def row_of(database: Engine, session: EntraSession) -> Any:
    with database.connect() as connection:
        return connection.execute(sa.select(SESSIONS).where(SESSIONS.c.id == session.id)).one()


def tokens(database: Engine) -> list[str]:
    with database.connect() as connection:
        return sorted(connection.execute(sa.select(REFRESH_TOKENS.c.session_id)).scalars())


def why(database: Engine, session: EntraSession) -> str | None:
    ended: str | None = row_of(database, session).why_ended
    return ended


def test_a_session_is_what_its_row_says_and_the_handle_is_not_in_it(database: Engine) -> None:
    begun = start(database)
    row = row_of(database, begun)
    assert asdict(begun) == {
        "id": keyring().hash_of(begun.handle),
        "handle": begun.handle,
        "user_id": 7,
        "tenant_id": TENANT,
        "object_id": PERSON,
        "sid": "sid-1",
        "ends_at": NOW + LIFETIME,
    }
    assert (row.user_id, row.tenant_id, row.object_id, row.sid) == (7, TENANT, PERSON, "sid-1")
    assert (row.signed_in_at, row.ends_at, row.ended_at, row.why_ended) == (NOW, NOW + LIFETIME, None, None)
    assert (row.signed_in_ms, row.ended_ms) == (NOW * 1000, None)
    assert begun.handle not in map(str, row)
    assert begun.handle not in repr(begun)
    assert len(begun.handle) == 43
    assert sessions.is_genuine(row)


def test_it_begins_when_the_sign_in_began(database: Engine) -> None:
    begun = start(database, at=NOW - 90)
    assert (row_of(database, begun).signed_in_at, begun.ends_at) == (NOW - 90, NOW - 90 + LIFETIME)


def test_two_sessions_of_a_person_have_nothing_secret_in_common(database: Engine) -> None:
    first, second = start(database), start(database)
    assert len({first.id, second.id, first.handle, second.handle}) == 4


@pytest.mark.parametrize(
    "values",
    [
        {"user_id": 8},
        {"tenant_id": OTHER_TENANT},
        {"object_id": OTHER},
        {"sid": "sid-2"},
        {"sid": None},
        {"signed_in_at": NOW - 1},
        {"ends_at": NOW + LIFETIME + 1},
        {"id": "f" * 64},
        {"mac": "0" * 64},
        {"mac": None},
    ],
    ids=str,
)
def test_whoever_changes_a_row_makes_it_worthless(database: Engine, values: dict[str, Any]) -> None:
    start(database)
    change(database, SESSIONS, **values)
    with database.connect() as connection:
        assert not sessions.is_genuine(connection.execute(sa.select(SESSIONS)).one())


def test_another_process_key_proves_nothing(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(database)
    other_key(monkeypatch)
    assert not sessions.is_genuine(row_of(database, begun))


def test_a_session_is_found_by_its_handle_alone(database: Engine) -> None:
    begun = start(database)
    assert sessions.ids_of(begun.handle) == (begun.id,)
    for wrong in (begun.id, begun.handle + "=", begun.handle[:-1], f"{begun.handle[:-1]}!", None, 7, b"x" * 43, ""):
        assert sessions.ids_of(wrong) == ()


def test_who_is_in_a_session_is_known_by_its_id_also_when_it_has_ended(database: Engine) -> None:
    begun = start(database)
    start(database, OTHER)
    with database.begin() as connection:
        assert sessions.person_of(connection, begun.id) == (TENANT, PERSON)
        sessions.end(connection, begun.id, "signed out")
        assert sessions.person_of(connection, begun.id) == (TENANT, PERSON)
        assert sessions.person_of(connection, begun.handle) is None


def test_a_session_ends_once_and_for_the_first_reason(database: Engine, clock: Clock) -> None:
    begun, other = start(database, token=True), start(database, token=True)
    with database.begin() as connection:
        assert sessions.end(connection, begun.id, "signed out") == 1
    clock.advance(60)
    with database.begin() as connection:
        assert sessions.end(connection, begun.id, "refused") == 0
    row = row_of(database, begun)
    assert (row.ended_at, row.ended_ms, row.why_ended, row.mac) == (NOW, NOW * 1000, "signed out", None)
    assert why(database, other) is None
    assert tokens(database) == [other.id]


def test_a_row_that_lost_its_end_is_not_alive_again(database: Engine) -> None:
    begun = start(database)
    with database.begin() as connection:
        sessions.end(connection, begun.id, "signed out")
    change(database, SESSIONS, ended_at=None, why_ended=None)
    assert not sessions.is_genuine(row_of(database, begun))


def test_every_session_of_a_row_of_airflows_users_ends(database: Engine) -> None:
    mine = [start(database, user=7, token=True), start(database, OTHER, user=7)]
    other = start(database, user=8, token=True)
    with database.begin() as connection:
        assert sessions.end_of_user(connection, 7, "set aside") == 2
        assert sessions.end_of_user(connection, 7, "set aside") == 0
    assert [why(database, begun) for begun in (*mine, other)] == ["set aside", "set aside", None]
    assert tokens(database) == [other.id]


def test_every_session_of_a_person_ends_and_nobody_elses(database: Engine) -> None:
    mine = [start(database, user=7), start(database, user=9)]
    others = [start(database, OTHER), start(database, tenant=OTHER_TENANT)]
    with database.begin() as connection:
        assert sessions.end_of_person(connection, TENANT, PERSON, "refused") == 2
    assert [why(database, begun) for begun in (*mine, *others)] == ["refused", "refused", None, None]


def test_sessions_of_older_releases_end_and_say_whose_they_were(database: Engine) -> None:
    """They have no MAC. Those that are over, or of another tenant, are left alone."""
    old = [start(database, OTHER), start(database, PERSON), start(database, PERSON)]
    foreign, over = start(database, "a" * 36, tenant=OTHER_TENANT), start(database, "b" * 36, at=NOW - LIFETIME)
    ended = start(database, "c" * 36)
    with database.begin() as connection:
        sessions.end(connection, ended.id, "signed out")
    change(database, SESSIONS, mac=None)
    new = start(database, "d" * 36)
    with database.begin() as connection:
        assert sessions.end_of_older_releases(connection, TENANT) == sorted([PERSON, OTHER])
        assert sessions.end_of_older_releases(connection, TENANT) == []
    assert {why(database, begun) for begun in old} == {"begun by an older release"}
    assert [why(database, begun) for begun in (foreign, over, ended, new)] == [None, None, "signed out", None]


def test_a_session_in_entra_ends_everything_that_began_in_it(database: Engine) -> None:
    mine = [start(database), start(database, OTHER), start(database)]
    others = [start(database, "e" * 36, sid="sid-2"), start(database, "f" * 36, tenant=OTHER_TENANT)]
    without = start(database, "a" * 36, sid=None)
    with database.begin() as connection:
        assert sorted(sessions.people_of_sid(connection, TENANT, "sid-1")) == sorted([PERSON, OTHER])
        assert sessions.end_of_sid(connection, TENANT, "sid-1", "signed out in Entra") == 3
        assert sessions.people_of_sid(connection, TENANT, "sid-1") == []
    assert {why(database, begun) for begun in mine} == {"signed out in Entra"}
    assert [why(database, begun) for begun in (*others, without)] == [None, None, None]


def test_everybodys_sessions_end_and_are_counted_by_person(database: Engine) -> None:
    start(database), start(database), start(database, OTHER)
    foreign = start(database, tenant=OTHER_TENANT)
    with database.begin() as connection:
        ended = sessions.end_of_tenant(connection, TENANT, "application disabled in the directory")
        assert ended == {PERSON: 2, OTHER: 1}
        assert sessions.end_of_tenant(connection, TENANT, "application disabled in the directory") == {}
    assert why(database, foreign) is None


def test_what_began_before_a_moment_ends(database: Engine) -> None:
    before, then = start(database, at=NOW - 100), start(database, OTHER, at=NOW - 50)
    with database.begin() as connection:
        assert sessions.end_of_tenant(connection, TENANT, "before a restore", begun_before=NOW - 50) == {PERSON: 1}
    assert [why(database, begun) for begun in (before, then)] == ["before a restore", None]


def test_what_began_before_a_moment_in_another_tenant_goes_on(database: Engine) -> None:
    foreign = start(database, at=NOW - 100, tenant=OTHER_TENANT)
    with database.begin() as connection:
        assert sessions.end_of_tenant(connection, TENANT, "before a restore", begun_before=NOW) == {}
    assert why(database, foreign) is None


def test_a_session_that_is_over_by_its_cap_is_ended_unless_no_clock_can_call_it_alive(database: Engine) -> None:
    """Two hours: a machine's clock may be that much behind."""
    just = start(database, at=NOW - LIFETIME - sessions.CLOCKS_DIFFER + 1)
    long_over = start(database, OTHER, at=NOW - LIFETIME - sessions.CLOCKS_DIFFER)
    with database.begin() as connection:
        assert sessions.end_of_tenant(connection, TENANT, "before a restore") == {PERSON: 1}
    assert [why(database, begun) for begun in (just, long_over)] == ["before a restore", None]


def test_what_began_until_a_moment_ends_of_one_person(database: Engine) -> None:
    mine = [start(database, at=NOW - 100), start(database, at=NOW - 50), start(database, at=NOW - 49)]
    others = [start(database, OTHER, at=NOW - 100), start(database, at=NOW - 100, tenant=OTHER_TENANT)]
    with database.begin() as connection:
        assert sessions.end_begun_until(connection, TENANT, PERSON, NOW - 50, "revoked in the directory") == 2
    reason = "revoked in the directory"
    assert [why(database, begun) for begun in (*mine, *others)] == [reason, reason, None, None, None]


def test_live_sessions_that_began_since_a_moment_are_listed(database: Engine) -> None:
    listed = [start(database, at=NOW - 50), start(database, OTHER)]
    start(database, at=NOW - 51)
    start(database, tenant=OTHER_TENANT)
    ended = start(database)
    with database.begin() as connection:
        sessions.end(connection, ended.id, "signed out")
        expected = {begun.id: begun.object_id for begun in listed}
        assert sessions.begun_since(connection, TENANT, NOW - 50) == expected


def test_a_session_that_was_over_before_the_moment_is_not_listed(database: Engine) -> None:
    start(database, at=NOW)
    change(database, SESSIONS, ends_at=NOW)
    with database.connect() as connection:
        assert sessions.begun_since(connection, TENANT, NOW) == {}
    change(database, SESSIONS, ends_at=NOW + 1)
    with database.connect() as connection:
        assert len(sessions.begun_since(connection, TENANT, NOW)) == 1


def test_who_is_signed_in_is_known_with_the_oldest_live_session(database: Engine) -> None:
    start(database, at=NOW - LIFETIME)  # over at this very second
    start(database, at=NOW - 300), start(database, at=NOW - 200)
    ended = start(database, at=NOW - 400)
    start(database, OTHER, at=NOW - LIFETIME + 1)
    start(database, "e" * 36, tenant=OTHER_TENANT)
    with database.begin() as connection:
        sessions.end(connection, ended.id, "signed out")
        assert sessions.people_in(connection, TENANT) == {PERSON: NOW - 300, OTHER: NOW - LIFETIME + 1}


def test_rows_are_kept_for_thirty_days_and_tokens_for_as_long_as_they_are_good(database: Engine, clock: Clock) -> None:
    old, kept = start(database, token=True), start(database, OTHER, at=NOW + 1, token=True)
    clock.now = NOW + LIFETIME
    with database.begin() as connection:
        sessions.remove_old(connection)
    assert (len(sessions_of(database)), tokens(database)) == (1, [kept.id])
    clock.now = NOW + LIFETIME + sessions.KEPT + 1
    with database.begin() as connection:
        sessions.remove_old(connection)
    assert sessions_of(database, old.object_id) == []
    assert len(sessions_of(database, OTHER)) == 1
    assert sessions.KEPT == 30 * 24 * 3600


def test_a_process_with_a_key_that_made_no_session_here_is_told_so(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One session of this key is enough: the other key's people sign in again."""
    with database.connect() as connection:
        sessions.must_be_of_this_key(connection, TENANT)
    start(database), start(database, OTHER)
    with database.connect() as connection:
        sessions.must_be_of_this_key(connection, TENANT)
    other_key(monkeypatch)
    with database.connect() as connection:
        with pytest.raises(OtherKeyError, match="none of Airflow's 2 live sessions"):
            sessions.must_be_of_this_key(connection, TENANT)
        sessions.must_be_of_this_key(connection, OTHER_TENANT)
    start(database)
    with database.connect() as connection:
        sessions.must_be_of_this_key(connection, TENANT)


@pytest.mark.parametrize("values", [{"mac": None}, {"ended_at": NOW}, {"ends_at": NOW}], ids=str)
def test_sessions_that_prove_no_key_say_nothing_about_this_one(
    database: Engine, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    start(database)
    change(database, SESSIONS, **values)
    other_key(monkeypatch)
    with database.connect() as connection:
        sessions.must_be_of_this_key(connection, TENANT)
