"""Azure DevOps in two steps: the service connections first, then bootstrap with what they show."""

from __future__ import annotations

import json

import pytest

from airflow_entra_auth.graph import GraphError
from tests.bootstrap.conftest import Begin
from tests.bootstrap.world import Bootstrapped, entra_issuer

pytestmark = pytest.mark.engine

SUBJECT = "/eid1/c/pub/t/b3V/a/b3Vy/sc/0f3c1f44-6f43-4b8e-a5f0-1c7d2f7f9a10"
OLD = "https://vstoken.dev.azure.com/0f3c1f44-6f43-4b8e-a5f0-1c7d2f7f9a10"


def test_the_connections_come_first_and_then_each_is_the_identity_that_it_is_named_for(begin: Begin) -> None:
    world = begin()
    asked = ("bootstrap", "--azure-devops", "contoso/data platform", "--environments", "local")
    world.asked = asked
    said = world.run("--yes", code=2).stderr
    assert "az devops service-endpoint list --organization https://dev.azure.com/contoso" in said
    assert applications(world) == []

    file = world.folder / "connections.json"
    issuer = entra_issuer(world.session)
    shown = {"airflow-entra-preview": f"{SUBJECT}/preview", "airflow-entra-local": f"{SUBJECT}/local"}
    file.write_text(json.dumps([{"name": name, "issuer": issuer, "subject": it} for name, it in shown.items()]))
    report = json.loads(world.run("--yes", "--connections", str(file), "--format", "json").stdout)
    clients = {one["name"]: one["value"] for one in report["variables"]}
    finished = [line for line in report["commands"] if line.startswith("# Finish the service connection ")]
    assert [line.rpartition(" ")[2] for line in finished] == [
        clients["AZURE_CLIENT_ID_PREVIEW"],
        clients["AZURE_CLIENT_ID"],
    ]
    client = clients["AZURE_CLIENT_ID"]
    with pytest.raises(GraphError) as signed_in:  # and granted nothing yet
        world.job(client, f"{SUBJECT}/local", issuer=issuer).asks().graph.get("/organization")
    assert signed_in.value.status == 403
    assert "AADSTS700213" in world.job(client, f"{SUBJECT}/preview", issuer=issuer).refused_sign_in()
    assert "AADSTS700211" in world.job(client, f"{SUBJECT}/local").refused_sign_in()

    assert "No changes" in world.run("--yes").stdout  # what was shown once stands
    old = world.run("--yes", "--trust", "local", OLD, "sc://contoso/data platform/airflow-entra-local").stdout
    assert "which Azure DevOps retires on 2027-07-01" in old
    assert "airflow-entra-preview trusts tokens of" not in old


def applications(world: Bootstrapped) -> list[str]:
    found = world.administrator().graph.pages("/applications")
    return [one["displayName"] for one in found if "airflow-entra-bootstrap" in (one.get("tags") or [])]
