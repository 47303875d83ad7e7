"""Who gets which role: the claims that Entra would give, decided by the rule that runs inside Airflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access import DeclaredStack
from airflow_entra.access.airflow_urls import urls
from airflow_entra.directory.membership import Account, Assigned, Members, Registration
from airflow_entra.directory.who import Directory, Standing, rules, select, standing, who
from airflow_entra.errors import UserError
from airflow_entra.render.facts import Facts
from airflow_entra.render.sign_on import sign_on
from airflow_entra.settings import load
from airflow_entra.settings.model import OtherTenants
from airflow_entra_auth.issuance import GROUP_CLAIMS
from airflow_entra_auth.rules import RolesFrom, SignOnRules, parse_rules

LOCAL = Path(__file__).parents[2] / "stacks" / "Pulumi.local.yaml"
CLIENT, ADMINS, VIEWERS, SALES = (f"{number}0000000-0000-4000-8000-000000000000" for number in range(1, 5))
ANALYSTS = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
IDS = {"airflow-local-admins": ADMINS, "airflow-local-viewers": VIEWERS, "airflow-local-sales": SALES}
IDS[ANALYSTS] = ANALYSTS
ROLES = {ADMINS: "Admin", VIEWERS: "Viewer", ANALYSTS: "Viewer", SALES: "sales-editor"}
NAMES = {id_: name for name, id_ in IDS.items()} | {ANALYSTS: "data-analysts"}


def account(number: int, **more: Any) -> Account:
    return Account(
        f"a0000000-0000-4000-8000-{number:012d}", f"Person {number}", f"person{number}@contoso.com", None, **more
    )


ADA, BEN = account(1), account(2)


def directory(
    *people: Account,
    assigned: bool = True,
    required: bool = True,
    claims: str = "",
    **members: tuple[set[str], dict[str, set[str]]],
) -> Directory:
    """A directory in which groups (named as ADMINS in lower case) have direct members, and members through others."""
    groups = {}
    for id_, name in NAMES.items():
        key = {ADMINS: "admins", VIEWERS: "viewers", SALES: "sales", ANALYSTS: "analysts"}[id_]
        direct, nested = members.get(key, (set(), {}))
        groups[id_] = Members(name, frozenset(direct), {inner: frozenset(ids) for inner, ids in nested.items()})
    everything = tuple(Assigned(id_, NAMES[id_], role) for id_, role in ROLES.items()) if assigned else ()
    return Directory(people, Registration(CLIENT, required, everything, frozenset(filter(None, [claims]))), groups)


def stack_rules(**sign_in: Any) -> SignOnRules:
    settings = load(LOCAL)
    settings = settings.model_copy(update={"sign_in": settings.sign_in.model_copy(update=sign_in)})
    return rules(DeclaredStack("local", settings), CLIENT, IDS)


def held(one: Standing) -> dict[str, tuple[str, ...]]:
    return {role.role: role.through for role in one.roles}


def test_roles_come_through_every_group_that_gives_them() -> None:
    found = directory(ADA, viewers=({ADA.id}, {}), analysts=({ADA.id}, {}), sales=({ADA.id}, {}))
    one = standing(ADA, found, stack_rules())
    assert one.refused is None
    assert held(one) == {"Viewer": ("airflow-local-viewers", "data-analysts"), "sales-editor": ("airflow-local-sales",)}


def test_somebody_who_is_assigned_in_person_has_the_role_through_no_group() -> None:
    found = directory(ADA)
    own = Assigned(ADA.id, ADA.name, "Admin")
    found = Directory(found.people, Registration(CLIENT, True, (own,)), found.groups)
    assert held(standing(ADA, found, stack_rules())) == {"Admin": ("assigned in person",)}


@pytest.mark.parametrize(
    ("person", "found", "sign_in", "refused"),
    [
        (account(1, enabled=False), directory(admins=({ADA.id}, {})), {}, "disabled"),
        (account(1, guest=True), directory(admins=({ADA.id}, {})), {}, "guest"),
        (ADA, directory(), {}, "not_assigned"),
        (ADA, directory(required=False), {}, "no_role"),
        (ADA, directory(admins=({ADA.id}, {}), assigned=False, required=False), {}, "no_role"),
        (ADA, directory(sales=(set(), {"interns": {ADA.id}})), {}, "not_assigned"),
        (ADA, directory(sales=(set(), {"interns": {ADA.id}})), {"roles_from": "assignedGroups"}, "not_assigned"),
    ],
)
def test_who_gets_in_nowhere_is_told_why(
    person: Account, found: Directory, sign_in: dict[str, Any], refused: str
) -> None:
    one = standing(person, found, stack_rules(**sign_in))
    assert (one.refused, one.roles) == (refused, ())
    assert one.why


def test_guests_have_their_roles_where_the_stack_file_lets_them_in() -> None:
    guest = account(1, guest=True)
    found = directory(guest, admins=({guest.id}, {}))
    assert held(standing(guest, found, stack_rules(guests="allow"))) == {"Admin": ("airflow-local-admins",)}


def test_another_tenant_s_member_is_left_to_the_token_where_its_tenant_decides() -> None:
    """The directory says that an account is of another tenant, and not of which."""
    member = replace(account(1), external=True)
    found = directory(member, admins=({member.id}, {}))
    assert standing(member, found, stack_rules()).refused == "guest"
    some = standing(member, found, stack_rules(guests=OtherTenants(tenants=[CLIENT])))
    assert held(some) == {"Admin": ("airflow-local-admins",)}
    assert "the directory doesn't say which" in some.why


def test_a_nested_group_is_named_where_it_counts_for_nothing() -> None:
    found = directory(ADA, viewers=({ADA.id}, {}), sales=(set(), {"interns": {ADA.id}}))
    one = standing(ADA, found, stack_rules())
    assert held(one) == {"Viewer": ("airflow-local-viewers",)}
    assert [(missed.role, missed.why.partition(" (")[0]) for missed in one.missed] == [
        ("sales-editor", "only in interns, a group inside airflow-local-sales")
    ]


def test_a_role_that_another_group_gives_is_not_missed() -> None:
    found = directory(ADA, viewers=(set(), {"interns": {ADA.id}}), analysts=({ADA.id}, {}))
    assert standing(ADA, found, stack_rules()).missed == ()


def test_security_groups_count_nested_members_but_no_mailing_lists() -> None:
    sales, admins = (set[str](), {"interns": {ADA.id}}), ({ADA.id}, dict[str, set[str]]())
    found = directory(ADA, required=False, claims="SecurityGroup", sales=sales, admins=admins)
    by_groups = stack_rules(roles_from="securityGroups")
    mailing_list = {ADMINS: Members("admins", frozenset({ADA.id}), {}, security_enabled=False)}
    found = Directory(found.people, found.registration, {**found.groups, **mailing_list})
    one = standing(ADA, found, by_groups)
    assert held(one) == {"sales-editor": ("airflow-local-sales",)}
    assert one.missed == ()


@pytest.mark.parametrize("roles_from", ["appRoles", "assignedGroups"])
def test_a_group_that_is_not_assigned_gives_nothing_and_it_is_said(roles_from: str) -> None:
    found = directory(ADA, viewers=({ADA.id}, {}), admins=({ADA.id}, {}), claims="ApplicationGroup")
    kept = tuple(one for one in found.registration.assigned if one.role != "Admin")
    found = replace(found, registration=replace(found.registration, assigned=kept))
    one = standing(ADA, found, stack_rules(roles_from=roles_from))
    assert held(one) == {"Viewer": ("airflow-local-viewers",)}
    (missed,) = one.missed
    assert (missed.role, missed.kind) == ("Admin", "unassigned")
    assert missed.why == "in group airflow-local-admins, which isn't assigned to the application yet"


def test_a_group_that_is_assigned_without_the_role_is_said() -> None:
    found = directory(ADA, admins=({ADA.id}, {}))
    found = replace(found, registration=replace(found.registration, assigned=(Assigned(ADMINS, "admins", None),)))
    (missed,) = standing(ADA, found, stack_rules()).missed
    assert (
        missed.why == "in group airflow-local-admins, which is assigned to the application without the app role Admin"
    )


def test_nobody_gets_in_where_the_application_is_disabled() -> None:
    found = directory(ADA, admins=({ADA.id}, {}))
    found = replace(found, registration=replace(found.registration, enabled=False))
    one = standing(ADA, found, stack_rules())
    assert (one.refused, one.why) == ("application_disabled", "the application is disabled in the directory")


@pytest.mark.parametrize("stack", ["local", "prod", "dev", "staging"])
def test_the_rules_are_those_of_the_file_that_airflow_reads(stack: str) -> None:
    settings = load(LOCAL.with_name(f"Pulumi.{stack}.yaml"))
    declared = DeclaredStack(stack, settings)
    ids = {
        key: f"{number}0000000-0000-4000-8000-000000000000" for number, key in enumerate(declared.plan.groups, start=1)
    }
    rendered = Facts(
        stack=declared,
        airflow=urls(settings.airflow[0].version, settings.airflow[0].url),
        client_id=CLIENT,
        roles={name: tuple(ids[key] for key in keys) for name, keys in declared.plan.roles.items()},
        credential={"mode": "environment", "variable": "UNUSED"},
    )
    of_the_file, ours = parse_rules(sign_on(rendered), "the file"), rules(declared, CLIENT, ids)
    for name in ("stack", "environment", "issuer", "client_id", "roles_from", "guests", "contact", "groups_by_role"):
        assert getattr(ours, name) == getattr(of_the_file, name), name


def test_everybody_is_listed_by_name() -> None:
    zoe = Account("a0000000-0000-4000-8000-0000000000ff", "zoë", "z@contoso.com")
    found = directory(zoe, BEN, ADA)
    assert [one.person for one in who(found, stack_rules(), found.people)] == [ADA, BEN, zoe]


@pytest.mark.parametrize("text", [ADA.id, ADA.id.upper(), "PERSON1@contoso.com", "person1", "person 1"])
def test_a_person_is_found_by_what_they_are_called(text: str) -> None:
    assert select([ADA, BEN], text) == [ADA]


def test_two_people_of_one_name_are_both_meant() -> None:
    twin = Account("a0000000-0000-4000-8000-0000000000ff", ADA.name, "other@contoso.com")
    assert select([ADA, BEN, twin], ADA.name) == [ADA, twin]


def test_who_is_meant_perhaps_is_said() -> None:
    with pytest.raises(UserError, match=r"nobody in the tenant is 'persn1'; is Person 1 \(person1@contoso.com\)"):
        select([ADA], "persn1")
    with pytest.raises(UserError, match="leave it out to see everybody"):
        select([ADA], "somebody else entirely")


def test_an_empty_mail_address_is_nobodys_name() -> None:
    with pytest.raises(UserError):
        select([ADA], "")


@given(
    st.sets(st.sampled_from(sorted(NAMES))),
    st.sets(st.sampled_from(sorted(NAMES))),
    st.sampled_from(tuple(GROUP_CLAIMS)),
    st.booleans(),
    st.booleans(),
)
def test_roles_are_exactly_those_of_the_groups_that_count(
    direct: set[str], nested: set[str], roles_from: RolesFrom, guest: bool, enabled: bool
) -> None:
    person = account(1, guest=guest, enabled=enabled)
    groups = {
        id_: Members(
            NAMES[id_],
            frozenset({person.id} if id_ in direct else set()),
            {"inner": frozenset({person.id})} if id_ in nested else {},
        )
        for id_ in NAMES
    }
    by_roles = roles_from == "appRoles"
    assigned = tuple(Assigned(id_, NAMES[id_], role if by_roles else None) for id_, role in ROLES.items())
    found = Directory([person], Registration(CLIENT, True, assigned, GROUP_CLAIMS[roles_from]), groups)
    one = standing(person, found, stack_rules(roles_from=roles_from))
    counting = direct | nested if roles_from == "securityGroups" else direct
    # Assignment is by direct membership, whatever the token's groups come from.
    wanted = {ROLES[id_] for id_ in counting} if enabled and not guest and direct else set()
    assert {role.role for role in one.roles} == wanted
    assert (one.refused is None) == bool(wanted)
    assert all(role.through for role in one.roles)
