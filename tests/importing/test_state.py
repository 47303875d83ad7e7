"""What is done to an exported state, and how a preview's steps are told: on recorded shapes of the real engine."""

from __future__ import annotations

from typing import Any

from airflow_entra.directory.registered import LifetimePolicy, Secret
from airflow_entra.finding import exit_code
from airflow_entra.importing.changes import changes
from airflow_entra.importing.differences import differences
from airflow_entra.importing.report import FAIL_ON, Report, conclusion, render
from airflow_entra.importing.state import dynamic_resources, held, importable, settled
from airflow_entra.pulumi.resource_types import (
    APPLICATION,
    GROUP,
    LIFETIME,
    LIFETIME_ASSIGNMENT,
    PASSWORD,
    SECRET,
    VAULT,
)

PREFIX = "urn:pulumi:prod::airflow-entra::airflow-entra:index:AirflowSignOn"
PART = f"{PREFIX}$airflow-entra:index:TokenLifetime::token-lifetime"
POLICY = LifetimePolicy("p1", "8 hours", "08:00:00", others=0)
IDS = {(LIFETIME, "token-lifetime-policy"): "p1", (LIFETIME_ASSIGNMENT, "token-lifetime-assignment"): "a1/p1"}


def urn(kind: str, name: str) -> str:
    return f"{PREFIX}$airflow-entra:index:TokenLifetime${kind}::{name}"


def create(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    state = {
        "urn": urn(kind, name),
        "type": kind,
        "custom": True,
        "parent": PART,
        "inputs": inputs,
        "provider": "later",
    }
    return {"op": "create", "urn": state["urn"], "newState": state}


def update(
    kind: str, name: str, old: dict[str, Any], new: dict[str, Any], *paths: str, op: str = "update"
) -> dict[str, Any]:
    return {
        "op": op,
        "urn": urn(kind, name),
        "oldState": {"type": kind, "inputs": old},
        "newState": {"type": kind, "inputs": new},
        "detailedDiff": dict.fromkeys(paths),
    }


STEPS = [
    create(LIFETIME_ASSIGNMENT, "token-lifetime-assignment", __provider="x", application="?", policy="?", tenantId="t"),
    create(LIFETIME, "token-lifetime-policy", __provider="x", displayName="Airflow", lifetime="04:00:00", tenantId="t"),
]


def export(*resources: dict[str, Any]) -> dict[str, Any]:
    part = {"urn": PART, "type": "airflow-entra:index:TokenLifetime", "custom": False}
    return {"version": 3, "deployment": {"resources": [part, *resources]}}


def test_the_dynamic_resources_are_written_as_they_are_today_once_and_in_order() -> None:
    found = settled(export(), STEPS, IDS, POLICY)
    assert found is not None
    _, provider, policy, assignment = found["deployment"]["resources"]
    assert provider["type"] == "pulumi:providers:pulumi-python"
    assert (policy["id"], assignment["id"]) == ("p1", "a1/p1")
    assert policy["inputs"] == {"__provider": "x", "displayName": "8 hours", "lifetime": "08:00:00", "tenantId": "t"}
    assert policy["outputs"] == policy["inputs"] | {"organizationDefault": ""}
    assert assignment["inputs"] == {"__provider": "x", "application": "a1", "policy": "p1", "tenantId": "t"}
    assert {policy["provider"], assignment["provider"]} == {f"{provider['urn']}::{provider['id']}"}
    assert dynamic_resources(found) == 2
    assert settled(found, STEPS, IDS, POLICY) is None


def test_nothing_is_written_for_what_is_not_there() -> None:
    assert settled(export(), STEPS, {}, None) is None
    bare = {"version": 3, "deployment": {"resources": []}}
    assert settled(bare, STEPS, IDS, POLICY) is None


def test_what_azure_filled_in_is_no_difference_and_what_somebody_said_stays() -> None:
    said = {"properties": {"sku": "standard"}, "name": "kv"}
    got = said | {
        "properties": {"sku": "standard", "accessPolicies": [], "soft": True},
        "tags": {},
        "principalType": "User",
    }
    vault = {"urn": urn(VAULT, "vault"), "type": VAULT, "inputs": got}
    group = {"urn": urn(GROUP, "g"), "type": GROUP, "inputs": {"owners": []}}
    steps = [update(VAULT, "vault", got, said, "tags"), update(GROUP, "g", {"owners": []}, {}, "owners")]
    found = settled(export(vault, group), steps, {}, None)
    assert found is not None
    assert found["deployment"]["resources"][1]["inputs"] == said | {"properties": {"sku": "standard", "soft": True}}
    assert found["deployment"]["resources"][2] == group


def test_only_what_is_there_is_imported() -> None:
    listed = {
        "nameTable": {"part": "urn"},
        "resources": [
            {"type": "airflow-entra:index:AirflowSignOn", "name": "airflow", "component": True},
            {"type": APPLICATION, "name": "application", "id": "<PLACEHOLDER>", "parent": "airflow"},
            {"type": PASSWORD, "name": "slot-a", "id": "<PLACEHOLDER>"},
            {"type": LIFETIME, "name": "token-lifetime-policy", "id": "<PLACEHOLDER>"},
            {"type": GROUP, "name": "g", "id": "<PLACEHOLDER>", "provider": "unknown"},
        ],
    }
    ids = {(APPLICATION, "application"): "/applications/1", (GROUP, "g"): "/groups/1", **IDS}
    found = importable(listed, ids)
    assert found is not None
    assert [(one["name"], one.get("id")) for one in found["resources"]] == [
        ("airflow", None),
        ("application", "/applications/1"),
    ]
    assert importable(listed, {}) is None
    assert importable({}, ids) is None  # so Pulumi writes that everything is in the state already


ROLE = {"id": "r1", "value": "airflow_admin", "description": "by hand"}


def test_lists_are_compared_by_what_is_in_them() -> None:
    old = {"roles": [ROLE, {"id": "r2", "value": "Op"}], "uris": ["b", "a"], "__defaults": ["x"]}
    new = {"roles": [ROLE | {"value": "Admin"}], "uris": ["a", "c"], "__defaults": []}
    assert [(one.path, one.before, one.after) for one in changes(old, new)] == [
        ("roles[airflow_admin].value", "airflow_admin", "Admin"),
        ("roles[Op]", '{"id": "r2", "value": "Op"}', ""),
        ("uris", "b", ""),
        ("uris", "", "c"),
    ]


def test_a_preview_is_told_without_what_does_not_change_and_without_secrets() -> None:
    secret = {"properties": {"value": "[secret]"}}
    steps = [
        {"op": "same", "urn": urn(GROUP, "g"), "newState": {"type": GROUP}},
        create("airflow-entra:index:RoleGroups", "part"),
        create(PASSWORD, "slot-a", value="[secret]"),
        update(SECRET, "client-secret", {}, secret, "properties.value"),
        update(APPLICATION, "application", {"a": "1\x1b[2J"}, {"a": "2", "b": False, "c": 1}, "a"),
        update(GROUP, "g2", {"name": "a"}, {"name": "b"}, "name", op="create-replacement"),
        update(GROUP, "g2", {"name": "a"}, {"name": "b"}, "name", op="replace"),
        {"op": "delete", "urn": urn(GROUP, "g3"), "oldState": {"type": GROUP}},
    ]
    found = {one.name: one for one in differences(steps)}
    assert {name: one.operation for name, one in found.items()} == {
        "slot-a": "create",
        "client-secret": "update",
        "application": "update",
        "g2": "replace",
        "g3": "delete",
    }
    assert [name for name, one in found.items() if one.expected] == ["slot-a", "client-secret"]
    assert [one.path for one in found["application"].properties] == ["a"]
    report = Report("prod", "stacks/Pulumi.prod.yaml", written=True, imported=3, differing=tuple(found.values()))
    for form in ("text", "markdown", "json"):
        assert "\x1b" not in render(report, form)
    (finding,) = report.findings
    assert "change 5 resources (2 because a client secret can't be taken over), and delete or replace 2" in finding.what
    assert conclusion(report).startswith("1 error. ")
    assert exit_code(report.findings, FAIL_ON) == 1
    again = Report("prod", "f", written=False, imported=0)
    assert conclusion(again).startswith("Nothing to import. ")
    assert exit_code(again.findings, FAIL_ON) == 0


def test_the_secrets_that_the_state_has_are_the_stack_s_own() -> None:
    ours, other = Secret("5F0C", "slot-a", ""), Secret("7a1b", "slot-a", "")
    slot = {"type": PASSWORD, "urn": urn(PASSWORD, "slot-a"), "outputs": {"keyId": "5f0c"}}
    assert held((ours, other), {"deployment": {"resources": [slot, {"type": GROUP, "urn": urn(GROUP, "g")}]}}) == [ours]
    assert held((ours, other), {"deployment": {}}) == []
