"""Which row of Airflow's users is which person, on a real database: nobody gets another's row, roles or address."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from airflow_entra_auth import identities, sessions
from airflow_entra_auth.claims import Admitted
from airflow_entra_auth.identities import Entry, Identities, SetAside
from airflow_entra_auth.tables import IDENTITIES
from tests.auth.conftest import NOW, Clock, other_key
from tests.auth.database import Role, User, admit, assoc_user_role, change, identity, person, roles_held, sessions_of
from tests.auth.sign_on import OTHER_TENANT, PERSON, TENANT

OTHER = "beef0000-1111-4222-8333-444455556666"
JANE = person(email="jane@contoso.com")

pytestmark = pytest.mark.usefixtures("clock")


def users(database: Engine) -> list[Any]:
    with database.connect() as connection:
        return list(connection.execute(sa.select(User.__table__).order_by(User.id)))


def add_user(database: Engine, username: str, email: str, *roles: str) -> int:
    """A row of Airflow's users as an administrator or an older Airflow made it."""
    with Session(database) as session, session.begin():
        given = [role for role in session.execute(sa.select(Role)).scalars() if role.name in roles]
        user: Any = User(username=username, email=email, password="hash", active=True, roles=given)
        session.add(user)
        session.flush()
        return int(user.id)


def sign_in(database: Engine, **changes: Any) -> tuple[Entry, str]:
    """Jane's sign-in as Viewer; what came of it and her row's user name."""
    with Session(database) as session, session.begin():
        entry = Identities(session, User, Role).admit(Admitted(replace(JANE, **changes), ("Viewer",), {}))
        return entry, str(entry.user.username)


def follow(database: Engine, *roles: str, **options: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    with Session(database) as session, session.begin():
        return Identities(session, User, Role).follow(TENANT, PERSON, roles, **options)


def known(database: Engine, tenant: str = TENANT) -> dict[str, identities.Known]:
    with database.connect() as connection:
        return identities.people(connection, tenant)


def test_a_first_sign_in_makes_a_row_that_is_the_person(database: Engine) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    entry, username = sign_in(database)
    (row,) = users(database)
    assert (username, entry.active, entry.roles_before, entry.set_aside) == (PERSON, True, (), ())
    assert (row.username, row.email, row.password, row.active) == (PERSON, "jane@contoso.com", None, True)
    assert (row.first_name, row.last_name, row.login_count, row.fail_login_count) == ("Jane", "Doe", 1, 0)
    assert before <= row.last_login <= datetime.now(UTC).replace(tzinfo=None)
    assert roles_held(database) == ["Viewer"]


def test_what_is_written_down_of_it_has_a_mac(database: Engine) -> None:
    sign_in(database)
    row = identity(database)
    assert (row.tenant_id, row.object_id, row.display_name, row.updated_at) == (TENANT, PERSON, "Jane Doe", NOW)
    assert (json.loads(row.roles), json.loads(row.signed_in_roles)) == (["Viewer"], ["Viewer"])
    assert known(database) == {PERSON: identities.Known(("Viewer",), ("Viewer",), genuine=True)}


@pytest.mark.parametrize(
    "values",
    [
        {"user_id": 99},
        {"roles": '["Admin"]'},
        {"signed_in_roles": '["Admin"]'},
        {"signed_in_roles": None},
        {"updated_at": NOW + 1},
        {"mac": None},
        {"mac": "0" * 64},
    ],
    ids=str,
)
def test_a_row_that_somebody_changed_is_not_genuine_and_says_nothing_of_the_sign_in(
    database: Engine, values: dict[str, Any]
) -> None:
    sign_in(database)
    change(database, IDENTITIES, **values)
    (found,) = known(database).values()
    assert (found.genuine, found.signed_in_roles) == (False, None)
    assert found.roles == tuple(json.loads(values.get("roles", '["Viewer"]')))


def test_a_row_of_another_key_is_not_genuine(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(database)
    other_key(monkeypatch)
    assert not known(database)[PERSON].genuine


def test_people_of_another_tenant_are_others(database: Engine) -> None:
    sign_in(database)
    assert known(database, OTHER_TENANT) == {}
    with database.connect() as connection:
        assert identities.known(connection, TENANT) == {PERSON: ("Viewer",)}


def test_the_next_sign_in_brings_the_same_row_up_to_date(database: Engine, clock: Clock) -> None:
    number = admit(database, JANE, "Admin", "Op")
    clock.advance(60)
    entry, _ = sign_in(database, display_name="Jane Roe Smith", email="roe@contoso.com")
    (row,) = users(database)
    assert (row.id, row.email, row.login_count) == (number, "roe@contoso.com", 2)
    assert (row.first_name, row.last_name) == ("Jane", "Roe Smith")
    assert (entry.roles_before, roles_held(database)) == (("Admin", "Op"), ["Viewer"])
    assert (identity(database).display_name, identity(database).updated_at) == ("Jane Roe Smith", NOW + 60)


def test_a_row_is_always_newer_than_the_one_before_whatever_the_clock_says(database: Engine, clock: Clock) -> None:
    """So that an older row which somebody puts back is noticed."""
    sign_in(database)
    sign_in(database)
    assert identity(database).updated_at == NOW + 1
    clock.advance(-3600)
    sign_in(database)
    assert identity(database).updated_at == NOW + 2
    follow(database, "Op")
    assert identity(database).updated_at == NOW + 3
    with Session(database) as session, session.begin():
        Identities(session, User, Role).strip(JANE)
    assert identity(database).updated_at == NOW + 4


def test_a_made_up_moment_is_not_counted_on_from(database: Engine) -> None:
    sign_in(database)
    change(database, IDENTITIES, updated_at=NOW + 10**9)
    sign_in(database)
    assert identity(database).updated_at == NOW


def test_a_row_that_an_administrator_deactivated_stays_so_without_roles(database: Engine) -> None:
    admit(database, JANE, "Admin")
    change(database, User.__table__, active=False)
    entry, _ = sign_in(database)
    assert (entry.active, roles_held(database)) == (False, [])
    found = known(database)[PERSON]
    assert (found.roles, found.signed_in_roles) == ((), ("Viewer",))


def test_a_row_with_the_persons_user_name_is_set_aside(database: Engine) -> None:
    """Upper case or lower: Airflow's own sign-in would take it for the person's."""
    number = add_user(database, PERSON.upper(), "mallory@contoso.com", "Admin")
    entry, _ = sign_in(database)
    old, new = users(database)
    assert entry.set_aside == (SetAside(number, PERSON.upper()),)
    assert (old.username, old.email) == (
        f"set-aside-{number}-{PERSON.upper()}",
        f"set-aside-{number}@set-aside.invalid",
    )
    assert (old.active, old.password) == (False, None)
    assert roles_held(database, old.username) == []
    assert (new.username, roles_held(database)) == (PERSON, ["Viewer"])


def test_a_row_with_the_persons_address_is_set_aside_with_its_sessions(database: Engine) -> None:
    number = add_user(database, "jane", "Jane@Contoso.com", "Admin")
    with database.begin() as connection:
        sessions.start(connection, person(OTHER), number, sid=None, lifetime=3600)
    entry, _ = sign_in(database)
    assert entry.set_aside == (SetAside(number, "jane"),)
    assert sessions_of(database, OTHER)[0].why_ended == "set aside"
    assert users(database)[1].email == "jane@contoso.com"


def test_a_row_with_the_address_is_set_aside_at_a_later_sign_in_too(database: Engine) -> None:
    own = admit(database, person())
    number = add_user(database, "jane", "jane@contoso.com", "Admin")
    entry, username = sign_in(database)
    assert (entry.set_aside, username) == ((SetAside(number, "jane"),), PERSON)
    assert [(row.id, row.active) for row in users(database)] == [(own, True), (number, False)]


def test_a_row_with_the_user_name_is_set_aside_though_another_person_has_the_address(database: Engine) -> None:
    admit(database, person(OTHER, email="jane@contoso.com"), "Op")
    number = add_user(database, PERSON.upper(), "mallory@contoso.com", "Admin")
    entry, _ = sign_in(database)
    assert entry.set_aside == (SetAside(number, PERSON.upper()),)
    assert roles_held(database, OTHER) == ["Op"]


def test_groups_which_somebody_made_in_airflow_give_nobody_roles(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later releases of Airflow's provider have groups with roles of their own."""
    monkeypatch.setattr(User, "groups", ["a group with Admin"], raising=False)
    entry, _ = sign_in(database)
    assert entry.user.groups == []


def test_a_long_user_name_is_set_aside_within_its_column(database: Engine) -> None:
    add_user(database, "j" * 512, "jane@contoso.com")
    sign_in(database)
    assert users(database)[0].username == f"set-aside-1-{'j' * 500}"


def test_a_person_of_the_tenant_keeps_the_address_that_another_says_too(database: Engine) -> None:
    first = admit(database, JANE, "Admin")
    entry_of_second = person(OTHER, email="jane@contoso.com")
    second = admit(database, entry_of_second, "Op")
    rows = {row.id: row for row in users(database)}
    assert (rows[first].email, rows[first].active) == ("jane@contoso.com", True)
    assert rows[second].email == f"{OTHER}@{TENANT}.invalid"
    assert (roles_held(database), roles_held(database, OTHER)) == (["Admin"], ["Op"])


def test_a_row_is_nobody_where_its_user_name_is_not_the_persons(database: Engine) -> None:
    """A person's row that was renamed by hand has that person's number and isn't them: it is set aside."""
    number = admit(database, person(OTHER, email="jane@contoso.com"), "Admin")
    change(database, User.__table__, username="renamed")
    entry, _ = sign_in(database)
    assert entry.set_aside == (SetAside(number, "renamed"),)
    assert identity(database, OTHER) is None


def test_a_person_of_another_tenant_is_set_aside(database: Engine) -> None:
    number = admit(database, person(OTHER, email="jane@contoso.com", tenant=OTHER_TENANT), "Admin")
    entry, _ = sign_in(database)
    assert entry.set_aside == (SetAside(number, OTHER),)
    assert identity(database, OTHER) is None


def test_a_person_without_an_address_gets_one_that_cannot_exist(database: Engine) -> None:
    sign_in(database, email=None)
    assert users(database)[0].email == f"{PERSON}@{TENANT}.invalid"


def test_a_number_that_the_database_gave_to_another_row_is_not_the_person(database: Engine) -> None:
    number = admit(database, JANE, "Admin")
    with Session(database) as session, session.begin():
        session.delete(session.get(User, number))
    assert add_user(database, "newcomer", "new@contoso.com", "Op") == number
    entry, _ = sign_in(database)
    assert (entry.user is not None, entry.roles_before) == (True, ("Admin",))
    assert [row.username for row in users(database)] == ["newcomer", PERSON]
    assert roles_held(database, "newcomer") == ["Op"]
    assert identity(database).user_id == users(database)[1].id


def test_names_are_as_long_as_their_columns(database: Engine) -> None:
    sign_in(database, display_name=f"{'a' * 300} {'b' * 300}")
    (row,) = users(database)
    assert (row.first_name, row.last_name) == ("a" * 256, "b" * 256)
    assert identity(database).display_name == "a" * 256


def test_stripping_takes_roles_and_sessions(database: Engine) -> None:
    number = admit(database, JANE, "Admin", "Op")
    with database.begin() as connection:
        sessions.start(connection, JANE, number, sid=None, lifetime=3600)
    with Session(database) as session, session.begin():
        assert Identities(session, User, Role).strip(JANE) == ("Admin", "Op")
    assert (roles_held(database), sessions_of(database)[0].why_ended) == ([], "refused")
    assert known(database)[PERSON] == identities.Known((), (), genuine=True)


def test_somebody_unknown_has_nothing_to_strip(database: Engine) -> None:
    with Session(database) as session, session.begin():
        assert Identities(session, User, Role).strip(JANE) == ()
    assert users(database) == []


def test_somebody_whose_row_is_gone_has_nothing_to_strip(database: Engine) -> None:
    admit(database, JANE, "Admin")
    with database.begin() as connection:
        connection.execute(sa.delete(User.__table__))
    with Session(database) as session, session.begin():
        assert Identities(session, User, Role).strip(JANE) == ()
    assert identity(database) is None


def test_the_directorys_roles_are_followed_and_the_sign_ins_kept(database: Engine, clock: Clock) -> None:
    admit(database, JANE, "Admin")
    admit(database, person(OTHER), "Op")
    clock.advance(10)
    assert follow(database, "Viewer", "Op") == (("Admin",), ("Viewer", "Op"))
    assert roles_held(database) == ["Op", "Viewer"]
    assert known(database)[PERSON] == identities.Known(("Viewer", "Op"), ("Admin",), genuine=True)
    assert known(database)[OTHER] == identities.Known(("Op",), ("Op",), genuine=True)
    row = identity(database)
    assert (row.updated_at, row.display_name) == (NOW + 10, "Jane Doe")


def test_the_persons_row_is_held_before_it_is_read(database: Engine) -> None:
    """An update that changes nothing: on PostgreSQL and MySQL it keeps others away until the caller commits."""
    admit(database, JANE, "Admin")
    admit(database, person(OTHER), "Op")
    held: list[int] = []

    def executed(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        if statement.startswith(f"UPDATE {IDENTITIES.name}"):
            held.append(cursor.rowcount)

    sa.event.listen(database, "after_cursor_execute", executed)
    follow(database, "Op")
    assert held == [1, 1], "held, and written"


def test_where_roles_only_go_none_comes(database: Engine) -> None:
    admit(database, JANE, "Admin", "Op")
    assert follow(database, "Op", "Viewer", only_lowers=True) == (("Admin", "Op"), ("Op",))
    assert roles_held(database) == ["Op"]


def test_where_roles_only_go_a_made_up_row_gives_none(database: Engine) -> None:
    admit(database, JANE, "Op")
    change(database, IDENTITIES, roles='["Admin"]')
    assert follow(database, "Admin", "Op", only_lowers=True) == (("Admin",), ())
    assert roles_held(database) == []
    assert known(database)[PERSON] == identities.Known((), None, genuine=True), "what the sign-in gave stays unknown"


def test_a_deactivated_row_gets_no_roles_from_the_directory(database: Engine) -> None:
    admit(database, JANE, "Op")
    change(database, User.__table__, active=False)
    assert follow(database, "Op") == (("Op",), ())
    assert roles_held(database) == []


def test_a_person_without_a_row_gets_and_loses_nothing(database: Engine) -> None:
    assert follow(database, "Admin") == ((), ())
    assert users(database) == []
    admit(database, JANE, "Admin")
    with database.begin() as connection:
        connection.execute(sa.delete(User.__table__))
    assert follow(database, "Admin") == ((), ())


def test_roles_that_were_changed_by_hand_are_put_back(database: Engine) -> None:
    number = admit(database, JANE, "Op")
    with Session(database) as session, session.begin():
        user: Any = session.get(User, number)
        user.roles = list(session.execute(sa.select(Role).where(Role.name == "Admin")).scalars())
    with Session(database) as session, session.begin():
        assert Identities(session, User, Role).put_back(number) == (("Admin",), ("Op",))
    assert roles_held(database) == ["Op"]


def test_what_is_put_back_replaces_what_the_database_has_now(database: Engine) -> None:
    """The session read the row before somebody changed it."""
    number = admit(database, JANE, "Op")
    with Session(database) as session:
        seen: Any = session.get(User, number)
        assert [role.name for role in seen.roles] == ["Op"]
        admin: Any = session.execute(sa.select(Role.id).where(Role.name == "Admin")).scalar_one()
        session.execute(sa.update(assoc_user_role).values(role_id=admin))
        assert Identities(session, User, Role).put_back(number) == (("Admin",), ("Op",))
        session.commit()
    assert roles_held(database) == ["Op"]


def test_a_row_that_is_nobodys_is_not_touched_when_roles_are_put_back(database: Engine) -> None:
    number = add_user(database, "somebody", "s@contoso.com", "Admin")
    with Session(database) as session, session.begin():
        assert Identities(session, User, Role).put_back(number) == ((), ())
    assert roles_held(database, "somebody") == ["Admin"]
