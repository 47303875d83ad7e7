"""From the claims of a verified token to who somebody is and which roles they have."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from airflow_entra_auth.claims import Admitted, GroupsNeeded, Person, Refused, decide
from tests.auth.sign_on import CLIENT, GROUPS, PERSON, TENANT, claims, rules

OTHER = "99999999-0000-4000-8000-000000000009"
RULES = rules()
BY_GROUP = rules(rolesFrom="securityGroups")


def admitted(found: object) -> Admitted:
    assert isinstance(found, Admitted), found
    return found


def refused(found: object) -> Refused:
    assert isinstance(found, Refused), found
    return found


def test_app_roles_give_roles_in_the_order_of_the_file() -> None:
    found = admitted(decide(claims(roles=["finance-editor", "Admin"]), RULES))
    assert found.roles == ("Admin", "finance-editor")
    assert found.because == {"Admin": "app role Admin", "finance-editor": "app role finance-editor"}
    assert found.person == Person(TENANT, PERSON, "Jane Doe", "jane.doe@contoso.com", "jane@contoso.com", False)
    assert found.notes == ()


def test_a_role_that_the_file_does_not_name_is_reported_and_never_given() -> None:
    found = admitted(decide(claims(roles=["Viewer", "admin", "Op"]), RULES))
    assert found.roles == ("Viewer",)
    assert found.notes == ("the token has app roles that the sign-on file doesn't name: Op, admin",)
    assert len(admitted(decide(claims(roles=["Viewer", "Op"], acct=None), RULES)).notes) == 2, "about guests too"
    alone = refused(decide(claims(roles=["Op"]), RULES))
    assert alone.reason == "no_role"
    assert alone.fix.endswith(". the token has app roles that the sign-on file doesn't name: Op.")


@pytest.mark.parametrize("rolesfrom", ["assignedGroups", "securityGroups"])
def test_groups_give_roles_and_one_group_many(rolesfrom: str) -> None:
    found = admitted(decide(claims(groups=[GROUPS[0], OTHER]), rules(rolesFrom=rolesfrom)))
    assert found.roles == ("Admin", "Viewer")
    assert found.because["Viewer"] == f"member of {GROUPS[0]}"


def test_only_the_declared_source_counts() -> None:
    assert refused(decide(claims(groups=[GROUPS[0]]), RULES)).reason == "no_role"
    assert refused(decide(claims(roles=["Admin"]), BY_GROUP)).reason == "no_role"
    assert refused(decide(claims(), RULES, groups=[GROUPS[0]])).reason == "no_role"


@pytest.mark.parametrize(
    "overage",
    [
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/x"}}},
        {"hasgroups": True},
        {"hasgroups": 1},
        {"hasgroups": "1"},
        {"hasgroups": "true"},
        {"hasgroups": "True"},
        {"_claim_names": {"groups": "src1"}, "groups": [GROUPS[2]]},
    ],
)
def test_too_many_groups_for_a_token_are_asked_for(overage: dict[str, Any]) -> None:
    asked = decide(claims(**overage), BY_GROUP)
    assert isinstance(asked, GroupsNeeded)
    assert asked.person.object_id == PERSON
    assert admitted(decide(claims(**overage), BY_GROUP, groups={GROUPS[1], OTHER})).roles == ("Viewer",)
    assert refused(decide(claims(**overage), BY_GROUP, groups=[])).reason == "no_role"


@pytest.mark.parametrize("said", [{"hasgroups": False}, {"hasgroups": "false"}, {"_claim_names": {"other": "src1"}}])
def test_a_token_that_has_room_for_all_groups_is_believed(said: dict[str, Any]) -> None:
    assert admitted(decide(claims(groups=[GROUPS[1]], **said), BY_GROUP)).roles == ("Viewer",)


def test_in_too_many_assigned_groups_nobody_knows_which() -> None:
    """A person's own token may not ask what is assigned to the application, and membership alone gives nothing."""
    known = rules(rolesFrom="assignedGroups")
    for groups in (None, {GROUPS[1]}):
        found = refused(decide(claims(hasgroups=True), known, groups))
        assert (found.reason, found.person and found.person.object_id) == ("too_many_groups", PERSON)
        assert "rolesFrom: appRoles" in found.fix


def test_overage_is_no_matter_where_app_roles_decide() -> None:
    assert admitted(decide(claims(roles=["Admin"], _claim_names={"groups": "src1"}), RULES)).roles == ("Admin",)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", f"https://login.microsoftonline.com/{OTHER}/v2.0"),
        ("iss", f"https://sts.windows.net/{TENANT}/"),
        ("iss", f"https://login.microsoftonline.com/{TENANT}/v2.0/"),
        ("iss", "http://localhost:8400/v2.0"),
        ("iss", None),
        ("tid", OTHER),
        ("tid", None),
        ("aud", OTHER),
        ("aud", [CLIENT]),
        ("aud", None),
        ("ver", "1.0"),
        ("ver", 2.0),
        ("ver", None),
    ],
)
def test_a_token_for_somebody_else_is_refused(claim: str, value: object) -> None:
    found = refused(decide(claims(roles=["Admin"], **{claim: value}), RULES))
    assert (found.reason, found.person) == ("wrong_token", None)
    assert claim in found.fix


@pytest.mark.parametrize(("value", "said"), [("jane", '"jane"'), (None, "missing"), ([CLIENT], "list")])
def test_what_a_token_says_instead_is_named(value: object, said: str) -> None:
    assert f'its aud is {said}; "{CLIENT}" is right' in refused(decide(claims(aud=value), RULES)).fix
    assert f"The token's oid is {said}; an object id is right" in refused(decide(claims(oid=value), RULES)).fix


@pytest.mark.parametrize(
    "value", [None, "", "jane", PERSON.upper(), 7, ["x"], "00000000-0000-0000-0000-000000000000", PERSON + "\n"]
)
def test_nobody_is_recognised_without_an_object_id(value: object) -> None:
    found = refused(decide(claims(roles=["Admin"], oid=value), RULES))
    assert (found.reason, found.person) == ("no_object_id", None)
    assert "openid and profile" in found.fix


@pytest.mark.parametrize(
    ("claim", "value", "said"),
    [
        ("roles", "Admin", "is str"),
        ("roles", {"Admin": 1}, "is dict"),
        ("roles", ["Admin", 7], "has int"),
        ("roles", [["Admin"]], "has list"),
        ("roles", 7, "is int"),
        ("name", ["Jane"], "is list"),
        ("email", {"a": 1}, "is dict"),
        ("preferred_username", 7, "is int"),
        ("acct", "guest", 'is "guest"'),
        ("acct", True, "is bool"),
        ("acct", 2, "is int"),
        ("acct", [1], "is list"),
    ],
)
def test_a_claim_of_a_type_that_entra_never_gives_is_refused(claim: str, value: object, said: str) -> None:
    found = refused(decide(claims(**{"roles": ["Admin"], claim: value}), RULES))
    assert found.reason == "malformed"
    assert f"the claim {claim} {said}" in found.fix
    assert found.person is not None
    assert found.person.object_id == PERSON


def test_a_person_whose_name_cannot_be_read_is_called_by_object_id() -> None:
    found = refused(decide(claims(roles=["Admin"], name=["Jane"]), RULES))
    assert found.person == Person(TENANT, PERSON, PERSON, None, PERSON, guest=False)


def test_groups_of_a_type_that_nobody_gives_are_refused() -> None:
    assert "the claim groups is int" in refused(decide(claims(groups=7), BY_GROUP)).fix
    assert "the claim groups has int" in refused(decide(claims(), BY_GROUP, groups=[7])).fix  # type: ignore[list-item]


@pytest.mark.parametrize("value", ["groups", 7, ["groups"]])
def test_claim_names_that_are_no_object_are_refused(value: object) -> None:
    found = refused(decide(claims(groups=[GROUPS[0]], _claim_names=value), BY_GROUP))
    assert found.reason == "malformed"
    assert f"the claim _claim_names is {type(value).__name__}" in found.fix


@pytest.mark.parametrize(
    "token",
    [
        {"acct": 1},
        {"acct": "1"},
        {"acct": None, "upn": "jane_gmail.com#EXT#@contoso.onmicrosoft.com"},
        {"acct": None, "preferred_username": "jane_gmail.com#ext#@contoso.onmicrosoft.com"},
        {"acct": None, "idp": "live.com"},
        {"acct": None, "idp": f"https://sts.windows.net/{OTHER}/"},
        {"acct": 0, "idp": f"https://sts.windows.net/{OTHER}/"},  # a member by cross-tenant synchronisation
        {"acct": 0, "idp": "live.com"},
    ],
)
def test_guests_come_in_as_declared(token: dict[str, Any]) -> None:
    found = refused(decide(claims(roles=["Admin"], **token), RULES))
    assert found.reason == "guest"
    assert found.person is not None
    assert found.person.guest
    assert "data-platform@contoso.com" in found.message
    assert admitted(decide(claims(roles=["Admin"], **token), rules(guests="allow"))).person.guest


@pytest.mark.parametrize(
    "token",
    [
        {"acct": "0"},
        {"acct": None, "idp": f"https://sts.windows.net/{TENANT}/"},
        {"idp": f"https://login.microsoftonline.com/{TENANT}/v2.0"},
    ],
)
def test_a_member_is_no_guest(token: dict[str, Any]) -> None:
    assert not admitted(decide(claims(roles=["Admin"], **token), RULES)).person.guest


MICROSOFT_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"


@pytest.mark.parametrize("acct", [0, 1])
@pytest.mark.parametrize(
    ("idp", "home"),
    [
        (f"https://sts.windows.net/{OTHER}/", OTHER),
        (f"https://login.microsoftonline.com/{OTHER.upper()}/v2.0", OTHER),
        ("live.com", MICROSOFT_ACCOUNTS),
        ("google.com", None),
        ("mail", None),
        (f"https://sts.windows.net.evil.example/{OTHER}/", None),
        (f"https://sts.windows.net/{OTHER}/x", None),
        (f"http://sts.windows.net/{OTHER}/", None),
    ],
)
def test_the_home_tenant_decides_of_guests_and_of_members_alike(acct: int, idp: str, home: str | None) -> None:
    token = claims(roles=["Admin"], acct=acct, idp=idp)
    none_of_these = {"tenants": [TENANT]}
    found = refused(decide(token, rules(guests=none_of_these)))
    assert (found.reason, found.person and found.person.home_tenant) == ("guest", home)
    if home is None:
        assert refused(decide(token, rules(guests={"tenants": [OTHER, MICROSOFT_ACCOUNTS]}))).reason == "guest"
    else:
        person = admitted(decide(token, rules(guests={"tenants": [home.upper()]}))).person
        assert (person.guest, person.home_tenant) == (True, home)


def test_a_guest_of_this_tenant_itself_comes_in_where_it_is_named() -> None:
    """An account that proves itself here and is marked as a guest: its home is this tenant."""
    token = claims(roles=["Admin"], acct=1)
    assert refused(decide(token, rules(guests={"tenants": [OTHER]}))).reason == "guest"
    assert admitted(decide(token, rules(guests={"tenants": [TENANT]}))).person.guest


def test_of_people_of_other_tenants_the_directory_says_no_home() -> None:
    token = claims(roles=["Admin"], idp="https://sts.windows.net/")
    found = admitted(decide(token, rules(guests={"tenants": [OTHER]}), home_known=False))
    assert "the token of each sign-in says which" in found.notes[0]
    assert refused(decide(token, RULES, home_known=False)).reason == "guest"


def test_a_guest_is_refused_before_groups_are_asked_for() -> None:
    assert refused(decide(claims(acct=1, hasgroups=True), BY_GROUP)).reason == "guest"


def test_the_missing_acct_claim_is_explained_where_it_matters() -> None:
    (note,) = admitted(decide(claims(roles=["Admin"], acct=None), RULES)).notes
    assert "optional claim acct" in note
    allowed = admitted(decide(claims(roles=["Admin"], acct=None), rules(guests="allow")))
    assert (allowed.notes, allowed.person.guest) == ((), False)


@pytest.mark.parametrize(
    ("token", "email", "sign_in_name"),
    [
        ({"email": None, "upn": "j@contoso.com"}, "j@contoso.com", "jane@contoso.com"),
        ({"email": None}, "jane@contoso.com", "jane@contoso.com"),
        ({"upn": "j@contoso.com", "preferred_username": None}, "jane.doe@contoso.com", "j@contoso.com"),
        ({"email": "nobody"}, "jane@contoso.com", "jane@contoso.com"),
        ({"email": None, "preferred_username": "+49 151 1"}, None, "+49 151 1"),
        ({"email": None, "preferred_username": None}, None, PERSON),
        ({"email": "a@b.c", "preferred_username": None}, "a@b.c", "a@b.c"),
        ({"email": f"{'x' * 320}@contoso.com"}, "jane@contoso.com", "jane@contoso.com"),
        ({"email": f"j@{'x' * 314}.com"}, f"j@{'x' * 314}.com", "jane@contoso.com"),
        ({"email": f"j@{'x' * 315}.com"}, "jane@contoso.com", "jane@contoso.com"),
        ({"email": f"j@{'x' * 250}.com.example"}, f"j@{'x' * 250}.com.example", "jane@contoso.com"),
        ({"email": "a@b.c <script>", "preferred_username": None}, None, PERSON),
        ({"acct": 0, "email": None, "upn": "j_x.com#EXT#@c.com", "preferred_username": None}, None, None),
    ],
)
def test_an_address_is_one_or_none(token: dict[str, Any], email: str | None, sign_in_name: str | None) -> None:
    person = admitted(decide(claims(roles=["Admin"], **token), RULES)).person
    assert person.email == email
    assert sign_in_name is None or person.sign_in_name == sign_in_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë Müller-Ångström", "Zoë Müller-Ångström"),
        ("山田 太郎", "山田 太郎"),
        ("محمد", "محمد"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),  # noqa: RUF001 -- Persian
        ("👩\u200d💻 Ada", "👩\u200d💻 Ada"),
        ("\u202eenaJ", "enaJ"),
        ("\u2066Jane\u2069\u200b", "Jane"),
        ("Jane\x00\r\nDoe\t", "Jane Doe"),
        ("Jane\u2028Doe", "Jane Doe"),
        ("\ud800Jane", "Jane"),
        ("\ue000\uffffJane", "Jane"),
        ("Jane\u2029Doe", "Jane Doe"),
        (f"{'x' * 255} y", "x" * 255),
        ("x" * 500, "x" * 256),
        (" \u202e ", "jane@contoso.com"),
        (None, "jane@contoso.com"),
    ],
)
def test_names_are_kept_but_what_commands_a_display(name: str | None, shown: str) -> None:
    assert admitted(decide(claims(roles=["Admin"], name=name), RULES)).person.display_name == shown


@pytest.mark.parametrize("source", ["appRoles", "assignedGroups", "securityGroups"])
def test_who_has_no_role_hears_why_and_whom_to_ask(source: str) -> None:
    found = refused(decide(claims(), rules(rolesFrom=source)))
    how = {"appRoles": "app roles", "assignedGroups": "ApplicationGroup", "securityGroups": "SecurityGroup"}[source]
    assert how in found.fix
    assert found.reason == "no_role"
    assert "jane@contoso.com" in found.message
    assert "data-platform@contoso.com" in found.message
    assert PERSON in found.fix
    assert found.person is not None


def test_without_a_contact_the_owners_are_named() -> None:
    assert "owners of the application" in refused(decide(claims(), rules(contact=None))).message


def test_the_answer_never_holds_another_claim() -> None:
    found = decide(claims(roles=["Admin"], secret="hunter2", nonce="n-0S6"), RULES)
    assert "hunter2" not in repr(found)
    assert {field.name for field in fields(Person)} == {
        "tenant_id",
        "object_id",
        "display_name",
        "email",
        "sign_in_name",
        "guest",
        "home_tenant",
    }
