"""Why somebody has a role or none: for groups, tokens and roles, without asking a directory."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access import DeclaredStack
from airflow_entra.access.airflow_roles import AIRFLOWS_OWN
from airflow_entra.access.explain import (
    Explanation,
    HeldRole,
    Known,
    explain_groups,
    explain_role,
    explain_token,
    known,
)
from airflow_entra.access.token import unverified_claims
from airflow_entra.errors import UserError
from airflow_entra.settings import load
from tests.access.test_plan import settings as declared

STACKS = Path(__file__).parents[2] / "stacks"
PROD, DEV, STAGING = (
    DeclaredStack(stack, load(STACKS / f"Pulumi.{stack}.yaml")) for stack in ("prod", "dev", "staging")
)
CLIENT = "c0000000-0000-4000-8000-000000000000"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def roles(one: Explanation) -> dict[str, tuple[str, ...]]:
    return {held.role: held.through for held in one.roles}


def token(**more: Any) -> dict[str, Any]:
    return {
        "iss": f"https://login.microsoftonline.com/{PROD.settings.tenant_id}/v2.0",
        "tid": PROD.settings.tenant_id,
        "aud": CLIENT,
        "ver": "2.0",
        "oid": "a0000000-0000-4000-8000-000000000001",
        "name": "Ada",
        "acct": 0,
        "exp": int(NOW.timestamp()) + 60,
        **more,
    }


def of_token(stack: DeclaredStack, claims: dict[str, Any], deployed: Known | None = None) -> Explanation:
    return explain_token(stack, claims, deployed or Known(CLIENT), NOW)


def encoded(claims: object) -> str:
    header, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims)
    )
    return f"{header}.{body}.signature"


@pytest.mark.parametrize("stack", [PROD, DEV, STAGING], ids=["app roles", "assigned groups", "security groups"])
@given(data=st.data())
def test_groups_give_the_roles_that_the_file_gives_them(stack: DeclaredStack, data: st.DataObject) -> None:
    access = stack.plan
    keys = data.draw(st.sets(st.sampled_from(sorted(access.groups)), min_size=1))
    one = explain_groups(stack, [access.groups[key].name for key in sorted(keys)])
    assert set(roles(one)) == {role for role, groups in access.roles.items() if keys & set(groups)}
    for role, through in roles(one).items():
        named = {access.groups[key].name for key in keys & set(access.roles[role])}
        assert {name.partition(" (by rule")[0] for name in through} == named


def test_a_group_may_be_called_by_its_object_id_and_in_any_case() -> None:
    assert list(roles(explain_groups(PROD, ["8E2C5F90-3d14-4b67-a8f2-6c9b0d1e7a06"]))) == ["Viewer"]
    assert list(roles(explain_groups(PROD, ["Platform-On-Call"]))) == ["Op"]


def test_a_group_that_no_stack_file_names_is_refused_with_what_is_meant() -> None:
    said = "names no group 'airflow-prod-admin', which therefore gives nothing: is airflow-prod-admins meant?"
    with pytest.raises(UserError, match=re.escape(said)):
        explain_groups(PROD, ["airflow-prod-finance", "airflow-prod-admin"])
    with pytest.raises(UserError, match="it names airflow-prod-admins, platform-on-call"):
        explain_groups(PROD, ["x"])


def test_no_comes_with_a_reason() -> None:
    one = explain_token(PROD, token(roles=[]), Known(), NOW)
    assert one.refused == "no_role"
    assert "a member of a group inside that group gets none" in one.fix


def test_nested_members_are_spoken_of_as_the_file_has_it() -> None:
    assert "gets nothing under app roles" in " ".join(explain_groups(PROD, ["all-employees"]).notes)
    assert "gets nothing under assigned groups" in " ".join(explain_groups(DEV, ["airflow-dev-admins"]).notes)
    assert "groups inside these groups count too" in " ".join(explain_groups(STAGING, ["all-employees"]).notes)


def test_what_a_role_may_do_and_until_when() -> None:
    (held,) = explain_role(PROD, "finance-editor").roles
    assert held.may == ("read, trigger, edit DAGs finance_*",)
    (viewer,) = explain_role(PROD, "Viewer").roles
    assert viewer.through == ('airflow-prod-viewers (by rule: user.department -eq "Data")', "all-employees")
    assert any("8h after signing in" in said for said in explain_role(PROD, "Viewer").until)
    assert "within 3 s after Graph shows it; Entra adds minutes" in explain_role(PROD, "Viewer").until[0]
    assert "within five minutes" in explain_role(STAGING, "Viewer").until[0]
    assert any("60 to 90 minutes" in said for said in explain_role(DEV, "Viewer").until)
    assert any("every 8h" in said for said in explain_role(STAGING, "Viewer").until)
    with pytest.raises(UserError, match="it has Admin, Op, Viewer, finance-editor: is Viewer meant"):
        explain_role(PROD, "viewer")


def test_a_token_with_an_app_role() -> None:
    one = of_token(PROD, token(roles=["finance-editor"]))
    assert roles(one) == {"finance-editor": ("airflow-prod-finance",)}
    assert one.subject == "the token of Ada (a0000000-0000-4000-8000-000000000001)"
    assert "not verified" in one.notes[0]
    assert any("expires at 2026-01-01 00:01:00 UTC" in note for note in one.notes)


@pytest.mark.parametrize(
    ("claims", "refused"),
    [
        (token(), "no_role"),
        (token(roles=["Admin"], acct=1), "guest"),
        (token(roles=["Admin"], aud="another"), "wrong_token"),
        (token(roles=["Admin"], tid="another"), "wrong_token"),
        (token(roles=["Admin"], oid="ada"), "no_object_id"),
        (token(roles="Admin"), "malformed"),
        ({}, "wrong_token"),
    ],
)
def test_a_token_that_gives_nothing_says_why(claims: dict[str, Any], refused: str) -> None:
    one = of_token(PROD, claims)
    assert (one.stack, one.refused, one.roles, one.until) == ("prod", refused, (), ())
    assert one.why
    assert one.fix


def test_a_token_in_time_and_out_of_it() -> None:
    assert any("expired" in note for note in of_token(PROD, token(roles=["Admin"], exp=NOW.timestamp())).notes)
    for strange in ({"exp": "soon"}, {"exp": 1e300}, {"exp": None}):
        assert any("doesn't say when" in note for note in of_token(PROD, token(roles=["Admin"], **strange)).notes)


def test_without_the_stacks_outputs_a_token_says_what_was_not_compared() -> None:
    group = "d0000000-0000-4000-8000-000000000000"
    blind = of_token(DEV, token(groups=[group]), Known())
    assert blind.refused == "no_role"
    assert any("object ids of airflow-dev-admins, airflow-dev-engineers, airflow-dev-guests" in n for n in blind.notes)
    assert any("has no client id" in note for note in blind.notes)

    deployed = known(DEV, {"clientId": CLIENT, "roles": {"Admin": [{"group": "airflow-dev-admins", "id": group}]}})
    one = of_token(DEV, token(groups=[group]), deployed)
    assert roles(one) == {"Admin": ("airflow-dev-admins",)}
    assert not any("client id" in note for note in one.notes)


def test_too_many_groups_for_a_token() -> None:
    assert of_token(STAGING, token(hasgroups=True)).refused == "groups_needed"


@pytest.mark.parametrize(
    "text", ["", "secret", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", f"a.{'A' * 300_000}.c", encoded([1]), encoded(1)]
)
def test_what_is_no_token_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UserError) as refused:
        unverified_claims(text)
    assert len(text) < 6 or text not in str(refused.value)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_a_tokens_claims_are_what_was_put_into_it(claims: dict[str, Any]) -> None:
    assert unverified_claims(encoded(claims)) == claims


@given(st.text())
def test_any_text_is_a_token_or_a_token_error(text: str) -> None:
    try:
        unverified_claims(text)
    except UserError:
        return
    raise AssertionError("three parts of JSON out of nothing")


def test_a_group_without_a_name_is_none() -> None:
    """Half the groups have no object id yet: an empty name is not that of the first of them."""
    with pytest.raises(UserError, match="names no group ''"):
        explain_groups(PROD, [""])


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"clientId": CLIENT},
        {"roles": {}},
        {"clientId": CLIENT, "roles": ["Admin"]},
        {"clientId": CLIENT, "roles": {"Admin": None}},
        {"clientId": CLIENT, "roles": {"Admin": ["airflow-dev-admins"]}},
        {"clientId": CLIENT, "roles": {"Admin": [{"id": CLIENT}]}},
    ],
)
def test_what_is_no_output_of_a_stack_is_refused(outputs: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"are no output of `pulumi stack output --json --stack dev`"):
        known(DEV, outputs)


def test_a_group_that_has_no_id_yet_is_not_known() -> None:
    """The identity team has not made it, so that its name is all that the outputs have."""
    group = "d0000000-0000-4000-8000-000000000000"
    rows = [{"group": "airflow-dev-admins"}, {"group": "airflow-dev-engineers", "id": group}, {"group": "x", "id": "y"}]
    assert known(DEV, {"clientId": CLIENT, "roles": {"Admin": rows}}) == Known(CLIENT, {"airflow-dev-engineers": group})


def test_an_answer_about_groups_is_whole() -> None:
    rule = 'user.department -eq "Data"'
    assert explain_groups(PROD, ["airflow-prod-viewers", "platform-on-call"]) == Explanation(
        "prod",
        "a member of airflow-prod-viewers and platform-on-call",
        (
            HeldRole("Op", ("platform-on-call",), (AIRFLOWS_OWN["Op"].may,)),
            HeldRole("Viewer", (f"airflow-prod-viewers (by rule: {rule})",), (AIRFLOWS_OWN["Viewer"].may,)),
        ),
        until=(
            "what is taken away in Entra ends in Airflow within 3 s after Graph shows it; Entra adds minutes, "
            "while its watcher runs (revocation: watch)",
            "Airflow's session ends 8h after signing in in any case",
            "Entra's tokens for Airflow last 8h",
        ),
        notes=(
            f"who is in airflow-prod-viewers is decided by its rule: {rule}",
            "direct members alone: a member of a group inside one of these groups gets nothing under app roles",
        ),
    )


def test_an_answer_about_a_role_is_whole() -> None:
    assert explain_role(STAGING, "Viewer") == Explanation(
        "staging",
        "role Viewer",
        (HeldRole("Viewer", ("all-employees",), (AIRFLOWS_OWN["Viewer"].may,)),),
        until=(
            "what is taken away in Entra ends in Airflow within five minutes after Entra refuses it, "
            "while its watcher runs (revocation: refresh)",
            "Airflow's session ends 8h after signing in in any case",
            "Entra's tokens for Airflow last 60 to 90 minutes, its own default",
            "Entra asks to sign in again every 8h",
        ),
        notes=(
            "members of groups inside these groups count too",
            "people of other tenants, guests and members alike, get nothing (guests: refuse)",
        ),
    )
    assert list(roles(explain_groups(STAGING, ["all-employees"]))) == ["Viewer"]
    with pytest.raises(UserError, match=r"it has Admin, Op, Viewer, finance-editor$"):
        explain_role(PROD, "nothing-like-it")


def test_an_answer_that_groups_are_needed_says_how_to_get_them() -> None:
    one = of_token(STAGING, token(hasgroups=True))
    assert (one.stack, one.refused, one.fix) == ("staging", "groups_needed", "ask for the person instead: --person")
    assert one.subject == "the token of Ada (a0000000-0000-4000-8000-000000000001)"
    assert one.why.startswith("the token names no groups, because the person is in too many")
    assert (one.roles, one.until) == ((), ())
    assert one.notes[1:] == (
        "only the deployed stack knows the object ids of airflow-staging-operators, airflow-staging-data-people: "
        "they were not compared",
        "the token expires at 2026-01-01 00:01:00 UTC",
    )


@pytest.mark.parametrize(
    ("claims", "called"),
    [
        ({}, "the token"),
        ({"name": "", "oid": 7}, "the token"),
        ({"oid": "x"}, "the token of x"),
        ({"preferred_username": "ada@contoso.com", "oid": "x"}, "the token of ada@contoso.com (x)"),
        ({"name": "Ada", "preferred_username": "ada@contoso.com", "oid": "x"}, "the token of Ada (x)"),
    ],
)
def test_a_token_is_called_after_its_person(claims: dict[str, Any], called: str) -> None:
    assert of_token(PROD, claims).subject == called


def test_whom_a_token_is_for_is_compared_where_it_is_known() -> None:
    """Without the client id the token's own audience is taken, and that is said; one of several is none."""
    admin = token(roles=["Admin"])
    assert of_token(PROD, admin, Known()).refused is None
    assert of_token(PROD, token(roles=["Admin"], aud=[CLIENT]), Known()).refused == "wrong_token"
    assert of_token(PROD, token(roles=["Admin"], aud="another"), Known(CLIENT)).refused == "wrong_token"
    assert not any("object ids" in note for note in of_token(PROD, admin, Known()).notes), "app roles need none"


def test_a_strange_claim_that_nothing_reads_stops_nothing() -> None:
    assert list(roles(of_token(PROD, token(roles=["Admin"], groups=7)))) == ["Admin"]


@pytest.mark.parametrize(("count", "more"), [(8, ""), (9, " and 1 more"), (12, " and 4 more")])
def test_a_few_groups_are_named_where_none_is_meant(count: int, more: str) -> None:
    stack = DeclaredStack("many", declared({"Admin": {"groups": [{"create": f"team{n}"} for n in range(count)]}}))
    with pytest.raises(UserError) as refused:
        explain_groups(stack, ["quux"])
    named = ", ".join(f"team{n}" for n in range(8))
    assert str(refused.value).endswith(f"'quux', which therefore gives nothing; it names {named}{more}")


def test_people_of_other_tenants_are_spoken_of_as_the_file_has_it() -> None:
    tenant = "8b1d9a6f-6a1f-4b74-8d3a-5e5b6b1b7a12"
    roles = {"Admin": {"groups": [{"create": "admins"}]}}

    def said(**sign_in: Any) -> tuple[str, ...]:
        return explain_role(DeclaredStack("one", declared(roles, **sign_in)), "Admin").notes[1:]

    refused = "people of other tenants, guests and members alike, get nothing (guests: refuse)"
    again = "people of other tenants sign in again after 1h"
    assert said(externalSession="1h") == (refused,)
    assert said(guests="allow") == ()
    assert said(guests="allow", externalSession="1h") == (again,)
    only = f"of other tenants' people only those of {tenant} get in (guests)"
    assert said(guests={"tenants": [tenant]}, externalSession="1h") == (only, again)
