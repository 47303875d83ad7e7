"""What a person, a program and a pull request are told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.finding import Finding
from airflow_entra.rotation.report import conclusion, render
from airflow_entra.rotation.rotate import Outcome, Rotation
from airflow_entra.rotation.slots import Held, Slot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HELD = Held(
    Slot("slot-b", "urn::slot-b", "key-b", NOW, NOW + 97 * DAY),
    Slot("slot-a", "urn::slot-a", "key-a", NOW - 90 * DAY, NOW + 7 * DAY),
    "urn::client-secret",
    "/applications/1",
    finished=True,
)
FINDING = Finding("stack prod", "what | is *wrong*", "right", "fix", id="rotate/failed")


def rotation(outcome: Outcome, held: Held | None = HELD, mode: str = "vaultSecret", **more: Any) -> Rotation:
    return Rotation("prod", mode, NOW, outcome, held, NOW + 90 * DAY if held else None, **more)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (rotation("not due"), "Stack prod: nothing is due before 2026-05-30 (in 90 days)."),
        (rotation("rotated", replaced=(("slot-b", "old", "key-b"),)), "slot-b was replaced; the vault has the new"),
        (rotation("finished"), "the interrupted rotation is finished"),
        (rotation("due", to_replace=("slot-a", "slot-b")), "slot-a and then slot-b would be replaced"),
        (rotation("due"), "an earlier rotation was interrupted and would be finished"),
        (rotation("refused", None, findings=(FINDING,)), "the secret was not rotated"),
        (rotation("refused", None, replaced=(("slot-a", "1", "2"),)), "the secret before it still works"),
        (rotation("nothing to rotate", None, "federated"), "has no secret: Airflow signs in with a token"),
        (rotation("nothing to rotate", None, "certificate", certificate_end=NOW), "ends on 2026-03-01"),
    ],
)
def test_the_first_line_says_it(told: Rotation, said: str) -> None:
    assert said in render([told], "text").splitlines()[0]
    assert said in render([told], "markdown").splitlines()[0].replace("\\", "")
    assert json.loads(render([told], "json"))["outcome"] == told.outcome
    assert len(conclusion(told).splitlines()) == 1


STRANGER = ApplicationCredential("secret", "<b>backdoor</b>", "key-x", NOW, "/applications/1", "Airflow (prod)", "abc")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (rotation("rotated", looked="all"), "The application has no other credential."),
        (rotation("rotated", looked="all", removed=(STRANGER,)), "1 credential that the stack doesn't have removed."),
        (
            rotation("rotated", looked="all", unknown=(STRANGER, STRANGER), findings=(FINDING,)),
            "The application has 2 credentials that the stack doesn't have: it may still be open.",
        ),
        (rotation("rotated", looked="denied", findings=(FINDING,)), "may sign in as the application is unknown."),
    ],
)
def test_after_a_leak_the_first_line_says_whether_the_application_is_closed(told: Rotation, said: str) -> None:
    assert render([told], "text").splitlines()[0].endswith(said)
    assert ("may still be open" in conclusion(told)) == (not told.fine)


def test_a_credential_is_told_to_programs_without_its_value() -> None:
    told = json.loads(render([rotation("rotated", looked="all", unknown=(STRANGER,))], "json"))
    assert told["credentialsLookedAt"] is True
    assert told["unknownCredentials"] == [
        {
            "kind": "secret",
            "name": "<b>backdoor</b>",
            "keyId": "key-x",
            "ends": "2026-03-01T12:00:00Z",
            "hint": "abc",
            "trusts": None,
            "of": "application",
        }
    ]
    assert json.loads(render([rotation("not due")], "json"))["credentialsLookedAt"] is None


def test_each_slot_is_told_by_what_entra_calls_it_and_what_it_is_good_for() -> None:
    lines = render([rotation("not due")], "text").splitlines()
    assert lines[-2].split() == ["slot-a", "key-a", "2025-12-01T12:00:00Z", "2026-03-08T12:00:00Z", "still", "accepted"]
    assert lines[-1].split()[-3:] == ["in", "the", "vault"]
    ended = replace(HELD, older=Slot("slot-a", "urn", "key-a", NOW - 90 * DAY, NOW), finished=False)
    text = render([rotation("due", ended)], "text")
    assert "ended" in text
    assert "on its way to the vault" in text


def test_a_finding_has_its_four_parts_in_every_form() -> None:
    told = rotation("refused", None, findings=(FINDING,))
    said = "stack prod: error: what | is *wrong* [rotate/failed]\n  right: right\n  fix:   fix\n"
    assert said in render([told], "text")
    assert "| stack prod | what \\| is \\*wrong\\* `rotate/failed` | right | fix |" in render([told], "markdown")
    assert json.loads(render([told], "json"))["findings"][0].items() >= {"where": "stack prod", "fix": "fix"}.items()


def test_what_is_fine_is_what_needs_nobody() -> None:
    assert rotation("rotated").fine
    assert not rotation("nothing to rotate", findings=(FINDING,)).fine


def test_a_short_overlap_is_looked_at_more_often_than_daily() -> None:
    assert conclusion(rotation("not due")).startswith("Run this daily.")
    assert conclusion(rotation("not due", run_every=timedelta(hours=2))).startswith("Run this every 2h.")
