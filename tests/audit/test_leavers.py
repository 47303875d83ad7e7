"""When access was taken from somebody, and what Airflow has of them after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_entra.audit.leavers import Left, left
from airflow_entra.audit.moves import moves
from airflow_entra.audit.records import Records
from airflow_entra.directory.audited import Audited
from airflow_entra.directory.changes import Change
from tests.audit.stack import (
    ADA,
    ADMINS,
    DAN,
    NOW,
    URL,
    at,
    audited,
    change,
    in_groups,
    person,
    records,
    session,
)

REMOVED, ADDED = "Remove member from group", "Add member to group"
A, B = "airflow-local-admins", "airflow-local-viewers"
HERE = replace(DAN, enabled=True)


def leavers(
    *changes: Change,
    sessions: Sequence[dict[str, Any]] = (),
    directory: Audited | None = None,
    airflow: Records | None = None,
) -> list[Left]:
    known = directory or audited()
    found = moves(changes, known.directory, known.rules, (DAN,) if any(map(_disables, changes)) else (HERE,))
    return list(left(found, {URL: airflow or records(person(ADA, "Admin"), *sessions)}))


def _disables(change: Change) -> bool:
    return change.activity == "Disable account"


def told(one: Left) -> tuple[str, float | None, datetime | None]:
    return one.how, one.seconds, one.session_ended


def moment(minutes: float) -> datetime:
    return datetime.fromisoformat(at(minutes))


@pytest.mark.parametrize(
    ("ended", "seconds"), [(61, 60.0), (None, None), (30, 0.0)], ids=["ended a minute later", "goes on", "had ended"]
)
def test_how_long_a_leavers_session_lived_on(ended: float | None, seconds: float | None) -> None:
    (one,) = leavers(change("Disable account", DAN, 60), sessions=[session(DAN, 0, 480, ended)],
                     directory=in_groups(DAN, ADMINS))  # fmt: skip
    assert one.seconds == seconds
    assert one.last_access is not None
    assert one.move.lost == ("Admin",)


def test_a_session_that_began_after_access_was_taken_is_never_no_session() -> None:
    """A token from before, or another clock: it lives, whatever the directory's time says."""
    (one,) = leavers(change(REMOVED, DAN, 60, A), sessions=[session(DAN, 60.1, 480)])
    assert told(one) == ("still signed in", None, None)
    (one,) = leavers(change(REMOVED, DAN, 60, A), sessions=[session(DAN, 60.1, 480, 62)])
    assert told(one) == ("ended", 120.0, moment(62))


def test_times_are_to_the_millisecond() -> None:
    ended = moment(60) + timedelta(milliseconds=1250)
    lived = session(DAN, 0, 480) | {"endedAt": ended.isoformat(), "whyEnded": "no role left"}
    (one,) = leavers(
        replace(change(REMOVED, DAN, 60, A), at=moment(60) + timedelta(milliseconds=200)), sessions=[lived]
    )
    assert told(one) == ("ended", 1.05, ended)


def test_who_moved_between_groups_left_when_the_last_was_taken() -> None:
    """Release 0.1.0 kept whole seconds, and ended a session within the second of the change."""
    moved = (change(ADDED, DAN, 20, B), change(REMOVED, DAN, 30, A), change(REMOVED, DAN, 60 + 0.4 / 60, B))
    first, last = leavers(*moved, sessions=[session(DAN, 0, 480, 60)])
    assert (told(first), first.move.lost, first.move.after) == (("kept access", 0.0, None), ("Admin",), ("Viewer",))
    assert told(last) == ("ended", 0.0, moment(60))


class TestUnknown:
    """What nobody knows is never told as the best that it could be."""

    GONE = change(REMOVED, DAN, 60, A)

    def test_without_records(self) -> None:
        known = audited()
        (one,) = left(moves([self.GONE], known.directory, known.rules, (HERE,)), {})
        assert (one.how, one.seconds, one.why) == ("unknown", None, "no records of an Airflow were given (--airflow)")

    def test_records_that_end_before(self) -> None:
        (one,) = leavers(self.GONE, airflow=replace(records(), until=moment(30)))
        assert (one.how, one.seconds) == ("unknown", None)
        assert one.why.startswith("the records end before it")

    def test_records_that_begin_after(self) -> None:
        (one,) = leavers(self.GONE, airflow=replace(records(), since=moment(90)))
        assert (one.how, one.why.startswith("the records begin after it")) == ("unknown", True)

    def test_longer_ago_than_airflow_keeps_sessions(self) -> None:
        long_ago = replace(self.GONE, at=NOW - timedelta(days=40))
        (one,) = leavers(long_ago, airflow=replace(records(), since=NOW - timedelta(days=90)))
        assert one.why == "Airflow keeps a session for 30 days after its end"

    def test_a_deleted_account_whose_roles_nobody_knows(self) -> None:
        known = audited()
        (one,) = left(moves([change("Delete user", DAN, 60)], known.directory, known.rules), {URL: records()})
        assert (one.move.lost, one.move.after) == (None, ())


@pytest.mark.parametrize(
    ("changes", "sessions", "expected"),
    [
        (  # moved, and ended a minute after the last removal
            [change(ADDED, DAN, 20, B), change(REMOVED, DAN, 30, A), change(REMOVED, DAN, 60, B)],
            [session(DAN, 0, 480, 61)],
            [("kept access", 0.0, None), ("ended", 60.0, moment(61))],
        ),
        (  # the log begins after they came into the second group
            [change(REMOVED, DAN, 30, A), change(REMOVED, DAN, 60, B)],
            [session(DAN, 0, 480, 61)],
            [("kept access", 0.0, None), ("ended", 60.0, moment(61))],
        ),
        (  # removed, in again, and removed again
            [change(REMOVED, DAN, 30, A), change(ADDED, DAN, 40, A), change(REMOVED, DAN, 60, A)],
            [session(DAN, 0, 480, 31), session(DAN, 41, 480, 60)],
            [("ended", 60.0, moment(31)), ("ended", 0.0, moment(60))],
        ),
        (  # the same, and the session lived on until access was given again
            [change(REMOVED, DAN, 30, A), change(ADDED, DAN, 40, A), change(REMOVED, DAN, 60, A)],
            [session(DAN, 0, 480, 60)],
            [("given again", 600.0, None), ("ended", 0.0, moment(60))],
        ),
        (  # a second session lives longer
            [change(REMOVED, DAN, 60, A)],
            [session(DAN, 0, 480, 60), session(DAN, 10, 480, 62)],
            [("ended", 120.0, moment(62))],
        ),
        (  # signed out before
            [change(REMOVED, DAN, 60, A)],
            [session(DAN, 0, 480, 59.9) | {"whyEnded": "signed out"}],
            [("was not signed in", 0.0, None)],
        ),
        (  # ended by the directory's change, by a clock that is some seconds behind
            [change(REMOVED, DAN, 60, A)],
            [session(DAN, 0, 480, 59.9) | {"whyEnded": "no role left"}],
            [("ended", 0.0, moment(59.9))],
        ),
        (  # the same, but it was an earlier change that ended it
            [change(REMOVED, DAN, 59.8, A), change(REMOVED, DAN, 60, B), change(ADDED, DAN, 59.9, B)],
            [session(DAN, 0, 480, 59.85) | {"whyEnded": "no role left"}],
            [("ended", 3.0, moment(59.85)), ("was not signed in", 0.0, None)],
        ),
        (  # disabled: no group gives anything then
            [change(REMOVED, DAN, 30, A), change("Disable account", DAN, 60), change(REMOVED, DAN, 90, B)],
            [session(DAN, 0, 480, 60.05)],
            [("kept access", 0.0, None), ("ended", 3.0, moment(60.05))],
        ),
        (  # nothing has ended it
            [change(REMOVED, DAN, 60, A)],
            [session(DAN, 0, 480)],
            [("still signed in", None, None)],
        ),
    ],
    ids=[
        "moved",
        "short log",
        "again",
        "lived on",
        "two",
        "signed out",
        "clocks",
        "earlier",
        "disabled",
        "still",
    ],
)
def test_a_session_is_told_at_the_change_that_took_the_last_access(
    changes: list[Change], sessions: list[dict[str, Any]], expected: list[tuple[str, float | None, datetime | None]]
) -> None:
    found = leavers(*changes, sessions=sessions)
    assert [told(one) for one in found] == expected


def test_who_is_still_in_another_group_has_kept_access() -> None:
    (one,) = leavers(change(REMOVED, DAN, 60, B), sessions=[session(DAN, 0, 480)], directory=in_groups(HERE, ADMINS))
    assert (told(one), one.move.lost) == (("kept access", 0.0, None), ("Viewer",))


def test_a_group_whose_assignment_goes_takes_access_from_its_members() -> None:
    taken = replace(
        change("Remove app role assignment from group", DAN, 60),
        subject_id=ADMINS, subject=A, subject_type="Group", role="Admin",
    )  # fmt: skip
    directory = in_groups(HERE, ADMINS, unassigned=(ADMINS,))
    ada, dan = leavers(taken, sessions=[session(DAN, 0, 480, 60.05)], directory=directory)
    assert (ada.move.person.name, *told(ada)) == ("Ada Okafor", "was not signed in", 0.0, None)
    assert (dan.move.person.name, *told(dan)) == ("Dan Gone", "ended", 3.0, moment(60.05))
