"""The stand-in makes the calls that the official azuread 6.11.1 made, and leaves the state that it left.

The recording holds one `up` and one `refresh` of the same twelve resources.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from engine.standins.azuread.package import AzureAd
from engine.standins.values import Secret
from tests.engine.graph_double import ADA, CALLER, SECRET, GraphDouble
from tests.engine.standin import Engine, Resource

DATA = Path(__file__).with_name("data")
STATE: list[dict[str, Any]] = json.loads((DATA / "official-azuread-state.json").read_text())
ORDER = {  # as the recording's dependencies want it; the name is only ours
    "viewers": 5,
    "ops": 6,
    "admins": 8,
    "app": 0,
    "password": 3,
    "federated": 4,
    "principal": 1,
    "grant": 2,
    "member": 7,
    "assignment": 9,
    "policy": 10,
}
APP, PRINCIPAL = "d543dc5b-4ab0-4511-95a2-f48b15998823", "d926c351-0ce6-412a-9834-238b68529c7e"
CLIENT = "b6a38a6f-a3fc-40af-aad6-04f70261c288"
VIEWERS, OPS = "78a790c0-a7e1-41fe-8136-687b13be7389", "8336531c-8422-4e92-8daf-43ebf6ae1995"
ADMINS = "b531f814-0569-435e-9e1e-106be6a052cd"
IDS = {
    "airflow-prod-viewers": VIEWERS,
    "airflow-prod-ops": OPS,
    "airflow-prod-admins": ADMINS,
    "Airflow (prod)": APP,
    "clientId": CLIENT,
    CLIENT: PRINCIPAL,
    "password": "7319ea39-cdfa-43ff-a695-80945d8c2f87",
    "federatedIdentityCredentials": "f5dfdbd0-3669-4a14-a800-d95a002344f0",
    "oauth2PermissionGrants": "d06dbf0b-607e-4d1e-84ab-e7b91f24484f",
    "appRoleAssignedTo": "9ee0fc01-8475-44aa-9841-1d4868343c67",
    "policies": "7da7b81a-5eef-46d5-8c98-693bfef8129f",
}

Line = tuple[str, str, str, str]
"""Method, path, query and body, with what is random taken out."""


def line(method: str, path: str, query: str, body: Any) -> Line:
    text = json.dumps(body, sort_keys=True)
    text = re.sub(r"TERRAFORM_UPDATE_[0-9a-f-]{36}", "TERRAFORM_UPDATE_<uuid>", text)
    text = re.sub(r'"mailNickname": "[0-9a-f]{8}-[0-9a-f]"', '"mailNickname": "<random>"', text)
    return method, path, query, text


def without_repetitions(lines: Iterable[Line]) -> list[Line]:
    """The official provider polls five times where the stand-in asks once."""
    result: list[Line] = []
    for each in lines:
        if not (result and result[-1] == each and each[0] == "GET"):
            result.append(each)
    return result


def recorded(name: str) -> list[Line]:
    rows = [json.loads(row) for row in (DATA / name).read_text().splitlines()]
    return [line(r["method"], r["path"], r["query"], r["request"]) for r in rows if r["host"] == "graph.microsoft.com"]


def made(double: GraphDouble) -> list[Line]:
    return [line(call.method, call.path, call.query, call.body) for call in double.graph_calls()]


@pytest.fixture
def double() -> GraphDouble:
    return GraphDouble(ids=dict(IDS))


@pytest.fixture
def engine_side(double: GraphDouble) -> Engine:
    side = Engine(AzureAd("6.11.1", double.client))
    side.configure(tenantId="22222222-2222-2222-2222-222222222222", clientId="client", clientSecret="secret")
    return side


def inputs_of(row: int) -> dict[str, Any]:
    """What the recorded program said: the checked inputs without what the provider had filled in."""

    def said(value: Any) -> Any:
        if isinstance(value, dict):
            skipped = {"__defaults", *value.get("__defaults", [])}
            return {key: said(item) for key, item in value.items() if key not in skipped}
        return [said(item) for item in value] if isinstance(value, list) else value

    result: dict[str, Any] = said(STATE[row]["inputs"])
    return result


def create_all(side: Engine) -> dict[str, Resource]:
    return {name: side.create(STATE[row]["type"], name, inputs_of(row)) for name, row in ORDER.items()}


def mentions(*ids: str) -> Callable[[Line], bool]:
    return lambda each: any(item in each[1] or item in unquote_plus(each[2]) for item in ids)


def by_group(group: str, name: str) -> Callable[[Line], bool]:
    created = f'"displayName": "{name}"'
    duplicates = f"$filter=displayName eq '{name}'"

    def belongs(each: Line) -> bool:
        if each[1] == "/beta/groups":
            return created in each[3] or unquote_plus(each[2]) == duplicates
        if group == ADMINS and each[1] == f"/v1.0/directoryObjects/{ADA}":
            return True
        return group in each[1]

    return belongs


FAMILIES: dict[str, Callable[[Line], bool]] = {
    "a dynamic group": by_group(VIEWERS, "airflow-prod-viewers"),
    "a group without members and its member": by_group(OPS, "airflow-prod-ops"),
    "a group with owners, members and a unique name": by_group(ADMINS, "airflow-prod-admins"),
    "an application and its credentials": lambda each: each[1] == "/v1.0/applications" or APP in each[1],
    "a service principal, its grant and its assignment": lambda each: (
        (each[1] == "/v1.0/servicePrincipals" and (CLIENT in each[2] or CLIENT in each[3]))
        or mentions(PRINCIPAL)(each)
        or "oauth2PermissionGrants" in each[1]
    ),
    "a conditional access policy": lambda each: "conditionalAccess" in each[1],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_create_makes_the_recorded_calls(family: str, double: GraphDouble, engine_side: Engine) -> None:
    create_all(engine_side)
    belongs = FAMILIES[family]
    official = without_repetitions(filter(belongs, recorded("official-azuread-create.jsonl")))
    if family.startswith("a group with owners"):
        del official[-2:]  # the look-up of the same group by getGroup, which the recorded program called too
    assert without_repetitions(filter(belongs, made(double))) == official


def test_owners_are_looked_up_once_for_each_type_they_could_have(double: GraphDouble, engine_side: Engine) -> None:
    engine_side.create(STATE[8]["type"], "admins", inputs_of(8))
    look_up = ("GET", f"/v1.0/directoryObjects/{ADA}", "", "null")
    assert made(double).count(look_up) == recorded("official-azuread-create.jsonl").count(look_up) == 3


def test_the_requests_of_a_refresh_are_the_recorded_ones(double: GraphDouble, engine_side: Engine) -> None:
    resources = create_all(engine_side)
    double.calls.clear()
    for resource in resources.values():
        engine_side.refresh(resource)
    official = recorded("official-azuread-refresh.jsonl")[:-8]  # without the functions' calls at the end
    assert sorted(made(double)) == sorted(official)


@pytest.mark.parametrize(("name", "row"), ORDER.items())
def test_the_state_is_the_recorded_one(name: str, row: int, engine_side: Engine) -> None:
    resource = create_all(engine_side)[name]
    official = STATE[row]
    if name == "password":
        assert resource.outputs.pop("value") == Secret(SECRET)
        assert official["outputs"].pop("value") == {"secret": True}
    outputs = dict(resource.outputs)
    if "mailNickname" in outputs:  # random
        outputs["mailNickname"] = official["outputs"]["mailNickname"]
    assert resource.id == official["id"]
    assert resource.inputs == official["inputs"]
    assert outputs == official["outputs"]


@pytest.mark.parametrize(("name", "row"), ORDER.items())
def test_nothing_differs_after_a_create_and_after_a_refresh(name: str, row: int, engine_side: Engine) -> None:
    resource = create_all(engine_side)[name]
    assert engine_side.changes(resource, inputs_of(row)) == {}
    refreshed = engine_side.refresh(resource)
    assert refreshed == resource
    assert engine_side.changes(refreshed, inputs_of(row)) == {}


def test_the_functions_make_the_recorded_calls(double: GraphDouble, engine_side: Engine) -> None:
    engine_side.create(STATE[8]["type"], "admins", inputs_of(8))
    double.calls.clear()
    user = engine_side.invoke("azuread:index/getUser:getUser", userPrincipalName="ada@contoso.com")
    engine_side.invoke(
        "azuread:index/getServicePrincipal:getServicePrincipal", clientId="00000003-0000-0000-c000-000000000000"
    )
    group = engine_side.invoke(
        "azuread:index/getGroup:getGroup", displayName="airflow-prod-admins", securityEnabled=True
    )
    official = recorded("official-azuread-refresh.jsonl")[-8:]
    assert made(double) == official
    assert user["objectId"] == ADA
    assert (group["objectId"], group["owners"], group["members"]) == (ADMINS, sorted([ADA, CALLER]), [ADA])
