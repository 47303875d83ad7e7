"""Somebody moves between groups and leaves the last one: what a tenant's log and an Airflow's records make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.audit.audit import audit
from airflow_entra.directory.audited import read
from airflow_entra.local import tenant as tenants
from airflow_entra.local.people import PEOPLE
from airflow_entra.settings import load
from airflow_entra.settings.watching import watcher_credential
from tests.audit.stack import URL, records
from tests.deploy.deployment import Deployment
from tests.deployed.worlds import unpacked

pytestmark = pytest.mark.engine


def test_the_session_is_told_at_the_removal_that_took_the_last_access(tmp_path: Path, engine: Path) -> None:
    assert (engine / "pulumi").exists()
    deployment = Deployment(unpacked("0.1.0", tmp_path))
    olu = next(person for person in PEOPLE if person.sign_in_name == "olu")
    settings = load(deployment.world.stack_file("local"))
    try:
        graph = deployment.live().graph
        groups = {group["displayName"]: group["id"] for group in graph.pages("/groups")}
        viewers, sales = groups["airflow-local-viewers"], groups["airflow-local-sales"]
        began = datetime.now(UTC).replace(microsecond=0)
        graph.post(
            f"/groups/{sales}/members/$ref", {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{olu.object_id}"}
        )
        graph.delete(f"/groups/{viewers}/members/{olu.object_id}/$ref")
        graph.delete(f"/groups/{sales}/members/{olu.object_id}/$ref")
        ended = datetime.now(UTC).replace(microsecond=0)  # as the watcher writes it, within the second
        deployment.identity = "auditor"
        audited = read(
            deployment.live().graph, DeclaredStack("local", settings), began - timedelta(minutes=1), (olu.object_id,)
        )
    finally:
        for live in deployment.lives:
            live.close()
        tenants.stop(deployment.world)
    session = {
        "kind": "session",
        "userId": 1,
        "tenantId": settings.tenant_id,
        "objectId": olu.object_id,
        "signedInAt": (began - timedelta(hours=1)).isoformat(),
        "endsAt": (began + timedelta(hours=8)).isoformat(),
        "endedAt": ended.isoformat(),
        "whyEnded": "no role left",
    }
    seen = audit(
        audited,
        {URL: replace(records(session), until=ended + timedelta(minutes=1))},
        declared=(),
        credential=settings.credential,
        watcher_credential=watcher_credential(settings),
        settings=settings,
        now=ended,
        since=began - timedelta(days=1),
    )
    told = [(one.move.change.group, one.how, one.session_ended) for one in seen.left if one.move.change.at >= began]
    assert told == [
        ("airflow-local-viewers", "kept access", None),
        ("airflow-local-sales", "ended", ended),
    ]
    assert seen.left[-1].seconds is not None
    assert seen.left[-1].seconds <= (ended - began).total_seconds()
