"""Airflow's users from before, linked to people by a reviewed file, on a real database."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from airflow_entra_auth.link import Link, LinksError, Outcome, link_users, read_links
from tests.auth.conftest import NOW
from tests.auth.database import Role, User, admit, identity, roles_held
from tests.auth.sign_on import OTHER_TENANT, PERSON, TENANT

OTHER = "beef0000-1111-4222-8333-444455556666"
HUGO = {"userName": "hugo", "email": "hugo@contoso.com", "userId": 1, "objectId": PERSON}

pytestmark = pytest.mark.usefixtures("clock")


def text(*links: dict[str, Any], **changes: Any) -> str:
    return json.dumps({"schema": 1, "tenantId": TENANT, "links": list(links or [HUGO])} | changes)


def test_a_file_says_which_user_is_which_person() -> None:
    anna = {"userName": "anna", "objectId": OTHER.upper()}
    assert read_links(text(HUGO, anna), TENANT) == [
        Link("hugo", "hugo@contoso.com", 1, PERSON),
        Link("anna", "", None, OTHER),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no json", "it is not what `airflow-entra import --users REVIEWED --apply` prints"),
        ("[]", "it is not what"),
        ("{}", "it is not what"),
        (text(links=None), "it is not what"),
        (text(links=["x"]), "it is not what"),
        (text(HUGO | {"userId": "1"}), "it is not what"),
        (text(HUGO | {"objectId": "short"}), "it is not what"),
        (text(HUGO | {"userName": ""}), "it is not what"),
        (text(schema=2), "it has schema 2, and this release reads 1"),
        (text(tenantId=OTHER_TENANT), "it is about another tenant"),
        (text(HUGO, HUGO | {"userName": "second"}), "one person is in it twice; each has one user"),
    ],
)
def test_a_file_that_is_not_right_is_refused_whole(content: str, says: str) -> None:
    with pytest.raises(LinksError) as refused:
        read_links(content, TENANT)
    assert str(refused.value).startswith(says)


@pytest.fixture
def hugo(database: Engine) -> int:
    with Session(database) as session, session.begin():
        admin = next(role for role in session.execute(sa.select(Role)).scalars() if role.name == "Admin")
        user: Any = User(username="hugo", email="Hugo@Contoso.com", password="hash", active=True, roles=[admin])
        session.add(user)
        session.flush()
        return int(user.id)


def link(database: Engine, *links: Link, apply: bool = True) -> Outcome:
    with database.begin() as connection:
        return link_users(connection, TENANT, links, apply=apply)


def row(database: Engine, number: int) -> Any:
    with database.connect() as connection:
        return connection.execute(sa.select(User.__table__).where(User.id == number)).one()


def test_what_would_be_done_is_said_and_not_done(database: Engine, hugo: int) -> None:
    outcome = link(database, Link("hugo", "hugo@contoso.com", hugo, PERSON), apply=False)
    assert outcome == Outcome((f"hugo: user {hugo} would become {PERSON}",), ())
    assert (row(database, hugo).username, identity(database)) == ("hugo", None)


@pytest.mark.parametrize("number", [True, False])
def test_a_linked_user_keeps_the_row_and_loses_every_right(database: Engine, hugo: int, number: bool) -> None:
    wanted = Link("hugo", "HUGO@contoso.com", hugo if number else None, PERSON)
    assert link(database, wanted) == Outcome((f"hugo: user {hugo} is {PERSON}",), ())
    linked = row(database, hugo)
    assert (linked.username, linked.password, linked.active) == (PERSON, None, True)
    assert roles_held(database) == []
    found = identity(database)
    assert (found.user_id, found.tenant_id, found.roles, found.mac) == (hugo, TENANT, "[]", None)
    assert (found.display_name, found.updated_at, found.signed_in_roles) == ("", NOW, None)


def test_the_next_sign_in_is_the_linked_row(database: Engine, hugo: int) -> None:
    link(database, Link("hugo", "hugo@contoso.com", hugo, PERSON))
    assert admit(database, PERSON, "Viewer") == hugo
    assert roles_held(database) == ["Viewer"]


def test_a_link_that_is_made_already_is_no_problem(database: Engine, hugo: int) -> None:
    wanted = Link("hugo", "hugo@contoso.com", hugo, PERSON)
    link(database, wanted)
    assert link(database, wanted) == Outcome(("hugo: linked already",), ())


@pytest.mark.parametrize("wrong", [{"user_name": "Hugo2"}, {"email": "other@contoso.com"}, {"user_id": 99}], ids=str)
def test_a_user_that_is_another_by_now_is_not_linked(database: Engine, hugo: int, wrong: dict[str, Any]) -> None:
    said: dict[str, Any] = {
        "user_name": "hugo",
        "email": "hugo@contoso.com",
        "user_id": hugo,
        "object_id": PERSON,
    } | wrong
    outcome = link(database, Link(**said))
    assert outcome.problems == (f"{said['user_name']}: Airflow has no such user now; take it out of the file",)
    assert row(database, hugo).username == "hugo"


def test_a_person_who_has_signed_in_is_not_linked_to_another_row(database: Engine, hugo: int) -> None:
    admit(database, PERSON, "Viewer")
    outcome = link(database, Link("hugo", "hugo@contoso.com", hugo, PERSON))
    assert outcome.problems == (f"hugo: {PERSON} has signed in and has a user already; write leave",)


def test_a_user_name_that_is_taken_is_not_given_again(database: Engine, hugo: int) -> None:
    with Session(database) as session, session.begin():
        session.add(User(username=PERSON.upper(), email="x@contoso.com"))
    outcome = link(database, Link("hugo", "hugo@contoso.com", hugo, PERSON))
    assert outcome.problems == (f"hugo: {PERSON} has signed in and has a user already; write leave",)


def test_a_row_that_is_a_person_is_not_linked_to_another(database: Engine, hugo: int) -> None:
    link(database, Link("hugo", "hugo@contoso.com", hugo, PERSON))
    outcome = link(database, Link(PERSON, "hugo@contoso.com", hugo, OTHER))
    assert outcome.problems == (f"{PERSON}: it is a person's already; write leave",)


def test_one_problem_and_nothing_is_done(database: Engine, hugo: int) -> None:
    outcome = link(
        database,
        Link("hugo", "hugo@contoso.com", hugo, PERSON),
        Link("hugo", "hugo@contoso.com", None, OTHER),
        Link("nobody", "", None, "e" * 36),
    )
    assert outcome.problems == (
        "hugo: it is in the file twice",
        "nobody: Airflow has no such user now; take it out of the file",
    )
    assert (row(database, hugo).username, roles_held(database, "hugo")) == ("hugo", ["Admin"])
