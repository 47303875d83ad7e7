"""The dynamic provider against a small directory that keeps Graph's rules about these policies."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pulumi.dynamic.dynamic import serialize_provider

from airflow_entra.components import token_lifetime_provider as provider
from airflow_entra.components.token_lifetime_provider import AssignmentProvider, PolicyConflictError, PolicyProvider
from airflow_entra_auth.graph import Graph

POLICY = {"tenantId": "t", "displayName": "Airflow token lifetime (dev)", "lifetime": "08:00:00"}
MARK = {"__provider": "as serialised"}


class Directory:
    """Policies by id and which of them each application has; answers as Graph does."""

    def __init__(self) -> None:
        self.policies: dict[str, dict[str, Any]] = {}
        self.assigned: dict[str, list[str]] = {"app": []}
        self.changes: list[str] = []
        self.reader = False
        """Whoever asks may read everything and write nothing."""
        self.unseen: dict[str, int] = {}
        """How many more times an object isn't to be seen."""

    def add(self, name: str, *, default: bool = False, lifetime: str = "1:00:00") -> str:
        id_ = f"p{len(self.policies) + 1}"
        definition = [provider.definition(lifetime)]
        self.policies[id_] = {
            "id": id_,
            "displayName": name,
            "definition": definition,
            "isOrganizationDefault": default,
        }
        return id_

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1.0").strip("/").split("/")
        body = json.loads(request.content) if request.content else {}
        if request.method != "GET":
            self.changes.append(f"{request.method} {'/'.join(path)}")
        for id_, times in self.unseen.items():
            if times and id_ in (*path, str(body.get("@odata.id", "")).rpartition("/")[2]):
                self.unseen[id_] -= 1
                return _missing(id_)
        match request.method, path:
            case "GET", ["policies", _]:
                return httpx.Response(200, json={"value": list(self.policies.values())})
            case "POST", ["policies", _]:
                id_ = self.add(body["displayName"])
                self.policies[id_] |= body
                return httpx.Response(201, json=self.policies[id_])
            case _, ["policies", _, id_] if id_ not in self.policies:
                return _missing()
            case "GET", ["policies", _, id_]:
                return httpx.Response(200, json=self.policies[id_])
            case "PATCH", ["policies", _, id_]:
                self.policies[id_] |= body
                return httpx.Response(204)
            case "DELETE", ["policies", _, id_]:
                del self.policies[id_]
                return httpx.Response(204)
            case "GET", ["policies", _, id_, "appliesTo"]:
                having = [app for app, ids in self.assigned.items() if id_ in ids]
                return httpx.Response(200, json={"value": [{"id": app} for app in having]})
            case _, ["applications", app, *_] if app not in self.assigned:
                return _missing()
            case _, ["applications", *_] if self.reader:
                return httpx.Response(403, json={"error": {"code": "Authorization_RequestDenied", "message": "no"}})
            case "GET", ["applications", app, _]:
                return httpx.Response(200, json={"value": [self.policies[id_] for id_ in self.assigned[app]]})
            case "POST", ["applications", app, _, "$ref"]:
                self.assigned[app].append(body["@odata.id"].rpartition("/")[2])
                return httpx.Response(204)
            case "DELETE", ["applications", app, _, id_, "$ref"] if id_ in self.assigned[app]:
                self.assigned[app].remove(id_)
                return httpx.Response(204)
        return _missing()


def _missing(id_: str = "x") -> httpx.Response:
    said = f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present."
    return httpx.Response(404, json={"error": {"code": "Request_ResourceNotFound", "message": said}})


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Directory]:
    one = Directory()
    with httpx.Client(transport=httpx.MockTransport(one.answer)) as client:
        monkeypatch.setattr(provider, "_graph", lambda props: Graph(lambda: "t", client=client))
        yield one


@pytest.mark.parametrize(
    ("instance", "golden"),
    [
        (
            PolicyProvider(),
            "gASVSgAAAAAAAACMMGFpcmZsb3dfZW50cmEuY29tcG9uZW50cy50b2tlbl9saWZldGltZV9wcm92aWRlcpSMDlBvbGljeVByb3ZpZGVylJOU"
            "KYGULg==",
        ),
        (
            AssignmentProvider(),
            "gASVTgAAAAAAAACMMGFpcmZsb3dfZW50cmEuY29tcG9uZW50cy50b2tlbl9saWZldGltZV9wcm92aWRlcpSMEkFzc2lnbm1lbnRQcm92aWRl"
            "cpSTlCmBlC4=",
        ),
    ],
)
def test_what_the_state_holds_is_the_same_in_every_release(instance: Any, golden: str) -> None:
    """A reference to the class, nothing else. A change here would break the destroy of every stack there is."""
    serialised = serialize_provider(instance)
    assert serialised == golden
    name = type(instance).__name__
    assert base64.b64decode(serialised).endswith(
        b"airflow_entra.components.token_lifetime_provider\x94\x8c"
        + bytes([len(name)])
        + name.encode()
        + b"\x94\x93\x94)\x81\x94."
    )
    assert instance.serialize_as_secret_always is False


def test_a_policy_is_made_read_changed_and_deleted(directory: Directory) -> None:
    policies = PolicyProvider()
    made = policies.create(POLICY | MARK)
    assert directory.policies[made.id]["definition"] == [
        '{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"08:00:00"}}'
    ]
    assert made.outs == {**POLICY, "organizationDefault": ""}

    read = policies.read(made.id, {**POLICY, **MARK, "organizationDefault": ""})
    assert (read.id, read.outs, read.inputs) == (made.id, made.outs, POLICY)

    policies.update(made.id, POLICY | MARK, POLICY | MARK | {"lifetime": "10:00:00"})
    drifted = policies.read(made.id, POLICY | MARK)
    assert drifted.inputs == POLICY | {"lifetime": "10:00:00"}

    policies.delete(made.id, POLICY | MARK)
    assert directory.policies == {}
    assert policies.read(made.id, POLICY | MARK).id == ""
    policies.delete(made.id, POLICY | MARK)  # gone already is fine


def test_an_existing_policy_is_adopted_and_outlives_the_stack(directory: Directory) -> None:
    theirs = directory.add("Made by hand")
    adopting = POLICY | MARK | {"existing": theirs}
    assert PolicyProvider().create(adopting).id == theirs
    assert len(directory.policies) == 1
    assert provider.lifetime_of(directory.policies[theirs]) == "08:00:00"
    PolicyProvider().delete(theirs, adopting)
    assert theirs in directory.policies


def test_what_an_interrupted_create_left_is_taken_up_again(directory: Directory) -> None:
    left = directory.add(POLICY["displayName"])
    assert PolicyProvider().create(POLICY | MARK).id == left


def test_a_policy_of_the_same_name_that_rules_something_is_somebody_elses(directory: Directory) -> None:
    theirs = directory.add(POLICY["displayName"])
    directory.assigned["another app"] = [theirs]
    assert PolicyProvider().create(POLICY | MARK).id != theirs


def test_an_organisations_default_is_told(directory: Directory) -> None:
    directory.add("Short tokens for all", default=True)
    made = PolicyProvider().create(POLICY | MARK)
    assert made.outs
    assert made.outs["organizationDefault"] == "Short tokens for all"


@pytest.mark.parametrize(
    ("changed", "changes", "replaces"),
    [
        ({}, False, []),
        ({"lifetime": "09:00:00"}, True, []),
        ({"displayName": "x"}, True, []),
        ({"existing": "p9"}, True, ["existing"]),
        ({"tenantId": "other"}, True, ["tenantId"]),
        ({"__provider": "serialised otherwise"}, True, []),
    ],
)
def test_a_policy_differs_where_something_it_says_differs(
    changed: dict[str, str], changes: bool, replaces: list[str]
) -> None:
    old = {**POLICY, **MARK, "organizationDefault": "said by Entra"}
    diff = PolicyProvider().diff("p1", old, POLICY | MARK | changed)
    assert (diff.changes, diff.replaces) == (changes, replaces)


def assignment(policy: str) -> dict[str, str]:
    return {"tenantId": "t", "application": "app", "policy": policy}


def test_who_only_reads_sees_an_assignment_from_the_policy_s_side(directory: Directory) -> None:
    policy, assignments = directory.add("ours"), AssignmentProvider()
    made = assignments.create(assignment(policy) | MARK)
    directory.reader = True
    assert assignments.read(made.id, assignment(policy) | MARK).id == made.id
    directory.assigned["app"] = []
    assert assignments.read(made.id, assignment(policy) | MARK).id == ""


def test_an_assignment_is_made_read_and_taken_away(directory: Directory) -> None:
    policy, assignments = directory.add("ours"), AssignmentProvider()
    made = assignments.create(assignment(policy) | MARK)
    assert (made.id, made.outs) == (f"app/{policy}", assignment(policy))
    assert directory.assigned["app"] == [policy]
    assert assignments.read(made.id, assignment(policy) | MARK).inputs == assignment(policy)

    assignments.delete(made.id, assignment(policy) | MARK)
    assert directory.assigned["app"] == []
    assert assignments.read(made.id, assignment(policy) | MARK).id == ""
    assignments.delete(made.id, assignment(policy) | MARK)


def test_an_assignment_that_is_there_already_is_taken_up(directory: Directory) -> None:
    policy = directory.add("ours")
    directory.assigned["app"] = [policy]
    AssignmentProvider().create(assignment(policy) | MARK)
    assert directory.changes == []


def test_another_policy_on_the_application_is_a_conflict_that_names_it(directory: Directory) -> None:
    theirs, ours = directory.add("Somebody's"), directory.add("ours")
    directory.assigned["app"] = [theirs]
    with pytest.raises(PolicyConflictError, match=rf"Somebody's \({theirs}\)"):
        AssignmentProvider().create(assignment(ours) | MARK)
    assert directory.changes == []


@pytest.mark.parametrize("unseen", ["app", "p1"])
def test_application_and_policy_were_made_a_moment_ago(
    directory: Directory, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], unseen: str
) -> None:
    """An object of this run that Entra doesn't show yet is waited for, and nothing is done twice."""
    policy = directory.add("ours")
    directory.assigned["app"] = []
    directory.unseen = {unseen: 2}
    monkeypatch.setattr("airflow_entra.directory.replication._PAUSES", (0.0,))
    provider.AssignmentProvider().create(assignment(policy))
    assert directory.assigned["app"] == [policy]
    assert f"Entra doesn't show {unseen}" in capfd.readouterr().err


def test_an_assignment_goes_with_its_application(directory: Directory) -> None:
    gone = {"tenantId": "t", "application": "gone", "policy": "p1"}
    assert AssignmentProvider().read("gone/p1", gone | MARK).id == ""
    AssignmentProvider().delete("gone/p1", gone | MARK)


def test_a_changed_assignment_is_taken_away_before_the_next_because_there_can_be_one() -> None:
    diff = AssignmentProvider().diff("app/p1", assignment("p1") | MARK, assignment("p2") | MARK)
    assert (diff.changes, diff.replaces, diff.delete_before_replace) == (True, ["policy"], True)
    same = AssignmentProvider().diff("app/p1", assignment("p1") | MARK, assignment("p1") | MARK)
    assert (same.changes, same.replaces) == (False, [])


@pytest.mark.parametrize(("written", "read"), [("8:00:00", "08:00:00"), ("23:59:59", "23:59:59"), ("1.00:00:00",) * 2])
def test_lifetimes_compare_however_they_were_written(written: str, read: str) -> None:
    assert provider.lifetime_of({"definition": [provider.definition(written)]}) == read
