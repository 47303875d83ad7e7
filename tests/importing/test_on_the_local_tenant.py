"""Imports on the real engine: a state that was lost, and an application that somebody clicked together."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from airflow_entra.directory.credentials import GRAPH, token_source
from airflow_entra.directory.registration import read_registration
from airflow_entra.settings import load
from airflow_entra_auth.graph import Graph
from tests.deploy.deployment import Deployment, captured, through
from tests.importing.handmade import SECRET, VAULT, HandMade, make
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
    assert "no role" in found["warning", "group Night shift inside Airflow Operators"]
    assert "Airflow's database alone" in found["error", "role analyst"]
    whats = " ".join(one["what"] for one in report["findings"])
    for told in ("implicit grant issues ID tokens", "public client flows", "1 application permission,"):
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
