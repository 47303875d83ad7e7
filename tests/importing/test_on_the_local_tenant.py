"""Imports on the real engine: a state that was lost, and an application that somebody clicked together."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.directory.credentials import GRAPH, token_source
from airflow_entra.directory.registration import read_registration
from airflow_entra.settings import load
from airflow_entra_auth.graph import Graph
from tests.deploy.deployment import Deployment, captured, through
from tests.importing.handmade import SECRET, VAULT, HandMade, make, make_for_one_person
from tests.trouble import in_trouble

pytestmark = pytest.mark.engine

COMMAND = (sys.executable, "-m", "airflow_entra.cli", "import")


def run_import(deployment: Deployment, stack: str, client_id: str, *more: str, code: int) -> dict[str, Any]:
    """What `airflow-entra local run -- airflow-entra import` reports, as JSON."""
    command = [*COMMAND, "--stack", stack, "--application", client_id, "--format", "json", *more]
    done = captured(deployment.session("local"), command)
    deployment.said.append(done.stdout + done.stderr)
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def everything(deployment: Deployment, client_id: str) -> list[Any]:
    """All of the application's side of the directory, to be compared."""
    graph = deployment.live().graph
    (application,) = graph.pages("/applications", {"$filter": f"appId eq '{client_id}'"})
    (principal,) = graph.pages("/servicePrincipals", {"$filter": f"appId eq '{client_id}'"})
    return [
        application,
        principal,
        list(graph.pages(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo")),
        list(graph.pages(f"/applications/{application['id']}/owners")),
        list(graph.pages(f"/applications/{application['id']}/tokenLifetimePolicies")),
        list(graph.pages("/groups")),
        list(graph.pages("/oauth2PermissionGrants")),
    ]


def test_a_lost_state_comes_back_and_only_the_client_secrets_are_made_anew(deployment: Deployment) -> None:
    client_id = deployment.outputs()["clientId"]
    before = everything(deployment, client_id)
    ids = {
        one["urn"]: one["id"] for one in deployment.state() if one.get("id") and "::pulumi:providers" not in one["urn"]
    }
    tracked = deployment.world.stack_file("local").read_bytes()
    for _ in range(2):
        whole = run_import(deployment, "local", client_id, code=0)
        assert (whole["imported"], whole["differing"], whole["findings"]) == (0, [], [])
    deployment.pulumi("stack rm --force --yes --preserve-config")

    report = run_import(deployment, "local", client_id, code=1)

    assert everything(deployment, client_id) == before
    assert deployment.world.stack_file("local").read_bytes() == tracked
    assert not report["written"]
    assert report["imported"] == len(ids) - 4  # all but the two slots of the sign-on and the watcher's two
    assert [(one["operation"], one["name"], one["expected"]) for one in report["differing"]] == [
        ("create", "slot-a", True),
        ("create", "slot-b", True),
        ("create", "watcher-slot-a", True),
        ("create", "watcher-slot-b", True),
        ("update", "client-secret", True),
        ("update", "watcher-client-secret", True),
    ]
    again = {one["urn"]: one["id"] for one in deployment.state() if one.get("id")}
    slots = {urn for urn in ids if urn.endswith(("slot-a", "slot-b"))}
    assert {urn: id_ for urn, id_ in ids.items() if urn not in slots} == {
        urn: id_ for urn, id_ in again.items() if "::pulumi:providers" not in urn
    }
    said = " ".join(one["where"] for one in report["findings"])
    assert "client secret slot-a" in said
    assert "client secret slot-b" in said
    assert "the watcher's client secret slot-a" in said

    deployment.up()
    assert deployment.preview() == []
    after = everything(deployment, client_id)
    assert after[2:] == before[2:]
    assert len(after[0]["passwordCredentials"]) == 4


@pytest.fixture(scope="module")
def by_hand(deployment: Deployment) -> HandMade:
    live = deployment.live()
    return make(live.graph, live.arm, deployment.outputs()["tenantId"])


OPTIONS = ("--environment", "staging", "--role", "airflow_prod_admin=Admin", "--vault", VAULT, "--secret-name", SECRET)


def test_what_was_clicked_together_becomes_a_stack_and_every_difference_is_named(
    deployment: Deployment, by_hand: HandMade
) -> None:
    before = everything(deployment, by_hand.client_id)
    with in_trouble(deployment.world):
        report = run_import(deployment, "handmade", by_hand.client_id, *OPTIONS, "--groups", "manage", code=1)
    assert everything(deployment, by_hand.client_id) == before

    file = deployment.world.stack_file("handmade")
    settings = load(file)
    assert {name: role.app_role for name, role in settings.roles.items()} == {
        "Admin": by_hand.roles["airflow_prod_admin"],
        "Op": by_hand.roles["Op"],
        "analyst": by_hand.roles["analyst"],
    }
    assert [(one.version, one.url) for one in settings.airflow] == [
        ("3.3", "https://airflow.contoso.com/data"),
        ("2.11", "https://airflow-old.contoso.com"),
    ]
    found = {(one["severity"], one["where"]): one["what"] for one in report["findings"]}
    (person,) = (what for (severity, where), what in found.items() if by_hand.person in where and severity == "error")
    assert person == "is assigned directly, with app role airflow_prod_admin"
    assert "has a wildcard" in found["error", "redirect URI https://*.contoso.com/callback"]
    assert "no role" in found["note", "group Night shift inside Airflow Operators"]
    assert "Airflow's database alone" in found["error", "role analyst"]
    whats = " ".join(one["what"] for one in report["findings"])
    for told in (
        "implicit grant issues ID tokens",
        "public client flows",
        "1 application permission,",
        "id tokens carry ctry",
    ):
        assert told in whats

    assert report["imported"] == 11
    differing = {one["name"]: one for one in report["differing"]}
    assert {name for name, one in differing.items() if one["operation"] in ("replace", "delete")} == set()
    assert {name for name, one in differing.items() if one["operation"] == "create"} == {
        "admin-consent",
        "slot-a",
        "slot-b",
    }
    changed = {change["path"]: change for change in differing["application"]["properties"]}
    assert changed["appRoles[airflow_prod_admin].value"]["after"] == "Admin"
    assert "web.implicitGrant.idTokenIssuanceEnabled" in changed
    assert "appRoles[Op].enabled" not in changed
    # What somebody else keeps there: not a word of it in the plan.
    others = ("identifierUris", "api", "optionalClaims.accessTokens", "notes", "supportUrl")
    assert [path for path in changed if path.startswith(others)] == []
    assert settings.application.keep == ["identifierUris", "exposedScopes", "accessTokenClaims", "notes", "links"]
    assert differing["Airflow Admins"]["properties"] == [
        {"path": "description", "before": "", "after": "Airflow Admin; managed by airflow-entra"}
    ]
    text = file.read_text()
    file.write_text(text.replace("say-which-dags", "reports_*"))
    again = run_import(deployment, "handmade", by_hand.client_id, code=1)
    assert again["imported"] == 0
    assert {one["where"] for one in report["findings"]} - {one["where"] for one in again["findings"]} == {
        "role analyst",
        "tenant.licence",
    }
    file.write_text(text)
    assert file.read_text() == text

    deployment.pulumi("up --yes --skip-preview", "handmade")
    assert deployment.preview("handmade") == []
    after = everything(deployment, by_hand.client_id)
    assert after[2] == before[2]  # everybody's assignment is the same one
    assert {one["id"] for one in after[5]} == {one["id"] for one in before[5]}
    assert after[4][0]["id"] == by_hand.policy
    kept = ("identifierUris", "notes", "info")
    assert {key: after[0][key] for key in kept} == {key: before[0][key] for key in kept}
    assert after[0]["api"]["oauth2PermissionScopes"] == before[0]["api"]["oauth2PermissionScopes"]
    assert after[0]["optionalClaims"]["accessToken"] == before[0]["optionalClaims"]["accessToken"]


def test_before_anything_is_written_it_is_said_what_would_be_lost(
    deployment: Deployment, by_hand: HandMade, tmp_path: Path
) -> None:
    config = tmp_path / "webserver_config.py"
    mapping = {"airflow_prod_admin": ["Admin"], "analyst": ["Viewer", "Op"], "nobody": ["User"]}
    config.write_text(f"import os\nAUTH_TYPE = 4\nAUTH_ROLES_MAPPING = {mapping}\nraise SystemExit(7)\n")
    more = ("--environment", "staging", "--vault", VAULT, "--webserver-config", str(config), "--dry-run")
    report = run_import(deployment, "dry", by_hand.client_id, *more, code=1)
    assert not deployment.world.stack_file("dry").exists()
    assert (report["written"], report["dry_run"], report["imported"]) == (False, True, None)
    whats = " ".join(one["what"] for one in report["findings"])
    for told in ("gives User for 'nobody'", "gives Viewer, Op together", "what was given by hand there is lost"):
        assert told in whats
    assert "which role it stands for" not in whats


def test_people_who_are_assigned_directly_keep_what_they_have(deployment: Deployment) -> None:
    made = make_for_one_person(deployment.live().graph)
    before = everything(deployment, made.client_id)
    more = ("--environment", "development", "--licence", "P1", "--vault", VAULT, "--secret-name", "of-ada")
    report = run_import(deployment, "ada", made.client_id, *more, code=1)
    assert everything(deployment, made.client_id) == before
    found = {one["id"] for one in report["findings"]}
    assert {"import/assigned-in-person", "import/new-group"} <= found
    differing = {one["name"]: one for one in report["differing"]}
    assert {one["operation"] for one in differing.values()} <= {"create", "update"}
    assert "airflow-ada-viewer" in differing
    changed = [change["path"] for change in differing["application"]["properties"]]
    assert [
        path for path in changed if path.startswith("appRoles") and not path.endswith(("description", "displayName"))
    ] == []

    deployment.pulumi("up --yes --skip-preview", "ada")
    assert deployment.preview("ada") == []
    after = everything(deployment, made.client_id)
    assert before[2][0] in after[2]


def test_a_tenant_as_bad_as_they_get_is_read_like_one_that_works(deployment: Deployment, by_hand: HandMade) -> None:
    session = deployment.session("local")
    tenant_id = session.environment["ARM_TENANT_ID"]
    with through(session) as client:
        token = token_source(GRAPH, tenant_id, session.environment, client=client)
        graph = Graph(token, client=client, patience=1e6, sleep=lambda _: None)
        well = read_registration(graph, tenant_id, by_hand.client_id)
        with in_trouble(deployment.world):
            for _ in range(3):
                assert read_registration(graph, tenant_id, by_hand.client_id) == well
    assert len(well.assigned) == 4
