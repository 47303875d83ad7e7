"""What custom roles may do with which DAGs."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth.permissions import action_for, may, may_somewhere, permitted
from airflow_entra_auth.rules import ACTIONS, Action
from tests.auth.sign_on import rules

RULES = rules(
    roles={
        "Admin": {"groups": [], "dags": {}},
        "editor": {"groups": [], "dags": {"finance_*": ["trigger", "edit"], "shared": ["read"]}},
        "janitor": {"groups": [], "dags": {"tmp_[ab]?": ["delete"]}},
        "reader": {"groups": [], "dags": {"*": ["read"]}},
    }
)
ENTITIES_3 = ["CODE", "DEPENDENCIES", "HITL_DETAIL", "RUN", "TASK", "TASK_INSTANCE", "TASK_LOGS", "VERSION"]
ENTITIES = [*ENTITIES_3, "WARNING", "XCOM", "SLA_MISS", "TASK_RESCHEDULE", "SOMETHING_NEW"]


@pytest.mark.parametrize(
    ("roles", "dag", "actions"),
    [
        (["editor"], "finance_daily", {"read", "trigger", "edit"}),
        (["editor"], "finance_", {"read", "trigger", "edit"}),
        (["editor"], "shared", {"read"}),
        (["editor"], "Finance_daily", set()),
        (["editor"], "old_finance_daily", set()),
        (["editor"], "finance_daily\n", {"read", "trigger", "edit"}),
        (["editor"], "shared\n", set()),
        (["janitor"], "tmp_a1", {"read", "delete"}),
        (["janitor"], "tmp_c1", set()),
        (["reader"], "anything", {"read"}),
        (["reader", "janitor"], "tmp_b2", {"read", "delete"}),
        (["Admin"], "finance_daily", set()),
        (["nobody"], "finance_daily", set()),
        ([], "finance_daily", set()),
    ],
)
def test_who_may_what(roles: list[str], dag: str, actions: set[str]) -> None:
    assert {action for action in ACTIONS if may(roles, RULES, dag, action)} == actions  # type: ignore[arg-type]


def test_lists_hold_the_dags_that_are_ones_own() -> None:
    dags = ["finance_a", "finance_b", "hr_a", "shared", "tmp_a1"]
    assert permitted(dags, ["editor", "janitor"], RULES, "read") == {"finance_a", "finance_b", "shared", "tmp_a1"}
    assert permitted(dags, ["editor"], RULES, "edit") == {"finance_a", "finance_b"}
    assert permitted(dags, ["Admin"], RULES, "read") == set()
    assert may_somewhere(["editor"], RULES, "trigger")
    assert not may_somewhere(["editor"], RULES, "delete")
    assert not may_somewhere([], RULES, "read")


@pytest.mark.parametrize("entity", [None, *ENTITIES])
def test_looking_is_read(entity: str | None) -> None:
    assert action_for("GET", entity) == "read"


def test_a_new_run_is_trigger_and_the_dag_itself_is_edited_or_deleted() -> None:
    assert action_for("POST", "RUN") == "trigger"
    assert action_for("PUT") == "edit"
    assert action_for("DELETE") == "delete"


@pytest.mark.parametrize(("method", "entity"), [(m, e) for m in ("POST", "PUT", "DELETE") for e in ENTITIES])
def test_every_other_change_is_edit(method: str, entity: str) -> None:
    assert action_for(method, entity) == ("trigger" if (method, entity) == ("POST", "RUN") else "edit")


@pytest.mark.parametrize("method", ["GET", "MENU", "POST", "PUT", "DELETE"])
def test_the_audit_log_is_no_custom_roles(method: str) -> None:
    action = action_for(method, "AUDIT_LOG")
    assert action is None
    assert not may(["reader"], RULES, "anything", action)
    assert not may_somewhere(["reader"], RULES, action)
    assert permitted(["anything"], ["reader"], RULES, action) == set()


@pytest.mark.parametrize("method", ["PATCH", "get", "", "can_read"])
def test_an_unknown_method_is_given_to_nobody(method: str) -> None:
    assert action_for(method, "RUN") is None


def test_menus_lead_to_lists_of_ones_own_dags_alone() -> None:
    shown = {entity for entity in (None, *ENTITIES) if action_for("MENU", entity)}
    assert shown == {None, "RUN", "TASK_INSTANCE"}


PATTERN = st.text(alphabet="abA_*?[]!-.", min_size=1, max_size=12)


@given(
    dags=st.dictionaries(PATTERN, st.sets(st.sampled_from(ACTIONS), min_size=1).map(sorted), max_size=4),
    dag_id=st.text(alphabet="abA_-.[]", max_size=12),
    action=st.sampled_from(ACTIONS),
)
def test_a_role_gives_what_one_of_its_patterns_gives(dags: dict[str, list[str]], dag_id: str, action: Action) -> None:
    found = rules(roles={"custom": {"groups": [], "dags": dags}})
    expected = any(
        fnmatchcase(dag_id, pattern) and (action in actions or action == "read") for pattern, actions in dags.items()
    )
    assert may(["custom"], found, dag_id, action) is expected
    assert (permitted([dag_id], ["custom"], found, action) == {dag_id}) is expected
    assert may_somewhere(["custom"], found, action) or not expected
