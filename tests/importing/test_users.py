"""Airflow's users and the directory's people: proposals, a person's decisions, and nothing without them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.directory.membership import Account
from airflow_entra.errors import UserError
from airflow_entra.importing.airflow_users import AirflowUser, airflow_users
from airflow_entra.importing.pairing import pairs
from airflow_entra.importing.review import Reviewed, is_review, review_text, reviewed
from tests.importing.deployed import an_id

TENANT = an_id("tenant")
ADA = Account(an_id("ada"), "Ada Lovelace", "ada@contoso.com", "Ada.Lovelace@contoso.com")
BOB = Account(an_id("bob"), "Bob", "bob@contoso.com", enabled=False)
GUEST = Account(an_id("guest"), "Gus", "gus_f.com#EXT#@contoso.com", "gus@f.com", guest=True)
TWIN = Account(an_id("twin"), "Ada Lovelace", "ada2@contoso.com", "shared@contoso.com")
OTHER = Account(an_id("other"), "Otto", "otto@contoso.com", "shared@contoso.com")
PEOPLE = [ADA, BOB, GUEST, TWIN, OTHER]

LISTED = """[{"id": "1", "username": "admin", "email": "admin@example.com", "first_name": "Ad", "last_name": "Min",
 "roles": "[Admin]"}, {"id": "2", "username": "ada", "email": "ADA@contoso.com", "first_name": "Ada", "last_name":
 "Lovelace", "roles": "['Op', 'User']"}]"""


def test_every_form_of_export_is_read() -> None:
    users = airflow_users(LISTED, "users.json")
    assert users[0] == AirflowUser("admin", "admin@example.com", "Ad Min", 1, True, ("Admin",))
    assert users[1].roles == ("Op", "User")
    exported = '[{"username": "x", "email": "x@y", "active": false, "roles": ["Op"]}]'
    assert airflow_users(exported, "f") == [AirflowUser("x", "x@y", "", None, False, ("Op",))]
    table = 'id,username,email,first_name,last_name,roles\n7,x,x@y,X,Y,"Op, User"\n'
    assert airflow_users(table, "f") == [AirflowUser("x", "x@y", "X Y", 7, True, ("Op", "User"))]


@pytest.mark.parametrize("text", ["", "[]", "{}", '[{"email": "x"}]', "a,b\n1,2\n", "[1]", '[{"username": '])
def test_what_is_no_export_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UserError, match="airflow users list"):
        airflow_users(text, "users.json")


@pytest.mark.parametrize(
    ("user", "proposal", "candidates"),
    [
        (AirflowUser("ada", "ada.lovelace@CONTOSO.com"), "exact", [ADA]),
        (AirflowUser("Ada@contoso.com", ""), "exact", [ADA]),
        (AirflowUser("bob", "bob@contoso.com"), "disabled", [BOB]),
        (AirflowUser("gus", "gus@f.com"), "guest", [GUEST]),
        (AirflowUser("x", "shared@contoso.com"), "ambiguous", [TWIN, OTHER]),
        (AirflowUser("otto@contoso.com", "ada@contoso.com"), "ambiguous", [ADA, OTHER]),
        (AirflowUser("ada", "ada@example.com", "Ada Lovelace"), "ambiguous", [ADA, TWIN]),
        (AirflowUser("admin", "admin@example.com", "Airflow Admin"), "none", []),
        (AirflowUser("", ""), "none", []),
    ],
)
def test_a_proposal_says_how_sure_it_is(user: AirflowUser, proposal: str, candidates: list[Account]) -> None:
    (pair,) = pairs([user], PEOPLE)
    assert (pair.proposal, list(pair.candidates)) == (proposal, candidates)
    assert pair.because


def test_two_users_of_one_person_are_a_persons_to_judge_and_linked_ones_are_done() -> None:
    users = [AirflowUser("ada", "ada@contoso.com"), AirflowUser("ada.admin", "Ada.Lovelace@contoso.com")]
    assert [pair.proposal for pair in pairs(users, PEOPLE)] == ["ambiguous", "ambiguous"]
    assert pairs([AirflowUser(ADA.id.upper(), "ada@contoso.com")], PEOPLE) == []


def review(*users: AirflowUser) -> dict[str, Any]:
    text = review_text(pairs(users, PEOPLE), "prod", TENANT)
    assert is_review(text)
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def check(content: dict[str, Any]) -> Reviewed:
    return reviewed(yaml.safe_dump(content), TENANT, PEOPLE)


def test_nothing_is_linked_before_a_person_has_decided_everything() -> None:
    content = review(AirflowUser("ada", "ada@contoso.com", "Ada", 2), AirflowUser("admin", "a@example.com"))
    untouched = check(content)
    assert untouched.links == ()
    assert [one.where for one in untouched.findings] == ["reviewedBy", "user ada", "user admin"]
    content["reviewedBy"] = "Mona"
    content["users"][0]["decision"] = "link"
    content["users"][1]["decision"] = "leave"
    done = check(content)
    assert done.findings == ()
    assert [(one.user_name, one.user_id, one.object_id) for one in done.links] == [("ada", 2, ADA.id)]


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        ("yes", "is no decision"),
        (an_id("nobody"), "nobody with the id"),
        (BOB.id, "is disabled"),
        ("link", "not one candidate"),
    ],
)
def test_a_decision_that_cannot_be_right_is_refused(decision: str, told: str) -> None:
    content = review(AirflowUser("x", "shared@contoso.com"))
    content |= {"reviewedBy": "Mona"}
    content["users"][0]["decision"] = decision
    (found,) = check(content).findings
    assert told in found.what


def test_one_person_has_one_user_and_one_tenant() -> None:
    content = review(AirflowUser("a", "shared@contoso.com"), AirflowUser("b", "b@example.com"))
    content |= {"reviewedBy": "Mona", "tenant": an_id("elsewhere")}
    for entry in content["users"]:
        entry["decision"] = OTHER.id.upper()
    assert [one.where for one in check(content).findings] == ["tenant", "user b"]


@pytest.mark.parametrize("text", ["reviewedBy: x\n", "reviewedBy: [\n", "- reviewedBy: x\n"])
def test_a_file_that_was_torn_is_said_to_be(text: str) -> None:
    with pytest.raises(UserError):
        reviewed(text, TENANT, PEOPLE)


WORDS = st.one_of(
    st.text(max_size=8), st.sampled_from(["ada", "ada@contoso.com", "shared@contoso.com", "\x1b[2J", "null"])
)
USERS = st.lists(st.builds(AirflowUser, WORDS, WORDS, WORDS, st.none(), st.booleans()), max_size=5)


@settings(max_examples=40)
@given(USERS)
def test_no_user_is_lost_or_linked_by_a_file_that_nobody_touched(users: list[AirflowUser]) -> None:
    text = review_text(pairs(users, PEOPLE), "prod", TENANT)
    content = yaml.safe_load(text)
    assert [(one["user"]["userName"], one["user"]["email"]) for one in content["users"]] == [
        (user.user_name, user.email) for user in users
    ]
    untouched = reviewed(text, TENANT, PEOPLE)
    assert untouched.links == ()
    assert len(untouched.findings) == len(users) + 1
    assert json.dumps(content)
