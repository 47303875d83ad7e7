"""An audit of a deployed stack: what was changed by hand is found, with who did it and how it is settled."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.audit.audit import Audit
from airflow_entra.audit.evidence import NAMES, verify
from airflow_entra.commands.audit import Seen, audit_stack, keep_evidence
from airflow_entra.commands.period import with_period
from airflow_entra.errors import UserError
from airflow_entra.local.deploy import deploy
from airflow_entra.local.people import PEOPLE
from airflow_entra.report.audit import render
from tests.deploy.deployment import Deployment
from tests.late import long_ago
from tests.trouble import in_trouble

pytestmark = pytest.mark.engine
WRITES = "19dbc75e-c2e2-444c-a770-ec69d8559fc7"
"""Directory.ReadWrite.All, an application permission of Microsoft Graph."""
ANOTHER = "https://elsewhere.contoso.com/oauth-authorized/azure"


def person(name: str) -> str:
    return next(one.object_id for one in PEOPLE if one.sign_in_name == name)


def asked(deployment: Deployment, *, drifted: bool = True) -> Seen:
    """What was asked for the stack's audit of the last day, once everybody sees what was written."""
    if (deployment.world.tenant / "tenant.sqlite").exists():
        long_ago(deployment.world)
    now = datetime.now(UTC)
    since = now - timedelta(days=1)
    return audit_stack(deployment.world, "local", [], since=since, now=now, drifted=drifted, port=0)


def audited(deployment: Deployment, *, drifted: bool = True) -> Audit:
    return asked(deployment, drifted=drifted).audit


def all_is_kept_without_names(deployment: Deployment, place: Path) -> None:
    """The evidence of the day tells its period, and no file but the names' has a person's name."""
    seen = asked(deployment, drifted=False)
    kept = keep_evidence(deployment.world, place, seen)
    sealed = [file for file in kept.folder.iterdir() if file.name not in (NAMES, "Pulumi.local.yaml")]
    text = "".join(file.read_text("utf-8") for file in sealed)
    assert [one.name for one in PEOPLE if one.name in text or f"{one.sign_in_name}@" in text] == []
    assert kept.names[person("mina")]["name"].startswith("Mina")
    period = with_period(deployment.world, seen.audit, seen.now, place, [], port=0)
    assert {"joiner", "leaver", "role change", "rotation", "deployment"} <= {event.kind for event in period.events}
    assert [night.kept for night in period.nights or ()][-1] == (kept.folder.name,)
    (kept.folder / NAMES).unlink()
    assert [one.folder for one in verify(place)] == [kept.folder]


def give_the_watcher_more(deployment: Deployment, secret: dict[str, Any]) -> None:
    """One more secret, and a permission that following the directory doesn't take."""
    graph, watcher = deployment.live().graph, deployment.outputs()["watcher"]
    (registration,) = graph.pages("/applications", {"$filter": f"appId eq '{watcher['clientId']}'"})
    graph.post(f"/applications/{registration['id']}/addPassword", secret)
    principal = watcher["servicePrincipalObjectId"]
    path = f"/servicePrincipals/{principal}/appRoleAssignments"
    resource = next(graph.pages(path))["resourceId"]
    graph.post(path, {"principalId": principal, "resourceId": resource, "appRoleId": WRITES})


def test_what_was_changed_in_the_tenant_is_found_with_who_did_it(deployment: Deployment, tmp_path: Path) -> None:
    world = deployment.world
    with pytest.raises(UserError, match="no application of stack local"):
        audited(deployment, drifted=False)
    deploy(deployment.session("local"), "local", say=deployment.said.append)
    before = audited(deployment)
    assert before.drift == ()
    assert {one.person.name.split()[0] for one in before.standings if not one.refused} == {
        "Ada",
        "Mina",
        "Olu",
        "Sam",
        "Zoë",
        "李小龍",
    }
    assert {one.id.partition("/")[2] for one in before.findings} == {
        "disabled-account",
        "group-owner",
        "guest",
        "nested",
        "vault-reader",
    }
    (reader,) = [finding for finding in before.findings if finding.id == "audit/vault-reader"]
    assert str(reader.where).startswith("airflow-entra deploy (full) (")

    with in_trouble(world):
        in_between = audited(deployment)
    assert replace(in_between, at=before.at, since=before.since) == before

    live = deployment.live()
    (application,) = live.applications()
    groups = {group["displayName"]: group for group in live.groups()}
    web = application["web"] | {"redirectUris": [*application["web"]["redirectUris"], ANOTHER]}
    live.graph.patch(f"/applications/{application['id']}", {"web": web})
    by_hand = {"passwordCredential": {"displayName": "by hand"}}
    live.graph.post(f"/applications/{application['id']}/addPassword", by_hand)
    give_the_watcher_more(deployment, by_hand)
    live.graph.delete(f"/groups/{groups['airflow-local-sales']['id']}")
    live.graph.delete(f"/groups/{groups['airflow-local-viewers']['id']}/members/{person('olu')}/$ref")
    admins = f"/groups/{groups['airflow-local-admins']['id']}/members/$ref"
    live.graph.post(admins, {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{person('mina')}"})

    after = audited(deployment)
    assert isinstance(after.drift, tuple)
    found = {(one.resource.split()[0], one.path): one for one in after.drift}
    added = found["azuread:Application", "web.redirectUris"]
    assert (added.live, added.wins) == (ANOTHER, "stack file")
    assert added.by.startswith("airflow-entra deploy (full) at ")
    gone = found["azuread:GroupWithoutMembers", ""]
    assert gone.settle.startswith("restore it in Entra")
    assert "pulumi up --refresh --stack local" in gone.settle
    came = [move for move in after.moves if move.person.id == person("mina")][-1]
    assert (came.change.group, came.gained) == ("airflow-local-admins", ("Admin",))
    left = [move for move in after.moves if move.person.id == person("olu")][-1]
    assert (left.change.group, left.lost) == ("airflow-local-viewers", ("Viewer",))
    kinds = {(event.kind, event.person_id) for event in after.events}
    assert {("leaver", person("olu")), ("joiner", person("ada")), ("rotation", "")} <= kinds
    high = {one.where for one in after.findings if one.severity == "error"}
    assert {"group airflow-local-sales", "secret by hand", "the watcher's secret by hand"} <= high
    assert f"redirect URI {ANOTHER}" in high
    assert f"the watcher's Microsoft Graph {WRITES}" in high
    assert after.watcher_owners
    assert len(json.loads(render(after, "json"))["drift"]) == len(after.drift)

    all_is_kept_without_names(deployment, tmp_path / "evidence")
    deployment.pulumi("up --yes --skip-preview --refresh")
    settled = audited(deployment)
    assert settled.drift == ()
    assert {one.person.name for one in settled.standings if not one.refused and one.person.name.startswith("M")}
