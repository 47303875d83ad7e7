"""What a stamped user may do: Airflow's own roles on everything, custom ones by the patterns of the sign-on file."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_entra_auth.fab import decisions
from airflow_entra_auth.rules import parse_rules
from tests.auth.sign_on import GROUPS, document

EDITOR = {
    "groups": [GROUPS[2]],
    "dags": {"finance_*": ["read", "trigger", "edit"], "old_*": ["delete"], "run_*": ["trigger"]},
}
RULES = parse_rules(document(roles={"finance": EDITOR, "Viewer": {"groups": [GROUPS[0]], "dags": {}}}), "sign-on.json")
RUN, TASK = SimpleNamespace(name="RUN"), SimpleNamespace(name="TASK_INSTANCE")


@pytest.fixture(autouse=True)
def signed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "sign_on", lambda: RULES)


def user(*roles: str, own: Iterable[tuple[str, str]] = (), perms: Iterable[tuple[str, str]] = ()) -> Any:
    return SimpleNamespace(
        _entra=SimpleNamespace(roles=roles), _entra_dag_perms=frozenset(own), _entra_perms=frozenset(perms)
    )


NOBODY = SimpleNamespace()


def test_somebody_without_a_stamp_may_nothing() -> None:
    assert decisions.pairs(NOBODY) == frozenset()
    assert not decisions.may_dag(NOBODY, "GET", None, "finance_1", ["DAGs"])
    assert not decisions.may_some_dag(NOBODY, "GET", None)
    assert not decisions.all_dags(NOBODY, "GET")
    assert decisions.dags(NOBODY, "GET", ["finance_1"]) == set()
    assert not decisions.pairs(None)


def test_the_pairs_are_those_of_the_stamp() -> None:
    assert decisions.pairs(user(perms={("can_read", "Website")})) == {("can_read", "Website")}


@pytest.mark.parametrize("resource", ["Users", "Roles", "Permissions", "My Password", "Passwords", "List Users"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "can_edit", "can_create"])
def test_nobody_changes_in_airflow_what_the_directory_says(method: str, resource: str) -> None:
    assert decisions.refused_to_all(method, resource)


@pytest.mark.parametrize(
    ("method", "resource"),
    [("GET", "Users"), ("MENU", "Roles"), ("can_read", "User"), ("menu_access", "Users"), ("PUT", "Pools")],
)
def test_reading_that_and_changing_anything_else_is_not_refused_to_all(method: str, resource: str) -> None:
    assert not decisions.refused_to_all(method, resource)


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("GET", "can_read"),
        ("POST", "can_create"),
        ("PUT", "can_edit"),
        ("DELETE", "can_delete"),
        ("MENU", "menu_access"),
    ],
)
def test_an_own_role_gives_one_action_on_all_dags(method: str, action: str) -> None:
    holder = user("Viewer", own={(action, "DAGs")})
    assert decisions.all_dags(holder, method)
    assert decisions.may_dag(holder, method, None, "anything", ["DAGs"])
    assert decisions.dags(holder, method, ["a", "finance_1"]) == {"a", "finance_1"}
    for other in {"GET", "POST", "PUT", "DELETE", "MENU"} - {method}:
        assert not decisions.all_dags(holder, other)
        assert not decisions.may_dag(holder, other, None, "anything", ["DAGs"])


def test_all_of_what_is_asked_about_must_be_given_and_nothing_is_not_all() -> None:
    holder = user("Viewer", own={("can_read", "DAGs"), ("can_read", "DAG Runs")})
    assert decisions.may_everywhere(holder, "GET", ["DAGs", "DAG Runs"])
    assert not decisions.may_everywhere(holder, "GET", ["DAGs", "Task Logs"])
    assert not decisions.may_everywhere(holder, "GET", [])
    assert not decisions.may_dag(holder, "GET", TASK, "any", ["Task Logs"])


def test_pairs_of_a_custom_role_are_not_pairs_on_all_dags() -> None:
    holder = user(own=set(), perms={("can_read", "DAGs")})
    assert not decisions.may_everywhere(holder, "GET", ["DAGs"])


def test_who_makes_a_run_with_an_own_role_edits_its_dag() -> None:
    """To make, change or delete what belongs to a DAG takes the DAG's edit; to read it takes its read."""
    maker = user("Op", own={("can_create", "DAG Runs"), ("can_read", "DAG Runs"), ("can_edit", "DAGs")})
    assert decisions.may_dag(maker, "POST", RUN, "any", ["DAG Runs"])
    assert not decisions.may_dag(maker, "GET", RUN, "any", ["DAG Runs"])
    reader = user("Op", own={("can_create", "DAG Runs"), ("can_read", "DAG Runs"), ("can_read", "DAGs")})
    assert decisions.may_dag(reader, "GET", RUN, "any", ["DAG Runs"])
    assert not decisions.may_dag(reader, "POST", RUN, "any", ["DAG Runs"])


def test_a_custom_role_gives_by_its_patterns() -> None:
    holder = user("finance")
    assert decisions.may_dag(holder, "POST", RUN, "finance_1", ["DAG Runs"])
    assert decisions.may_dag(holder, "PUT", None, "finance_1", ["DAGs"])
    assert not decisions.may_dag(holder, "DELETE", None, "finance_1", ["DAGs"])
    assert decisions.may_dag(holder, "DELETE", None, "old_1", ["DAGs"])
    assert not decisions.may_dag(holder, "PUT", None, "old_1", ["DAGs"])
    assert not decisions.may_dag(holder, "GET", None, "other", ["DAGs"])
    assert decisions.dags(holder, "GET", ["finance_1", "old_1", "other"]) == {"finance_1", "old_1"}
    assert decisions.dags(holder, "DELETE", ["finance_1", "old_1", "other"]) == {"old_1"}


def test_who_may_trigger_makes_runs_and_changes_nothing() -> None:
    holder = user("finance")
    assert decisions.may_dag(holder, "POST", RUN, "run_1", ["DAG Runs"])
    assert not decisions.may_dag(holder, "POST", TASK, "run_1", ["Task Instances"])
    assert not decisions.may_dag(holder, "PUT", RUN, "run_1", ["DAG Runs"])
    assert not decisions.may_dag(holder, "PUT", None, "run_1", ["DAGs"])


def test_what_a_custom_role_gives_somewhere_opens_lists() -> None:
    assert decisions.may_some_dag(user("finance"), "POST", RUN)
    assert decisions.may_some_dag(user("finance"), "GET", None)
    assert not decisions.may_some_dag(user("Viewer"), "GET", None)
    assert not decisions.may_some_dag(user("finance"), "GET", SimpleNamespace(name="AUDIT_LOG"))


def test_a_role_that_the_sign_on_file_has_no_more_gives_nothing() -> None:
    assert not decisions.may_dag(user("Gone"), "GET", None, "finance_1", ["DAGs"])
    assert decisions.dags(user("Gone"), "GET", ["finance_1"]) == set()
