"""What is said in Airflow's audit log, and what happens where it can't be said."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from airflow_entra_auth import audit
from airflow_entra_auth.audit import AuditError, Event, record
from airflow_entra_auth.claims import Person
from tests.auth.sign_on import PERSON, TENANT

JANE = Person(TENANT, PERSON, "Jané \u202e Doe", "jane@contoso.com", "jane@contoso.com", False)
EVENTS: list[Event] = [
    "entra_sign_in",
    "entra_sign_in_refused",
    "entra_sign_out",
    "entra_role_change",
    "entra_set_aside",
]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    written: list[tuple[Any, ...]] = []
    monkeypatch.setattr(audit, "_write", lambda *line: written.append(line))
    return written


def test_a_line_says_who_and_what(lines: list[tuple[Any, ...]]) -> None:
    session = object()
    record("entra_role_change", person=JANE, roles=("Op",), roles_before=(), reason="moved", session=session)
    ((event, owner, name, extra, where),) = lines
    assert (event, owner, name, where) == ("entra_role_change", PERSON, JANE.display_name, session)
    assert json.loads(extra) == {
        "tenantId": TENANT,
        "objectId": PERSON,
        "signInName": "jane@contoso.com",
        "guest": False,
        "roles": ["Op"],
        "rolesBefore": [],
        "reason": "moved",
    }


def test_a_line_without_a_person_has_the_ids_alone(lines: list[tuple[Any, ...]]) -> None:
    record("entra_sign_out", tenant_id=TENANT, object_id=PERSON, reason="front-channel")
    record("entra_sign_in_refused", reason="wrong_token")
    assert [line[1:3] for line in lines] == [(PERSON, None), (None, None)]
    assert json.loads(lines[0][3]) == {"tenantId": TENANT, "objectId": PERSON, "reason": "front-channel"}
    assert json.loads(lines[1][3]) == {"reason": "wrong_token"}


def test_a_line_is_bounded(lines: list[tuple[Any, ...]]) -> None:
    record("entra_sign_in_refused", person=JANE, reason="x" * 10_000, notes=["y" * 10_000])
    assert len(lines[0][3]) < 2 * audit.TEXT_LENGTH + 500


@pytest.mark.parametrize("event", EVENTS)
def test_what_opens_access_needs_its_line_and_what_closes_it_does_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, event: Event
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "_write", broken)
    with caplog.at_level(logging.ERROR):
        if event in ("entra_sign_in", "entra_role_change"):
            with pytest.raises(AuditError, match="so it is not done"):
                record(event, person=JANE)
        else:
            record(event, person=JANE)
    assert event in caplog.text
    assert PERSON in caplog.text


def test_there_are_so_many_lines_about_nobody_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    bounded = audit.Bounded(most=3, a_minute=2)
    assert [bounded.allows() for _ in range(5)] == [True, True, True, False, False]
    now[0] += 61
    assert [bounded.allows() for _ in range(3)] == [True, True, False]
    now[0] += 86_400
    assert sum(bounded.allows() for _ in range(100)) == 3
