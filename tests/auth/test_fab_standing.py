"""Who is behind a request, asked of a real database: what opens a session and everything that closes it."""

from __future__ import annotations

import json
import logging
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from airflow_entra_auth import sessions
from airflow_entra_auth.sessions import EntraSession
from airflow_entra_auth.tables import IDENTITIES, SESSIONS
from tests.auth.conftest import NOW, Clock, other_key
from tests.auth.database import (
    Action,
    Log,
    Permission,
    Resource,
    Role,
    User,
    admit,
    change,
    log_lines,
    person,
    sessions_of,
)
from tests.auth.sign_on import OTHER_TENANT, PERSON, TENANT, rules

OTHER = "beef0000-1111-4222-8333-444455556666"


def sign_in(database: Engine, *roles: str, object_id: str = PERSON, lifetime: int = 28_800) -> EntraSession:
    number = admit(database, object_id, *roles)
    with database.begin() as connection:
        return sessions.start(connection, person(object_id), number, sid=None, lifetime=lifetime)


def row_of(database: Engine, table: sa.Table) -> dict[str, Any]:
    with database.connect() as connection:
        return dict(connection.execute(sa.select(table)).one()._mapping)


def test_a_session_stands_for_its_person_and_the_directorys_roles(airflow: Engine, standing: ModuleType) -> None:
    begun = sign_in(airflow, "Op", "Viewer")
    found = standing.standing(begun.handle, TENANT)
    assert found == standing.Standing(
        begun.id, begun.handle, begun.user_id, TENANT, PERSON, ("Op", "Viewer"), NOW + 28_800, changed_by_hand=False
    )
    assert begun.handle not in repr(found)


@pytest.mark.parametrize("handle", [None, "", 7, "x" * 43, "x" * 44, b"x" * 43])
def test_what_is_no_handle_of_a_session_is_nobody(airflow: Engine, standing: ModuleType, handle: object) -> None:
    sign_in(airflow, "Op")
    assert standing.standing(handle, TENANT) is None


def test_the_id_in_the_table_is_no_handle(airflow: Engine, standing: ModuleType) -> None:
    assert standing.standing(sign_in(airflow, "Op").id, TENANT) is None


def test_a_session_of_another_tenant_is_nobodys(airflow: Engine, standing: ModuleType) -> None:
    assert standing.standing(sign_in(airflow, "Op").handle, OTHER_TENANT) is None


def test_a_session_is_over_at_its_second_though_the_answer_is_still_believed(
    airflow: Engine, standing: ModuleType, clock: Clock
) -> None:
    begun = sign_in(airflow, "Op", lifetime=10)
    clock.now = NOW + 9.9
    assert standing.standing(begun.handle, TENANT)
    clock.now = NOW + 10.0
    assert standing.standing(begun.handle, TENANT) is None


def test_an_answer_is_believed_for_a_second_and_not_longer(airflow: Engine, standing: ModuleType, clock: Clock) -> None:
    begun = sign_in(airflow, "Op")
    assert standing.standing(begun.handle, TENANT)
    with airflow.begin() as connection:
        sessions.end(connection, begun.id, "refused")
    clock.advance(0.99)
    assert standing.standing(begun.handle, TENANT)
    clock.advance(0.01)
    assert standing.standing(begun.handle, TENANT) is None
    assert standing.FRESH == 1.0


def test_what_this_process_changed_is_asked_again_at_once(airflow: Engine, standing: ModuleType) -> None:
    begun = sign_in(airflow, "Op")
    assert standing.standing(begun.handle, TENANT)
    with airflow.begin() as connection:
        sessions.end(connection, begun.id, "refused")
    standing.forget()
    assert standing.standing(begun.handle, TENANT) is None


def test_what_is_remembered_has_an_end(airflow: Engine, standing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "_MOST", 2)
    for _ in range(5):
        assert standing.standing(sign_in(airflow, "Op").handle, TENANT)
        assert len(standing._known) <= 2


@pytest.mark.parametrize("forged", [SESSIONS, IDENTITIES], ids=["session", "person"])
def test_a_row_of_another_key_lets_nobody_in(
    airflow: Engine,
    standing: ModuleType,
    forged: sa.Table,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = sign_in(airflow, "Op")
    change(airflow, forged, mac="0" * 64)
    with caplog.at_level(logging.ERROR):
        assert standing.standing(begun.handle, TENANT) is None
    assert f"{PERSON} is not let in" in caplog.text
    assert f"row in {forged.name} was not written with this process's AIRFLOW_ENTRA_SESSION_KEY" in caplog.text
    assert "somebody changed it, or another process has another key" in caplog.text
    other_key(monkeypatch)
    standing.forget()
    assert standing.standing(begun.handle, TENANT) is None


@pytest.mark.parametrize(
    "values",
    [{"roles": '["Admin"]'}, {"signed_in_roles": '["Admin"]'}, {"updated_at": NOW + 1}, {"updated_at": NOW - 1}],
    ids=str,
)
def test_roles_that_somebody_wrote_into_the_database_let_nobody_in(
    airflow: Engine, standing: ModuleType, values: dict[str, Any]
) -> None:
    begun = sign_in(airflow, "Op")
    change(airflow, IDENTITIES, **values)
    assert standing.standing(begun.handle, TENANT) is None


def test_a_session_that_ended_and_was_put_back_stays_over(
    airflow: Engine, standing: ModuleType, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    begun = sign_in(airflow, "Op")
    before = row_of(airflow, SESSIONS)
    with airflow.begin() as connection:
        sessions.end(connection, begun.id, "refused")
    assert standing.standing(begun.handle, TENANT) is None
    assert caplog.text == ""
    change(airflow, SESSIONS, **before)
    clock.advance(2)
    assert standing.standing(begun.handle, TENANT) is None
    assert f"the session ended, and its row in {SESSIONS.name} was put back" in caplog.text


def test_a_session_that_this_process_ended_stays_over(airflow: Engine, standing: ModuleType) -> None:
    begun = sign_in(airflow, "Op")
    standing.is_over(begun.id)
    assert standing.standing(begun.handle, TENANT) is None


def test_an_older_row_of_the_person_that_was_put_back_lets_nobody_in(
    airflow: Engine, standing: ModuleType, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    admit(airflow, PERSON, "Admin")
    before = row_of(airflow, IDENTITIES)
    begun = sign_in(airflow, "Viewer")
    found = standing.standing(begun.handle, TENANT)
    assert found.roles == ("Viewer",)
    change(airflow, IDENTITIES, **before)
    clock.advance(2)
    assert standing.standing(begun.handle, TENANT) is None
    assert f"the person's row in {IDENTITIES.name} is older than one that was there: it was put back" in caplog.text


def test_a_row_of_the_person_from_before_the_sign_in_lets_nobody_in(
    airflow: Engine, standing: ModuleType, clock: Clock
) -> None:
    """Also in a process that saw nothing else: the sign-in wrote a later one."""
    admit(airflow, PERSON, "Admin")
    before = row_of(airflow, IDENTITIES)
    clock.advance(60)
    begun = sign_in(airflow, "Viewer")
    change(airflow, IDENTITIES, **before)
    assert standing.standing(begun.handle, TENANT) is None


def test_rows_of_different_people_are_not_older_than_one_another(
    airflow: Engine, standing: ModuleType, clock: Clock
) -> None:
    """Neither those of two people, nor those of one object id in two tenants."""
    first = sign_in(airflow, "Op")
    clock.advance(60)
    other = sign_in(airflow, "Op", object_id=OTHER)
    elsewhere = person(OTHER, tenant=OTHER_TENANT)
    assert standing.standing(other.handle, TENANT)
    assert standing.standing(first.handle, TENANT)
    clock.advance(-50)
    with airflow.begin() as connection:
        connection.execute(sa.delete(IDENTITIES).where(IDENTITIES.c.object_id == OTHER))
    number = admit(airflow, elsewhere, "Op")
    with airflow.begin() as connection:
        begun = sessions.start(connection, elsewhere, number, sid=None, lifetime=28_800)
    assert standing.standing(begun.handle, OTHER_TENANT)


def test_a_change_that_another_thread_saw_first_is_asked_once_more(
    airflow: Engine, standing: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = sign_in(airflow, "Op")
    ask, asked = standing._rows, list[tuple[str, ...]]()

    def rows(ids: tuple[str, ...]) -> Any:
        found = ask(ids)
        if not asked:
            newer = sign_in(airflow, "Viewer")
            assert standing._is_older(ask((newer.id,))[0]) is False
        asked.append(ids)
        return found

    monkeypatch.setattr(standing, "_rows", rows)
    found = standing.standing(begun.handle, TENANT)
    assert (found.roles, len(asked)) == (("Viewer",), 2)


def test_an_account_that_was_deactivated_in_airflow_loses_its_sessions_for_good(
    airflow: Engine, standing: ModuleType, clock: Clock
) -> None:
    begun, other = sign_in(airflow, "Op"), sign_in(airflow, "Op")
    change(airflow, User.__table__, active=False)
    assert standing.standing(begun.handle, TENANT) is None
    assert [row.why_ended for row in sessions_of(airflow)] == ["deactivated", "deactivated"]
    assert log_lines(airflow) == [("entra_sign_out", PERSON)]
    said = {"tenantId": TENANT, "objectId": PERSON, "reason": "deactivated"}
    assert json.loads(row_of(airflow, Log.__table__)["extra"]) == said
    change(airflow, User.__table__, active=True)
    clock.advance(2)
    assert [standing.standing(one.handle, TENANT) for one in (begun, other)] == [None, None]


def test_a_deactivated_account_without_sessions_is_not_written_down_again(
    airflow: Engine, standing: ModuleType
) -> None:
    begun = sign_in(airflow, "Op")
    change(airflow, User.__table__, active=False)
    row = standing._rows((begun.id,))[0]
    standing._end_all(row)
    standing._end_all(row)
    assert log_lines(airflow) == [("entra_sign_out", PERSON)]


def test_another_user_name_in_the_row_is_not_the_person(airflow: Engine, standing: ModuleType) -> None:
    begun = sign_in(airflow, "Op")
    change(airflow, User.__table__, username="mallory")
    assert standing.standing(begun.handle, TENANT) is None


@pytest.mark.parametrize("values", [{"object_id": OTHER}, {"tenant_id": OTHER_TENANT}, {"user_id": 99}], ids=str)
def test_a_row_of_another_person_is_not_the_sessions(
    airflow: Engine, standing: ModuleType, values: dict[str, Any]
) -> None:
    begun = sign_in(airflow, "Op")
    change(airflow, IDENTITIES, **values)
    assert standing.standing(begun.handle, TENANT) is None


def give_by_hand(database: Engine, *roles: str) -> None:
    with Session(database) as session, session.begin():
        user = session.execute(sa.select(User)).scalar_one()
        user.roles = list(session.execute(sa.select(Role).where(Role.name.in_(roles))).scalars())


@pytest.mark.parametrize("held", [(), ("Admin",), ("Op", "Admin")])
def test_roles_in_airflows_table_count_for_nothing_and_are_noticed(
    airflow: Engine, standing: ModuleType, held: tuple[str, ...]
) -> None:
    begun = sign_in(airflow, "Op")
    give_by_hand(airflow, *held)
    found = standing.standing(begun.handle, TENANT)
    assert (found.roles, found.changed_by_hand) == (("Op",), True)


def test_a_person_without_roles_is_somebody_who_may_nothing(airflow: Engine, standing: ModuleType) -> None:
    found = standing.standing(sign_in(airflow).handle, TENANT)
    assert (found.roles, found.changed_by_hand) == ((), False)


def grant(database: Engine, role: str, *pairs: tuple[str, str]) -> None:
    with Session(database) as session, session.begin():
        given = session.execute(sa.select(Role).where(Role.name == role)).scalar_one()
        given.permissions = [
            Permission(action=Action(name=action), resource=Resource(name=resource)) for action, resource in pairs
        ]


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Airflow's provider gives its own roles."""
    own = {"Op": frozenset({("can_edit", "Pools")}), "Viewer": frozenset({("can_read", "DAGs")})}
    monkeypatch.setattr("airflow_entra_auth.fab.roles._shipped", lambda: own)


@pytest.mark.usefixtures("shipped")
def test_airflows_own_roles_are_what_the_provider_ships_whatever_the_tables_say(
    airflow: Engine, standing: ModuleType
) -> None:
    grant(airflow, "Op", ("can_edit", "Connections"))
    assert standing.permissions_of(("Op", "Viewer")) == {("can_edit", "Pools"), ("can_read", "DAGs")}
    assert standing.permissions_of(()) == frozenset()


def test_admin_has_what_the_tables_give_to_admin_but_for_single_dags(
    airflow: Engine, standing: ModuleType, clock: Clock
) -> None:
    grant(airflow, "Op", ("can_edit", "Pools"))
    grant(
        airflow, "Admin", ("can_edit", "Connections"), ("can_edit", "DAG:finance"), ("can_read", "DAG Run:finance"),
        ("menu_access", "DAG Runs"),
    )  # fmt: skip
    expected = {("can_edit", "Connections"), ("menu_access", "DAG Runs")}
    assert standing.permissions_of(("Op", "Admin")) == expected
    grant(airflow, "Admin", ("can_read", "A plugin's page"))
    clock.advance(29)
    assert standing.permissions_of(("Admin",)) == expected
    clock.advance(1)
    assert standing.permissions_of(("Admin",)) == {("can_read", "A plugin's page")}


@pytest.mark.usefixtures("shipped")
def test_a_stamp_gives_own_roles_on_all_dags_and_custom_ones_their_menus(airflow: Engine, standing: ModuleType) -> None:
    declared = rules()
    found = standing.standing(sign_in(airflow, "Viewer", "finance-editor", "Gone").handle, TENANT)
    user = SimpleNamespace()
    assert standing.stamp(user, found, declared) is user
    assert user._entra is found
    assert user._entra_dag_perms == {("can_read", "DAGs")}
    assert user._entra_perms == user._perms
    assert user._perms >= {("can_read", "DAGs"), ("can_read", "Website"), ("menu_access", "DAGs")}
    assert ("can_edit", "Pools") not in user._perms
