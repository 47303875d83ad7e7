"""The hand-over: what is asked, that it is noticed when done, and that the file is written only when it changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from airflow_entra.access import names
from airflow_entra.access.permissions import APP_ROLE_IDS, scopes
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from tests.components.harness import Deploy, FakeTenant, stack_settings

READER = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
GROUP = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
PARTS = ("groups", "assignments", "consent", "tokenLifetime", "vaultRoles")
EVERYTHING: dict[str, Any] = {
    "tenant.manage": dict.fromkeys(PARTS, "request"),
    "roles": {"Admin": {"groups": [{"create": "admins"}]}, "Viewer": {"groups": [{"id": GROUP, "name": "all"}]}},
}
TITLES = [
    "Create the group admins",
    "Give admins the role Admin",
    "Give all the role Viewer",
    "Consent to User.Read, email, offline_access, openid, profile for everybody",
    "Let the application's tokens live 08:00:00",
    f"Let {READER} read the client secret",
]

WATCHED = {APP_ROLE_IDS[name] for name in WATCH_PERMISSIONS}


def file(folder: Path) -> Path:
    return folder / "handover" / "dev.md"


def test_each_thing_is_asked_with_its_call_its_reason_and_its_permission(deploy: Deploy, tmp_path: Path) -> None:
    deployed = deploy(EVERYTHING)
    assert deployed.outputs["handOver"] == {"file": "handover/dev.md", "open": TITLES, "done": []}

    text = file(tmp_path).read_text()
    sections = text.split("\n### ")[1:]
    assert [section.splitlines()[0].partition(". ")[2] for section in sections] == TITLES
    for section in sections:
        assert re.search(r"^Why: .+\.$", section, re.MULTILINE)
        assert re.search(r"^Permission: .+\.$", section, re.MULTILINE)
        assert re.search(r"^(POST|PUT) https://\S+$", section, re.MULTILINE)
    assert (
        "POST https://graph.microsoft.com/v1.0/servicePrincipals/service-principal-object-id/appRoleAssignedTo" in text
    )
    assert f'"mailNickname": "{names.mail_nickname("admins")}"' in text
    assert "POST https://graph.microsoft.com/v1.0/applications/application-object-id/tokenLifetimePolicies/$ref" in text
    assert "value of slot" not in text


def test_a_preview_writes_nothing_and_waits_for_nothing(deploy: Deploy, tmp_path: Path) -> None:
    assert deploy(EVERYTHING, preview=True).tenant.late == set()
    assert not file(tmp_path).exists()


def test_what_this_run_makes_may_come_late(deploy: Deploy) -> None:
    assert {"application-object-id", "service-principal-object-id"} <= deploy(EVERYTHING).tenant.late


def test_the_file_is_written_only_when_its_text_changes(deploy: Deploy, tmp_path: Path) -> None:
    deploy(EVERYTHING)
    written = file(tmp_path).stat().st_mtime_ns
    deploy(EVERYTHING)
    assert file(tmp_path).stat().st_mtime_ns == written
    deploy(EVERYTHING, tenant=FakeTenant(assigned={(GROUP, names.app_role_id("Viewer"))}))
    assert "## Done: 1\n\n- Give all the role Viewer" in file(tmp_path).read_text()


def test_what_others_have_done_is_noticed(deploy: Deploy) -> None:
    changes = EVERYTHING | {
        "roles": {
            "Admin": {"groups": [{"create": "admins", "id": READER}]},
            "Viewer": {"groups": [{"id": GROUP, "name": "all"}]},
        }
    }
    vault = (
        "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg-airflow"
        "/providers/Microsoft.KeyVault/vaults/kv-airflow"
    )
    tenant = FakeTenant(
        assigned={(READER, names.app_role_id("Admin")), (GROUP, names.app_role_id("Viewer"))},
        consented={*scopes(stack_settings({}).sign_in), "more"},
        lifetimes=[
            {"id": "p", "definition": ['{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"8:00:00"}}']}
        ],
        role_assignments={names.role_assignment_name(vault, READER, "4633458b-17de-408a-b874-0445c86b69e6")},
    )
    deployed = deploy(changes, tenant=tenant)
    assert deployed.outputs["handOver"] == {"file": "handover/dev.md", "open": [], "done": TITLES}
    assert deployed.outputs["warnings"] == []
    assert len(tenant.asked) == len(set(tenant.asked)), "each question is asked once"


def test_a_group_is_never_taken_over_by_its_name(deploy: Deploy, tmp_path: Path) -> None:
    deployed = deploy(EVERYTHING, tenant=FakeTenant(known_groups={GROUP}))
    assert "Create the group admins" in deployed.outputs["handOver"]["open"]
    assert "as id beside 'create: admins'" in file(tmp_path).read_text()


def test_what_may_not_be_looked_at_stays_open_and_is_told(deploy: Deploy, tmp_path: Path) -> None:
    deployed = deploy(EVERYTHING, tenant=FakeTenant(denied=True))
    assert deployed.outputs["handOver"]["open"] == TITLES
    assert len([one for one in deployed.outputs["warnings"] if "may not read it" in one]) == 5
    assert "## Not looked at" in file(tmp_path).read_text()


def test_a_sign_in_frequency_is_asked_for_and_noticed(deploy: Deploy) -> None:
    changes: dict[str, Any] = {
        "signIn.tokenLifetime": None,
        "signIn.signInFrequency": "8h",
        "tenant.manage": {"conditionalAccess": "request"},
    }
    title = "Ask who signs in to Airflow again every 8 hours"
    assert deploy(changes).outputs["handOver"]["open"] == [title]
    control = {"isEnabled": True, "value": 8, "type": "hours"}
    policy = {"id": "p", "state": "enabled", "sessionControls": {"signInFrequency": control}}
    assert deploy(changes, tenant=FakeTenant(conditional=[policy])).outputs["handOver"]["done"] == [title]
    reporting = policy | {"state": "enabledForReportingButNotEnforced"}
    assert deploy(changes, tenant=FakeTenant(conditional=[reporting])).outputs["handOver"]["open"] == [title]


def test_what_the_watcher_may_read_by_itself_is_asked_for_and_noticed(deploy: Deploy, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"signIn.revocation": "watch", "tenant.manage": {"consent": "request"}}
    title = "Let Airflow's watcher use Application.Read.All, GroupMember.Read.All, User.Read.All"
    watcher = "watcher-service-principal-object-id"
    assert title in deploy(changes).outputs["handOver"]["open"]
    text = file(tmp_path).read_text()
    assert all(id_ in text for id_ in WATCHED)
    assert f"/servicePrincipals/{watcher}/appRoleAssignments" in text
    some = FakeTenant(app_roles_of={watcher: {APP_ROLE_IDS["User.Read.All"]}})
    assert title in deploy(changes, tenant=some).outputs["handOver"]["open"]
    there = FakeTenant(app_roles_of={watcher: WATCHED})
    assert deploy(changes, tenant=there).outputs["handOver"]["done"] == [title]
    others = FakeTenant(app_roles_of={"service-principal-object-id": WATCHED})
    assert title in deploy(changes, tenant=others).outputs["handOver"]["open"]


def test_what_an_older_release_had_given_is_taken_back_once_the_file_says_so(deploy: Deploy, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"signIn.revocation": "watch", "tenant.manage": {"consent": "request"}}
    title = "Take GroupMember.Read.All, User.Read.All from the application that people sign in to"
    held = FakeTenant(app_roles_of={"service-principal-object-id": {APP_ROLE_IDS["User.Read.All"]}})

    before = deploy(changes, tenant=held).outputs
    assert title not in before["handOver"]["open"]
    assert any("moved: true" in text for text in before["warnings"])

    moved = changes | {"watcher": {"moved": True}}
    after = deploy(moved, tenant=held).outputs
    assert title in after["handOver"]["open"]
    assert "DELETE https://graph.microsoft.com/v1.0/servicePrincipals/service-principal-object-id/" in (
        file(tmp_path).read_text()
    )
    assert not any("moved: true" in text for text in after["warnings"])
    assert title in deploy(moved).outputs["handOver"]["done"]


def test_what_is_called_existing_is_checked_and_no_file_is_written(deploy: Deploy, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "tenant.manage": {"consent": "existing", "tokenLifetime": "existing"},
        "tenant.existing": {"tokenLifetimePolicy": GROUP},
    }
    there = FakeTenant(
        consented=set(scopes(stack_settings({}).sign_in)),
        lifetimes=[
            {"id": GROUP, "definition": ['{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"08:00:00"}}']}
        ],
    )
    assert deploy(changes, tenant=there).outputs["warnings"] == []

    there.lifetimes[0]["id"] = "another policy"
    deployed = deploy(changes, tenant=there)
    (warning,) = deployed.outputs["warnings"]
    assert warning.startswith("tenant.manage calls tokenLifetime existing, but this isn't there")
    assert deployed.outputs["handOver"] is None
    assert not file(tmp_path).exists()
