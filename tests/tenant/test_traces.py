"""What the official azuread provider asked for is answered as it was answered when it was recorded."""

import json
import re
from pathlib import Path

import pytest

from entra_local.azure import GRAPH_APP_ID
from entra_local.wire import JsonObject
from tests.tenant.directory import ADMIN, Graph
from tests.tenant.world import Tenant

DATA = Path(__file__).parent / "data"
CREATE = DATA / "official-azuread-create.jsonl"
REFRESH = DATA / "official-azuread-refresh.jsonl"

RECORDED_CALLER = "c00c7622-8bee-4a55-986b-2a0f18096191"
RECORDED_GRAPH = "d60e551c-1eab-46bb-a80c-61a439093e1f"
RECORDED_APP_ID = "b6a38a6f-a3fc-40af-aad6-04f70261c288"

RECORDED_IDS = {
    # What a POST made, told by its path and a property of its body, and the id that it had in the recording.
    ("groups", "airflow-prod-viewers"): "78a790c0-a7e1-41fe-8136-687b13be7389",
    ("groups", "airflow-prod-ops"): "8336531c-8422-4e92-8daf-43ebf6ae1995",
    ("groups", "airflow-prod-admins"): "b531f814-0569-435e-9e1e-106be6a052cd",
    ("applications", "Airflow (prod)"): "d543dc5b-4ab0-4511-95a2-f48b15998823",
    ("servicePrincipals", None): "d926c351-0ce6-412a-9834-238b68529c7e",
    ("oauth2PermissionGrants", None): "d06dbf0b-607e-4d1e-84ab-e7b91f24484f",
    ("federatedIdentityCredentials", None): "f5dfdbd0-3669-4a14-a800-d95a002344f0",
    ("policies", "Airflow sign-in frequency"): "7da7b81a-5eef-46d5-8c98-693bfef8129f",
    ("appRoleAssignedTo", None): "9ee0fc01-8475-44aa-9841-1d4868343c67",
}


def recorded(path: Path) -> list[JsonObject]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Replay:
    """Sends recorded requests with the ids of this tenant in place of the recorded ones."""

    def __init__(self, tenant: Tenant) -> None:
        self._graphs = {version: Graph(tenant, version=version) for version in ("v1.0", "beta")}
        found = self._graphs["v1.0"].get("/servicePrincipals", filter=f"appId eq '{GRAPH_APP_ID}'")
        self._ids = {RECORDED_CALLER: ADMIN["servicePrincipalId"], RECORDED_GRAPH: found["value"][0]["id"]}

    def __call__(self, request: JsonObject) -> None:
        _, version, path = self._mapped(request["path"]).split("/", 2)
        query = self._mapped(request["query"])
        body = json.loads(self._mapped(json.dumps(request["request"])))
        url = f"/{path}?{query}" if query else f"/{path}"
        made = self._graphs[version].request(request["method"], url, request["status"], body)
        if request["status"] == 201:
            self._learn(path, body, made)

    def _mapped(self, text: str) -> str:
        return re.sub(r"[0-9a-f-]{36}", lambda match: self._ids.get(match[0], match[0]), text)

    def _learn(self, path: str, body: JsonObject, made: JsonObject) -> None:
        collection = path.rpartition("/")[2]
        known = RECORDED_IDS.get((collection, body.get("displayName"))) or RECORDED_IDS[(collection, None)]
        self._ids[known] = made["id"]
        if collection == "applications":
            self._ids[RECORDED_APP_ID] = made["appId"]


def test_every_recorded_request_answers_as_recorded(graph: Graph) -> None:
    replay = Replay(graph.tenant)
    requests = [request for path in (CREATE, REFRESH) for request in recorded(path)]
    graph_requests = [request for request in requests if request["host"] == "graph.microsoft.com"]
    assert len(graph_requests) > 100
    for request in graph_requests:
        replay(request)


@pytest.mark.parametrize("path", [CREATE, REFRESH])
def test_the_recorded_sign_in_is_answered(tenant: Tenant, path: Path) -> None:
    sign_ins = [request for request in recorded(path) if request["host"] == "login.microsoftonline.com"]
    assert len(sign_ins) == 1
    answered = tenant.sign_in(tenant=sign_ins[0]["path"].split("/")[1], **sign_ins[0]["request"])
    assert answered.status == sign_ins[0]["status"]
