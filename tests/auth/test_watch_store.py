"""What the watcher writes into a real database: roles, ends of sessions, the audit log, and how far it got."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from airflow_entra_auth import audit, sessions
from airflow_entra_auth.audit import AuditError
from airflow_entra_auth.keyring import OtherKeyError
from airflow_entra_auth.tables import IDENTITIES, WATCH_FEEDS
from airflow_entra_auth.watch.applied import BEYOND, AppliedRounds, LastRound
from airflow_entra_auth.watch.follow import SIGN_INS, Applied, LeaseLostError
from airflow_entra_auth.watch.lease import DatabaseLease
from airflow_entra_auth.watch.people import Verdict
from airflow_entra_auth.watch.store import AirflowStore
from tests.auth.conftest import NOW, Clock, other_key
from tests.auth.database import Log, Role, User, admit, change, log_lines, person, roles_held, sessions_of
from tests.auth.sign_on import OTHER_TENANT, PERSON, TENANT

OTHER = "beef0000-1111-4222-8333-444455556666"

pytestmark = pytest.mark.usefixtures("clock", "airflow")


@pytest.fixture
def lease(database: Engine) -> DatabaseLease:
    held = DatabaseLease(database, "watcher/1")
    assert held.hold()
    return held


@pytest.fixture
def store(database: Engine, lease: DatabaseLease) -> AirflowStore:
    return AirflowStore(database, User, Role, TENANT, lease)


def sign_in(database: Engine, *roles: str, object_id: str = PERSON, at: int = NOW) -> None:
    number = admit(database, object_id, *roles)
    with database.begin() as connection:
        sessions.start(connection, person(object_id), number, sid=None, lifetime=28_800, at=at)


def verdict(*roles: str, object_id: str = PERSON, **more: Any) -> Verdict:
    return Verdict(object_id, roles, "another group", more.pop("ends", None), **more)


def whys(database: Engine, object_id: str = PERSON) -> list[str | None]:
    return [row.why_ended for row in sessions_of(database, object_id)]


def extra(database: Engine) -> list[str]:
    with database.connect() as connection:
        return list(connection.execute(sa.select(Log.extra).order_by(Log.id)).scalars())


def test_links_are_what_was_saved_last(database: Engine, store: AirflowStore, clock: Clock) -> None:
    assert store.links() == {}
    store.apply([], {"accounts": "link-1", "groups": "link-2"})
    clock.advance(5)
    store.apply([], {"accounts": "link-3"})
    assert store.links() == {"accounts": "link-3", "groups": "link-2"}
    with database.connect() as connection:
        times = {row.feed: row.updated_at for row in connection.execute(sa.select(WATCH_FEEDS))}
    assert times == {"accounts": NOW + 5, "groups": NOW}


def test_people_who_signed_in_once_are_known_and_those_inside_are_signed_in(
    database: Engine, store: AirflowStore
) -> None:
    sign_in(database, "Op")
    sign_in(database, "Op", object_id=OTHER, at=NOW - 28_800)
    admit(database, person("f" * 36, tenant=OTHER_TENANT), "Op")
    assert set(store.known()) == {PERSON, OTHER}
    assert set(store.signed_in()) == {PERSON}


def test_sessions_that_began_shortly_before_the_newest_one_are_new_too(database: Engine, store: AirflowStore) -> None:
    assert store.begun_since(NOW) == {}
    sign_in(database, at=NOW - 10_000 - int(SIGN_INS))
    sign_in(database, at=NOW - 10_000)
    sign_in(database, object_id=OTHER, at=NOW - 10_001 - int(SIGN_INS))
    assert sorted(store.begun_since(NOW).values()) == [PERSON, PERSON]
    assert sorted(store.begun_since(NOW - 10_001 - int(SIGN_INS)).values()) == sorted([PERSON, PERSON, OTHER])


def test_a_change_is_made_written_down_and_told(database: Engine, store: AirflowStore) -> None:
    sign_in(database, "Admin")
    assert store.apply([verdict("Op")], {"accounts": "next"}) == [Applied(PERSON, ("Admin",), ("Op",), 0, None)]
    assert (roles_held(database), whys(database)) == (["Op"], [None])
    assert log_lines(database) == [("entra_role_change", PERSON)]
    assert '"roles": ["Op"], "rolesBefore": ["Admin"], "reason": "directory: another group"' in extra(database)[0]


def test_a_role_comes_beside_those_that_the_person_has(database: Engine, store: AirflowStore) -> None:
    sign_in(database, "Op")
    assert store.apply([verdict("Op", "Viewer")], {}) == [Applied(PERSON, ("Op",), ("Op", "Viewer"), 0, None)]


def test_a_person_for_whom_nothing_changes_holds_up_nobody_else(database: Engine, store: AirflowStore) -> None:
    third = "f" * 36
    for object_id in (PERSON, OTHER, third):
        sign_in(database, "Op", object_id=object_id)
    verdicts = [verdict("Op"), verdict("Viewer", object_id=OTHER), verdict("Admin", object_id=third)]
    assert store.apply(verdicts, {}) == [
        Applied(OTHER, ("Op",), ("Viewer",), 0, None),
        Applied(third, ("Op",), ("Admin",), 0, None),
    ]


def test_a_verdict_about_somebody_who_never_signed_in_changes_nothing(database: Engine, store: AirflowStore) -> None:
    assert store.apply([verdict("Op")], {}) == []
    assert log_lines(database) == []


def test_what_is_as_it_was_is_not_touched(database: Engine, store: AirflowStore, clock: Clock) -> None:
    sign_in(database, "Op", "Viewer")
    sign_in(database, "Admin", object_id=OTHER)
    clock.advance(60)
    same = [verdict("Viewer", "Op"), verdict("Admin", "Op", object_id=OTHER, only_lowers=True)]
    assert store.apply(same, {}) == []
    assert store.apply([verdict("Viewer", "Op", only_lowers=True)], {}) == []
    with database.connect() as connection:
        assert set(connection.execute(sa.select(IDENTITIES.c.updated_at)).scalars()) == {NOW}
    assert log_lines(database) == []


def test_a_row_that_somebody_made_up_is_written_anew_though_its_roles_are_right(
    database: Engine, store: AirflowStore
) -> None:
    sign_in(database, "Op")
    change(database, IDENTITIES, mac="0" * 64)
    store.apply([verdict("Op")], {})
    with database.connect() as connection:
        assert connection.execute(sa.select(IDENTITIES.c.mac)).scalar() != "0" * 64
    assert log_lines(database) == []


def test_a_row_that_somebody_made_up_proves_no_role_where_roles_only_go(database: Engine, store: AirflowStore) -> None:
    sign_in(database, "Op")
    change(database, IDENTITIES, mac="0" * 64)
    assert store.apply([verdict("Op", only_lowers=True)], {}) == [Applied(PERSON, ("Op",), (), 1, "no role left")]


def test_who_left_is_out(database: Engine, store: AirflowStore) -> None:
    sign_in(database, "Op")
    sign_in(database, "Op")
    why: sessions.WhyEnded = "disabled in the directory"
    assert store.apply([verdict(ends=why)], {}) == [Applied(PERSON, ("Op",), (), 2, why)]
    assert (roles_held(database), whys(database)) == ([], [why, why])
    assert log_lines(database) == [("entra_role_change", PERSON), ("entra_sign_out", PERSON)]
    assert '"reason": "directory: another group"' in extra(database)[1]


def test_who_left_and_has_nothing_any_more_is_not_written_down_again(database: Engine, store: AirflowStore) -> None:
    admit(database, PERSON)
    assert store.apply([verdict(ends="disabled in the directory")], {}) == []
    admit(database, OTHER, "Op")
    left = verdict(object_id=OTHER, ends="disabled in the directory")
    assert store.apply([left], {}) == [Applied(OTHER, ("Op",), (), 0, None)], "no session ended, so there is no why"
    sign_in(database)
    (applied,) = store.apply([verdict(ends="deleted from the directory")], {})
    assert applied == Applied(PERSON, (), (), 1, "deleted from the directory")
    assert log_lines(database)[1:] == [("entra_sign_out", PERSON)]


def test_sessions_that_began_before_a_revocation_end(database: Engine, store: AirflowStore) -> None:
    sign_in(database, "Op", at=NOW - 10)
    sign_in(database, "Op", at=NOW - 9)
    assert store.apply([verdict("Op", revoked_until=NOW - 11)], {}) == []
    (applied,) = store.apply([verdict("Op", revoked_until=NOW - 10)], {})
    assert applied == Applied(PERSON, ("Op",), ("Op",), 1, "revoked in the directory")
    assert whys(database) == ["revoked in the directory", None]
    assert log_lines(database) == [("entra_sign_out", PERSON)]
    assert '"reason": "directory: revoked in the directory"' in extra(database)[0]


def test_who_is_left_without_a_role_is_out_unless_it_is_only_for_now(database: Engine, store: AirflowStore) -> None:
    sign_in(database, "Op")
    (applied,) = store.apply([verdict("Admin", only_lowers=True, for_now=True)], {})
    assert applied == Applied(PERSON, ("Op",), (), 0, None)
    sign_in(database, "Op", object_id=OTHER)
    (applied,) = store.apply([verdict("Admin", object_id=OTHER, only_lowers=True)], {})
    assert applied == Applied(OTHER, ("Op",), (), 1, "no role left")
    assert (whys(database), whys(database, OTHER)) == ([None], ["no role left"])


def test_a_role_goes_where_it_is_not_known_who_is_assigned_and_the_session_stays(
    database: Engine, store: AirflowStore
) -> None:
    sign_in(database, "Op", "Viewer")
    (applied,) = store.apply([verdict("Viewer", "Admin", only_lowers=True)], {})
    assert applied == Applied(PERSON, ("Op", "Viewer"), ("Viewer",), 0, None)
    assert whys(database) == [None]


def test_without_the_lease_nothing_changes(database: Engine, store: AirflowStore) -> None:
    sign_in(database, "Op")
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE airflow_entra_watch_lease SET holder = 'other/1'"))
    with pytest.raises(LeaseLostError):
        store.apply([verdict()], {"accounts": "next"})
    assert (roles_held(database), store.links()) == (["Op"], {})


def test_with_another_key_than_the_servers_nothing_changes(
    database: Engine, store: AirflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(database, "Op")
    other_key(monkeypatch)
    with pytest.raises(OtherKeyError):
        store.apply([verdict()], {"accounts": "next"})
    assert (roles_held(database), store.links()) == (["Op"], {})


def test_without_an_audit_log_nothing_opens_everything_closes_and_the_links_wait(
    database: Engine, store: AirflowStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(database, "Admin", "Op", at=NOW - 10)
    sign_in(database, "Op", object_id=OTHER)

    def refused(*_: object) -> None:
        raise OSError("the table is gone")

    monkeypatch.setattr(audit, "_write", refused)
    with caplog.at_level(logging.WARNING), pytest.raises(AuditError):
        store.apply([verdict("Op", "Viewer", revoked_until=NOW - 10), verdict(object_id=OTHER)], {"accounts": "next"})
    assert (roles_held(database), roles_held(database, OTHER)) == (["Op"], [])
    assert (whys(database), whys(database, OTHER)) == (["revoked in the directory"], [None])
    assert store.links() == {}
    assert "A role is taken away although Airflow's audit log could not be written" in caplog.text


def test_whoever_moves_to_another_role_while_there_is_no_audit_log_stays_in_the_session(
    database: Engine, store: AirflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old role goes at once; the new one comes when it can be written down."""
    sign_in(database, "Op")
    with monkeypatch.context() as patched:
        patched.setattr(audit, "_write", None)
        with pytest.raises(AuditError):
            store.apply([verdict("Viewer")], {})
    assert (roles_held(database), whys(database)) == ([], [None])
    store.apply([verdict("Viewer")], {})
    assert (roles_held(database), whys(database)) == (["Viewer"], [None])


@pytest.fixture
def rounds(database: Engine, lease: DatabaseLease) -> AppliedRounds:
    return AppliedRounds(database, TENANT, lease)


def test_rounds_are_counted_from_one(rounds: AppliedRounds, clock: Clock) -> None:
    assert rounds.read() is None
    assert rounds.record(None) == LastRound(1, NOW, "1") == rounds.read()
    clock.advance(2)
    assert rounds.record(1) == LastRound(2, NOW + 2, "2") == rounds.read()


def test_a_round_is_not_counted_where_another_number_is_there_by_now(rounds: AppliedRounds) -> None:
    rounds.record(None)
    assert rounds.record(None) is None
    assert rounds.record(7) is None
    assert rounds.read() == LastRound(1, NOW, "1")


def test_a_round_is_not_counted_where_another_number_came_since_it_was_read(
    rounds: AppliedRounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds.record(None)
    with monkeypatch.context() as patched:
        patched.setattr("airflow_entra_auth.watch.applied._read", lambda _: LastRound(7, NOW, "7"))
        assert rounds.record(7) is None
    assert rounds.read() == LastRound(1, NOW, "1")


def test_a_link_that_looks_like_the_number_is_left_alone(store: AirflowStore, rounds: AppliedRounds) -> None:
    rounds.record(None)
    store.apply([], {"accounts": "1"})
    assert rounds.record(1) == LastRound(2, NOW, "2")
    assert store.links()["accounts"] == "1"


def test_a_round_is_not_counted_without_the_lease(database: Engine, rounds: AppliedRounds) -> None:
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE airflow_entra_watch_lease SET holder = 'other/1'"))
    with pytest.raises(LeaseLostError):
        rounds.record(None)
    assert rounds.read() is None


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", "9" * 19, "1 ", "٣"])
def test_what_is_no_number_is_less_than_any(database: Engine, rounds: AppliedRounds, text: str) -> None:
    rounds.record(None)
    change(database, WATCH_FEEDS, link=text)
    assert rounds.read() == LastRound(-1, NOW, text)


def test_the_longest_number_is_one(database: Engine, rounds: AppliedRounds) -> None:
    rounds.record(None)
    change(database, WATCH_FEEDS, link="9" * 18)
    assert rounds.read() == LastRound(10**18 - 1, NOW, "9" * 18)


def test_after_a_restore_everybodys_sessions_end_once(database: Engine, rounds: AppliedRounds) -> None:
    sign_in(database, "Op")
    sign_in(database, "Admin", object_id=OTHER)
    rounds.record(None)
    found = rounds.read()
    ended = rounds.end_restored(500, found)
    why: sessions.WhyEnded = "before a restore"
    assert ended is not None
    assert sorted(ended, key=lambda applied: applied.object_id) == [
        Applied(OTHER, ("Admin",), ("Admin",), 1, why),
        Applied(PERSON, ("Op",), ("Op",), 1, why),
    ]
    assert rounds.read() == LastRound(500 + BEYOND, NOW, str(500 + BEYOND))
    assert sorted(log_lines(database)) == [("entra_sign_out", OTHER), ("entra_sign_out", PERSON)]
    assert "Airflow's database was restored from a backup" in extra(database)[0]
    assert rounds.end_restored(500, found) is None


def test_a_restore_to_before_the_first_round_ends_everybody_too(database: Engine, rounds: AppliedRounds) -> None:
    sign_in(database, "Op")
    assert rounds.end_restored(500, None) == [Applied(PERSON, ("Op",), ("Op",), 1, "before a restore")]


def test_a_row_that_is_there_after_all_ends_nobody(database: Engine, rounds: AppliedRounds) -> None:
    sign_in(database, "Op")
    rounds.record(None)
    assert rounds.end_restored(500, None) is None
    assert whys(database) == [None]
