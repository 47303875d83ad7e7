"""What the watcher asks Graph about a person, and how it reads the answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from airflow_entra_auth.graph import Graph, GraphError, Request
from airflow_entra_auth.issuance import GROUP_LIMIT, Account, Application, Assignment, Status
from airflow_entra_auth.rules import RolesFrom
from airflow_entra_auth.sessions import WhyEnded
from airflow_entra_auth.watch.people import Found, Verdict, ask, moment, verdict
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


class InPages(Answering):
    """Graph with the first page of somebody's groups, and what comes of the others."""

    def __init__(self, others: list[Any] | GraphError) -> None:
        self.others = others
        first = {"accountEnabled": True, "value": [{"id": GROUPS[0]}], "@odata.nextLink": "more"}
        super().__init__(first)

    def pages(self, link: str) -> list[Any]:
        assert link == "more"
        if isinstance(self.others, GraphError):
            raise self.others
        return self.others


def test_the_groups_of_every_page_count_and_a_page_that_fails_counts_for_none() -> None:
    known = rules(rolesFrom="appRoles")
    (found,) = ask(cast(Graph, InPages([{"id": GROUPS[1]}])), [PERSON], None, known).values()
    assert found == Found(Account(PERSON, direct=frozenset(GROUPS[:2])))
    failed = GraphError("GET", "more", 503, "Busy", "", "")
    assert ask(cast(Graph, InPages(failed)), [PERSON], None, known) == {PERSON: failed}


@pytest.mark.parametrize(
    ("code", "status", "gone"),
    [
        ("Request_ResourceNotFound", 404, True),
        ("Request_ResourceNotFound", 400, False),
        ("UnknownError", 404, False),
    ],
)
def test_a_person_is_deleted_when_graph_says_so_itself(code: str, status: int, gone: bool) -> None:
    error = GraphError("GET", PERSONS, status, code, "", "")
    assert asked(error, None, "appRoles")[1] == (Found(Account(PERSON, "deleted")) if gone else error)


def test_whoever_is_deleted_between_two_questions_is_deleted() -> None:
    graph = Answering({"accountEnabled": True})
    gone = GraphError("GET", PERSONS, 404, "Request_ResourceNotFound", "", "")
    graph.batch = lambda requests: [graph.answer, gone]  # type: ignore[method-assign]
    assert ask(cast(Graph, graph), [PERSON], None, rules()) == {PERSON: Found(Account(PERSON, "deleted"))}


def test_whoever_is_disabled_is_disabled_whatever_else_is_said() -> None:
    answer = {"accountEnabled": False, "userType": "Guest", "value": [GROUPS[0]]}
    assert asked(answer, None, "appRoles")[1] == Found(Account(PERSON, "disabled"))


VIEWER = Account(PERSON, direct=frozenset(GROUPS[1:2]))
ASSIGNED = frozenset({Assignment(GROUPS[1], "Viewer"), Assignment(PERSON, "Viewer"), Assignment(PERSON, "Admin")})


@pytest.mark.parametrize(
    ("application", "doubtful", "only_lowers", "for_now"),
    [
        (Application(CLIENT, ASSIGNED), False, False, False),
        (Application(CLIENT, ASSIGNED), True, True, True),
        (None, False, True, False),
        (None, True, True, True),
    ],
)
def test_a_role_comes_only_where_it_is_known_who_is_assigned(
    application: Application | None, doubtful: bool, only_lowers: bool, for_now: bool
) -> None:
    found = verdict(Found(VIEWER, 7), application, rules(), doubtful=doubtful)
    assert (found.only_lowers, found.for_now, found.revoked_until, found.ends) == (only_lowers, for_now, 7, None)
    assert doubtful or found == verdict(Found(VIEWER, 7), application, rules())


def test_a_verdict_names_everything_that_gives_each_role() -> None:
    there = verdict(Found(VIEWER), Application(CLIENT, ASSIGNED), rules())
    assert there.because == (
        f"Admin: assigned in person; "
        f"Viewer: member of {GROUPS[1]}, which is assigned the app role Viewer and assigned in person"
    )
    both = Account(PERSON, direct=frozenset(GROUPS[:2]), security=frozenset(GROUPS[:2]))
    by_group = rules(rolesFrom="assignedGroups")
    application = Application(
        CLIENT, frozenset(Assignment(group, None) for group in GROUPS), frozenset({"ApplicationGroup"})
    )
    expected = f"Admin: member of {GROUPS[0]}; Viewer: member of {GROUPS[0]}, {GROUPS[1]}"
    assert verdict(Found(both), application, by_group).because == expected
    assert verdict(Found(both), None, by_group).because == expected
    assert verdict(Found(both), None, rules()).because == expected, "who is assigned isn't known"


MANY = frozenset(f"0000{number:04}-0000-4000-8000-000000000000" for number in range(GROUP_LIMIT + 1))


@pytest.mark.parametrize(
    ("account", "status", "because", "ends"),
    [
        (Account(PERSON, "disabled"), "enabled", "disabled in the directory", "disabled in the directory"),
        (Account(PERSON, "deleted"), "enabled", "deleted from the directory", "deleted from the directory"),
        (VIEWER, "disabled", "application disabled in the directory", "application disabled in the directory"),
        (VIEWER, "deleted", "application deleted from the directory", "application disabled in the directory"),
        (Account(PERSON), "enabled", "not assigned to the application", "no role left"),
        (Account(PERSON, direct=frozenset(GROUPS[2:])), "enabled", "in no group that gives a role", "no role left"),
        (
            Account(PERSON, direct=MANY),
            "enabled",
            "in too many groups that are assigned to the application",
            "no role left",
        ),
    ],
)
def test_a_verdict_that_ends_sessions_says_why(account: Account, status: Status, because: str, ends: WhyEnded) -> None:
    """The third group is assigned and gives nothing; the sign-on file goes by assigned groups."""
    assigned = frozenset(Assignment(group, None) for group in {GROUPS[1], GROUPS[2], *MANY})
    application = Application(CLIENT, assigned, frozenset({"ApplicationGroup"}), status=status)
    known = rules(rolesFrom="assignedGroups", roles={"Viewer": {"groups": [GROUPS[1]], "dags": {}}})
    assert verdict(Found(account, 7), application, known) == Verdict(PERSON, (), because, ends)


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
