"""Joiners, movers, leavers and the rest of a period, and how complete that is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from airflow_entra.audit.leavers import left
from airflow_entra.audit.moves import moves
from airflow_entra.audit.population import Event, Span, as_json, events, kept_events, merged, nights, told
from airflow_entra.directory.changes import ACTIVATED
from airflow_entra.errors import UserError
from tests.audit.stack import ADMINS, DAN, URL, audited, change, records, session

JOINED, LEFT = "Add member to group", "Remove member from group"
A, B = "airflow-local-admins", "airflow-local-viewers"
HERE = replace(DAN, enabled=True)
GIVEN = replace(
    change("Add app role assignment to group", DAN, 5), subject_id=ADMINS, subject=A, role="Admin", subject_type="Group"
)
SECRET = replace(
    change("Update application", DAN, 7), subject_id="app", subject="Airflow (local)", subject_type="Application"
)


def everything() -> list[Event]:
    changes = (
        GIVEN,
        change(JOINED, DAN, 10, A),
        change(ACTIVATED, DAN, 15, A),
        change(JOINED, DAN, 20, B),
        change(LEFT, DAN, 30, A),
        change(LEFT, DAN, 40, B),
    )
    known = audited()
    found = moves(changes, known.directory, known.rules, (HERE,))
    airflow = {URL: records(session(DAN, 12, 480, 41))}
    return events(found, list(left(found, airflow)), changes, [SECRET])


def test_every_kind_is_there_once_in_the_order_of_time() -> None:
    found = [event for event in everything() if event.person_id in ("", DAN.id)]
    assert [event.kind for event in found] == [
        *("role change", "rotation", "joiner", "activation", "mover", "mover", "leaver")
    ]
    leaver = found[-1]
    assert (leaver.before, leaver.after, leaver.session, leaver.seconds) == (("Viewer",), (), "ended", 60.0)
    assert (found[0].group, found[0].after, found[0].by) == (A, ("Admin",), "carl@contoso.com")


def test_a_change_that_gave_nothing_is_no_event() -> None:
    known = audited()
    found = moves([change(JOINED, DAN, 10, "lunch-club")], known.directory, known.rules, (HERE,))
    assert events(found, [], [], []) == []


def back(event: Event, names: dict[str, dict[str, str]]) -> Event:
    """An event that was kept, read again."""
    text = json.dumps({"population": [as_json(event)]})
    (read,) = kept_events(text, Path("population.json"), "evidence x", names)
    return read


@pytest.mark.parametrize("text", ["", "[]", '{"population": [{}]}', '{"population": [{"kind": "party"}]}'])
def test_what_is_no_population_is_named(text: str) -> None:
    with pytest.raises(UserError, match=r"kept/population.json: not a population that this release reads"):
        kept_events(text, Path("kept/population.json"), "evidence x", {})


def test_an_event_goes_through_evidence_and_its_name_may_be_erased() -> None:
    for event in everything():
        nameless = replace(event, person=event.person_id)
        assert back(nameless, {event.person_id: {"name": event.person}}) == event
        assert back(nameless, {}).person == ""


def test_what_two_nights_tell_is_told_once_as_the_first_source_has_it() -> None:
    found = everything()
    later = [replace(event, source="evidence") for event in found]
    assert merged(found[:3], later) == found
    assert [event.source for event in merged(found[:3], later)][:4] == [*["the directory's log"] * 3, "evidence"]


BEGIN = datetime(2026, 10, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return BEGIN + timedelta(days=number)


def test_nights_without_evidence_and_days_that_no_log_covers() -> None:
    spans = [Span(day(-5), day(0.1), "a"), Span(day(-1), day(1.1), "b"), Span(day(3.5), day(5.1), "c")]
    found = nights(BEGIN, day(6), spans)
    assert [(night.day, night.kept, night.covered) for night in found] == [
        (date(2026, 10, 1), ("a",), True),
        (date(2026, 10, 2), ("b",), False),
        (date(2026, 10, 3), (), False),
        (date(2026, 10, 4), (), False),
        (date(2026, 10, 5), (), True),
        (date(2026, 10, 6), ("c",), False),
    ]


def test_a_log_that_could_not_be_read_covers_nothing() -> None:
    assert [night.covered for night in nights(BEGIN, day(1), [Span(day(-5), day(5), "a", covers=False)])] == [False]


def test_a_period_ends_before_its_end() -> None:
    (event,) = told([replace(everything()[0], at=day(2))], BEGIN, day(2.1))
    assert list(told([event], BEGIN, day(2))) == []
