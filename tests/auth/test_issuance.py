"""The token that Entra would give, fact by fact. `tests/directory` compares it with the local tenant's tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_entra_auth.claims import Admitted, Refused
from airflow_entra_auth.issuance import (
    GROUP_LIMIT,
    Account,
    Application,
    Assignment,
    NoToken,
    Status,
    claims,
    decision,
    declared,
    is_external,
    sources,
)
from airflow_entra_auth.rules import RolesFrom
from tests.auth.sign_on import CLIENT, GROUPS, PERSON, rules

ADMINS, VIEWERS, FINANCE = GROUPS
RULES = rules()
EVERYTHING = declared(RULES)
MANY = frozenset(f"d0000000-0000-4000-8000-{number:012x}" for number in range(GROUP_LIMIT))


def member(*groups: str) -> Account:
    return Account(PERSON, direct=frozenset(groups), security=frozenset(groups))


def roles(found: Admitted | Refused | NoToken) -> set[str]:
    return set(found.roles) if isinstance(found, Admitted) else set()


@pytest.mark.parametrize(
    ("application", "person", "code"),
    [
        ("enabled", "disabled", 50057),
        ("enabled", "deleted", 50034),
        ("disabled", "enabled", 7000112),
        ("deleted", "enabled", 700016),
        ("disabled", "disabled", 7000112),
    ],
)
def test_no_token_is_given_with_the_number_that_entra_says(application: Status, person: Status, code: int) -> None:
    found = claims(replace(EVERYTHING, status=application), replace(member(ADMINS), status=person), RULES)
    assert isinstance(found, NoToken)
    assert found.code == code


def test_somebody_without_an_assignment_gets_no_token_where_one_is_required() -> None:
    required = replace(EVERYTHING, assignment_required=True)
    assert claims(required, member(), RULES) == NoToken("not_assigned", 50105)
    nested = Account(PERSON, security=frozenset({ADMINS}))
    assert claims(required, nested, RULES) == NoToken("not_assigned", 50105), "assignments don't nest"
    without_role = Application(CLIENT, frozenset({Assignment(PERSON, None)}))
    given = claims(without_role, member(), RULES)
    assert not isinstance(given, NoToken)
    assert "roles" not in given


def test_an_app_role_is_for_direct_members_of_what_is_assigned_and_for_people_in_person() -> None:
    assert roles(decision(EVERYTHING, member(ADMINS), RULES)) == {"Admin", "Viewer"}
    assert roles(decision(EVERYTHING, Account(PERSON, security=frozenset({ADMINS})), RULES)) == set()
    in_person = Application(CLIENT, frozenset({Assignment(PERSON, "Admin"), Assignment(VIEWERS, "Admin")}))
    assert roles(decision(in_person, member(VIEWERS), RULES)) == {"Admin"}
    assert sources(in_person, member(VIEWERS), "Admin", RULES) == {PERSON, VIEWERS}
    unassigned = replace(EVERYTHING, assignments=frozenset({Assignment(VIEWERS, "Viewer")}))
    assert roles(decision(unassigned, member(ADMINS, VIEWERS), RULES)) == {"Viewer"}


@pytest.mark.parametrize(
    ("roles_from", "direct", "nested", "given"),
    [
        ("assignedGroups", {ADMINS}, set(), {"Admin", "Viewer"}),
        ("assignedGroups", set(), {ADMINS}, set()),
        ("assignedGroups", {FINANCE}, set(), set()),
        ("securityGroups", set(), {ADMINS}, {"Admin", "Viewer"}),
        ("securityGroups", {FINANCE}, {FINANCE}, {"finance-editor"}),
    ],
)
def test_groups_are_the_assigned_ones_or_all_that_are_security_enabled(
    roles_from: RolesFrom, direct: set[str], nested: set[str], given: set[str]
) -> None:
    known = rules(rolesFrom=roles_from)
    application = replace(declared(known), assignments=frozenset({Assignment(ADMINS, None)}))
    account = Account(PERSON, direct=frozenset(direct), security=frozenset(nested))
    assert roles(decision(application, account, known)) == given


def test_beyond_the_limit_a_token_names_no_groups_and_only_security_groups_can_be_asked_for() -> None:
    everywhere = MANY | {VIEWERS}
    account = Account(PERSON, direct=everywhere, security=everywhere)
    security, assigned = rules(rolesFrom="securityGroups"), rules(rolesFrom="assignedGroups")
    given = claims(declared(security), account, security)
    assert not isinstance(given, NoToken)
    assert ("groups" in given, given["_claim_names"]) == (False, {"groups": "src1"})
    assert roles(decision(declared(security), account, security)) == {"Viewer"}
    assert sources(declared(security), account, "Viewer", security) == {VIEWERS}
    all_assigned = replace(declared(assigned), assignments=frozenset(Assignment(group, None) for group in everywhere))
    refused = decision(all_assigned, account, assigned)
    assert isinstance(refused, Refused)
    assert refused.reason == "too_many_groups"
    assert roles(decision(declared(assigned), account, assigned)) == {"Viewer"}, "200 others aren't assigned"


@pytest.mark.parametrize("roles_from", ["appRoles", "assignedGroups", "securityGroups"])
def test_an_application_as_declared_has_each_group_with_its_roles_and_asks_for_no_assignment(
    roles_from: RolesFrom,
) -> None:
    by_role = [(ADMINS, "Admin"), (ADMINS, "Viewer"), (VIEWERS, "Viewer"), (FINANCE, "finance-editor")]
    given = [Assignment(group, role if roles_from == "appRoles" else None) for group, role in by_role]
    said = {"appRoles": set(), "assignedGroups": {"ApplicationGroup"}, "securityGroups": {"SecurityGroup"}}[roles_from]
    expected = Application(CLIENT, frozenset(given), frozenset(said), assignment_required=False, status="enabled")
    assert declared(rules(rolesFrom=roles_from)) == expected


def test_a_token_says_what_decides_and_no_more() -> None:
    expected = {"iss": RULES.issuer, "tid": RULES.tenant_id, "aud": CLIENT, "ver": "2.0", "oid": PERSON, "acct": 1}
    assert claims(EVERYTHING, replace(member(), guest=True), RULES) == expected
    assert claims(EVERYTHING, member(), RULES) == {**expected, "acct": 0}
    synced = {**expected, "acct": 0, "idp": "https://sts.windows.net/"}
    assert claims(EVERYTHING, replace(member(), external=True), RULES) == synced
    assert claims(EVERYTHING, member(VIEWERS), RULES) == {**expected, "acct": 0, "roles": ["Viewer"]}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"ApplicationGroup"}, {VIEWERS}),
        ({"SecurityGroup"}, {ADMINS, FINANCE}),
        ({"All"}, {ADMINS, FINANCE}),
        ({"ApplicationGroup", "SecurityGroup"}, {VIEWERS, ADMINS, FINANCE}),
        ({"DirectoryRole"}, set()),
    ],
)
def test_a_token_names_the_groups_that_the_application_asks_for(said: set[str], named: set[str]) -> None:
    asking = Application(CLIENT, frozenset({Assignment(VIEWERS, None)}), frozenset(said))
    account = Account(PERSON, direct=frozenset({VIEWERS, FINANCE}), security=frozenset({ADMINS, FINANCE}))
    given = claims(asking, account, RULES)
    assert not isinstance(given, NoToken)
    assert given.get("groups", []) == sorted(named)


def test_as_many_groups_as_a_token_has_room_for_are_in_it() -> None:
    account = Account(PERSON, security=MANY)
    given = claims(Application(CLIENT, frozenset(), frozenset({"All"}), assignment_required=False), account, RULES)
    assert not isinstance(given, NoToken)
    assert (given["groups"], "_claim_names" in given) == (sorted(MANY), False)


def test_a_role_comes_from_those_groups_alone_that_give_it() -> None:
    assert sources(EVERYTHING, member(ADMINS), "Viewer", RULES) == {ADMINS}
    assert sources(EVERYTHING, member(ADMINS, VIEWERS, FINANCE), "Viewer", RULES) == {ADMINS, VIEWERS}
    assigned = rules(rolesFrom="assignedGroups")
    nested = Account(PERSON, direct=frozenset({ADMINS}), security=frozenset({ADMINS, VIEWERS}))
    assert sources(declared(assigned), nested, "Viewer", assigned) == {ADMINS}


@pytest.mark.parametrize(("more", "given"), [(set(), set()), ({FINANCE}, {VIEWERS})])
def test_beyond_the_limit_a_role_comes_from_what_graph_says(more: set[str], given: set[str]) -> None:
    """Somebody changed groupMembershipClaims by hand; the sign-on file counts security groups."""
    direct = MANY | more
    application = Application(
        CLIENT, frozenset(Assignment(group, None) for group in direct), frozenset({"ApplicationGroup"})
    )
    account = Account(PERSON, direct=direct, security=frozenset({VIEWERS}))
    known = rules(rolesFrom="securityGroups")
    assert sources(application, account, "Viewer", known) == given
    assert roles(decision(application, account, known)) == ({"Viewer"} if given else set())


@pytest.mark.parametrize(
    ("identities", "external"),
    [
        (None, False),
        ([], False),
        ([{"signInType": "userPrincipalName", "issuer": "contoso.com", "issuerAssignedId": "ada@contoso.com"}], False),
        ([{"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": None}], True),
        ([{"signInType": "userPrincipalName"}, {"signInType": "federated", "issuer": "google.com"}], True),
    ],
)
def test_whoever_proves_themselves_elsewhere_is_external(identities: object, external: bool) -> None:
    assert is_external({"identities": identities}) is external
