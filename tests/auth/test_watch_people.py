"""What the watcher asks Graph about a person, and how it reads the answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from airflow_entra_auth.graph import Graph, GraphError, Request
from airflow_entra_auth.issuance import Account, Application
from airflow_entra_auth.rules import RolesFrom
from airflow_entra_auth.watch.people import Found, ask, moment
from tests.auth.sign_on import CLIENT, GROUPS, PERSON, rules

PERSONS = f"/users/{PERSON}"
SELECT = "id,accountEnabled,userType,identities,signInSessionsValidFromDateTime"
WHO = Request("GET", f"{PERSONS}?$select={SELECT}")
DIRECT = Request("GET", f"{PERSONS}/memberOf?$select=id&$top=999")
SECURITY = Request("POST", f"{PERSONS}/getMemberGroups", {"securityEnabledOnly": True}, asks=True)
EVERY = Request("POST", f"{PERSONS}/getMemberGroups", {"securityEnabledOnly": False}, asks=True)


class Answering:
    """Graph with the same answer to each question."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, list[Request]()

    def batch(self, requests: list[Request]) -> list[Any]:
        self.asked += requests
        return [self.answer for _ in requests]


def asked(answer: Any, application: Application | None, roles_from: str) -> tuple[list[Request], Found | GraphError]:
    graph = Answering(answer)
    found = ask(cast(Graph, graph), [PERSON], application, rules(rolesFrom=roles_from))
    assert found.keys() == {PERSON}
    return graph.asked, found[PERSON]


@pytest.mark.parametrize(
    ("roles_from", "said", "required", "questions"),
    [
        ("appRoles", set(), False, [WHO, DIRECT]),
        ("assignedGroups", set(), False, [WHO]),
        ("assignedGroups", {"ApplicationGroup"}, False, [WHO, DIRECT]),
        ("assignedGroups", set(), True, [WHO, DIRECT]),
        ("securityGroups", set(), False, [WHO, SECURITY]),
        ("securityGroups", {"SecurityGroup"}, True, [WHO, DIRECT, SECURITY]),
        ("securityGroups", {"All"}, False, [WHO, EVERY]),
        ("assignedGroups", {"SecurityGroup"}, False, [WHO, SECURITY]),
        ("appRoles", {"All"}, False, [WHO, DIRECT, EVERY]),
    ],
)
def test_graph_is_asked_for_what_the_application_goes_by(
    roles_from: RolesFrom, said: set[str], required: bool, questions: list[Request]
) -> None:
    application = Application(CLIENT, frozenset(), frozenset(said), assignment_required=required)
    assert asked({}, application, roles_from)[0] == questions


@pytest.mark.parametrize(
    ("roles_from", "questions"),
    [("appRoles", [WHO, DIRECT]), ("assignedGroups", [WHO, DIRECT]), ("securityGroups", [WHO, SECURITY])],
)
def test_without_an_application_graph_is_asked_as_the_stack_file_says(
    roles_from: RolesFrom, questions: list[Request]
) -> None:
    assert asked({}, None, roles_from)[0] == questions


@pytest.mark.parametrize(("roles_from", "kind"), [("appRoles", "direct"), ("securityGroups", "security")])
def test_groups_are_those_of_the_question_in_lower_case(roles_from: RolesFrom, kind: str) -> None:
    at = "2026-11-30T17:00:00Z"
    answer = {"accountEnabled": True, "userType": "Guest", "signInSessionsValidFromDateTime": at}
    answer |= {"value": [GROUPS[0].upper(), {"id": GROUPS[1].upper()}]}
    account = Account(PERSON, guest=True, **{kind: frozenset(GROUPS[:2])})  # type: ignore[arg-type]
    assert asked(answer, None, roles_from)[1] == Found(account, moment(at))


def test_an_answer_that_says_too_little_is_told_as_an_error() -> None:
    untold = "accountEnabled isn't in the answer: the permission User.Read.All is missing"
    for answer, what in (({}, untold), ({"accountEnabled": True}, "the answer doesn't say the groups")):
        error = asked(answer, None, "appRoles")[1]
        assert isinstance(error, GraphError)
        assert error.args == ("GET", PERSONS, 200, "NotTold", what, "", None)


@pytest.fixture
def another_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "EST5")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("another_time_zone")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2001-09-09T01:46:40Z", 1_000_000_000),
        ("2001-09-09T01:46:40.9876543Z", 1_000_000_000),
        ("2001-09-09T01:46:40", 1_000_000_000),
        ("2001-09-09", 0),
        ("", 0),
        (None, 0),
        (1_000_000_000, 0),
    ],
)
def test_a_moment_is_in_utc_wherever_the_watcher_runs(text: object, seconds: int) -> None:
    assert moment(text) == seconds
