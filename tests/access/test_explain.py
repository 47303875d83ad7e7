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
from airflow_entra.access.explain import (
    Explanation,
    Known,
    explain_groups,
    explain_role,
    explain_token,
    known,
)
from airflow_entra.access.token import unverified_claims
from airflow_entra.errors import UserError
from airflow_entra.settings import load

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
    assert (one.refused, one.roles) == (refused, ())
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
