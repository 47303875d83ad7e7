"""What each identity may do in the directory: as little as its stacks allow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.access.identity_permissions import KNOWN, deploying, permission_id, previewing
from airflow_entra.access.needed import NEEDED
from airflow_entra.access.needs import OWN
from airflow_entra.access.permissions import APP_ROLE_IDS
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from policies.permissions import _KNOWN as JUDGED
from tests.access.pipelines import EVERYTHING, shipped, stack

MANAGED = st.fixed_dictionaries({part: st.sampled_from(["managed", "request", "none"]) for part in sorted(EVERYTHING)})


@settings(max_examples=25)
@given(MANAGED)
def test_what_previews_never_writes_and_what_deploys_never_reads_more_than_it_must(manage: dict[str, str]) -> None:
    one = stack(manage=manage)
    assert not [name for name in previewing([one]) if "Write" in name]
    found = deploying([one])
    assert OWN in found
    for part, needed in NEEDED.items():
        camel = {"token_lifetime": "tokenLifetime", "conditional_access": "conditionalAccess"}.get(part, part)
        if manage[camel] != "managed" and part not in ("assignments", "conditional_access"):
            assert not set(needed.graph) & set(found), part


def test_an_identity_that_leaves_everything_to_others_owns_its_application_and_nothing_else() -> None:
    nothing = dict.fromkeys(EVERYTHING, "request")
    created: dict[str, Any] = {"roles.Viewer": {"groups": [{"create": "airflow-viewers"}]}}
    one = stack(manage=nothing, **created)
    assert deploying([one]) == (OWN,)


@pytest.mark.parametrize(
    ("part", "permission"),
    [
        ("groups", "Group.ReadWrite.All"),
        ("assignments", "AppRoleAssignment.ReadWrite.All"),
        ("consent", "DelegatedPermissionGrant.ReadWrite.All"),
        ("tokenLifetime", "Policy.ReadWrite.ApplicationConfiguration"),
    ],
)
def test_a_managed_part_brings_its_permission(part: str, permission: str) -> None:
    others = dict.fromkeys(EVERYTHING, "request") | {"conditionalAccess": "none"}
    without, with_it = deploying([stack(manage=others)]), deploying([stack(manage=others | {part: "managed"})])
    assert permission in set(with_it) - set(without)


def test_whoever_lets_airflow_follow_the_directory_gives_it_permissions() -> None:
    manage = dict.fromkeys(EVERYTHING, "request") | {"consent": "managed"}
    watch: dict[str, Any] = {"signIn.revocation": "watch"}
    refresh: dict[str, Any] = {"signIn.revocation": "refresh"}
    follows, asks = deploying([stack(manage=manage, **watch)]), deploying([stack(manage=manage, **refresh)])
    assert set(follows) - set(asks) == {"AppRoleAssignment.ReadWrite.All", "Application.Read.All"}


def test_several_stacks_of_an_environment_add_up() -> None:
    each = [deploying([one]) for one in shipped().values()]
    assert set(deploying(shipped().values())) >= {name for names in each for name in names} - {"GroupMember.Read.All"}


def test_every_permission_is_known_by_one_id_everywhere() -> None:
    assert {*KNOWN, *WATCH_PERMISSIONS} == set(APP_ROLE_IDS)
    for name in KNOWN:
        assert JUDGED[permission_id(name)] == name
