"""What an audit asks the directory: everything about the stack's own application and groups, and nothing beyond."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.access.names import mail_nickname
from airflow_entra.directory.audited import Audited, Owner, read
from airflow_entra.directory.changes import last_change
from airflow_entra.directory.membership import NotDeployedError
from airflow_entra.settings import load
from airflow_entra.settings.model import ExistingIdentity, Watcher
from airflow_entra_auth.graph import Graph, GraphError

LOCAL = Path(__file__).parents[2] / "stacks" / "Pulumi.local.yaml"
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
USER, GROUP = "#microsoft.graph.user", "#microsoft.graph.group"
GROUPS = {"airflow-local-admins": "g1", "airflow-local-viewers": "g2", "airflow-local-sales": "g3"}
ANALYSTS = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"@odata.type": USER, "id": name, "displayName": name.title(), "userPrincipalName": f"{name}@c.com"} | more


def assigned(id_: str, name: str, kind: str) -> dict[str, str]:
    return {"principalId": id_, "principalDisplayName": name, "appRoleId": "r1", "principalType": kind}


def entry(activity: str, *targets: dict[str, Any], by: str = "carl@c.com") -> dict[str, Any]:
    return {
        "activityDateTime": "2026-11-20T10:00:00Z",
        "activityDisplayName": activity,
        "initiatedBy": {"user": {"userPrincipalName": by}},
        "targetResources": list(targets),
    }


class Tenant:
    """A tenant with stack local deployed, behind httpx; `answers` replace what a path gives: a status or a list."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[str] = []
        self.disabled: set[str] = set()
        self.answers: dict[str, Any] = {
            "/applications": [{"id": "app", "appId": "client", "passwordCredentials": [
                {"keyId": "k", "displayName": "a", "endDateTime": "2027-01-01T00:00:00Z"}]}],
            "/servicePrincipals": [{"id": "sp", "appId": "client", "appRoleAssignmentRequired": True,
                                    "appRoles": [{"id": "r1", "value": "Admin"}]}],
            "/servicePrincipals/sp/appRoleAssignedTo": [
                assigned("g1", "airflow-local-admins", "Group"),
                assigned("dan", "Dan", "User"),
                assigned("bot", "Bot", "ServicePrincipal"),
            ],
            "/applications#watcher": [{"id": "watcher-app", "appId": "watcher-client"}],
            "/servicePrincipals#watcher": [{"id": "watcher-sp", "appId": "watcher-client", "keyCredentials": [
                {"keyId": "k", "displayName": "CN=b", "endDateTime": "2027-01-01T00:00:00Z"}]}],
            "/applications/watcher-app/owners": [{"id": "eve", "displayName": "Eve"}],
            "/applications/watcher-app/federatedIdentityCredentials": [
                {"id": "3", "name": "ci", "issuer": "https://ci", "subject": "repo"}],
            "/servicePrincipals/watcher-sp/appRoleAssignments": [
                {"resourceDisplayName": "Microsoft Graph", "resourceId": "graph", "appRoleId": "19dbc75e"}],
            "/groups": [],
            "/groups/g1/members": [person("ada"), {"@odata.type": GROUP, "id": "inner", "displayName": "inner"}],
            "/groups/inner/transitiveMembers": [person("ines", accountEnabled=False)],
            "/applications/app/federatedIdentityCredentials": [
                {"id": "1", "name": "airflow", "issuer": "https://platform", "subject": "airflow"},
                {"id": "2", "name": "by rule", "issuer": "https://platform", "claimsMatchingExpression": {}},
            ],
            "/servicePrincipals/sp/oauth2PermissionGrants": [
                {"consentType": "AllPrincipals", "scope": " openid profile "},
                {"consentType": "Principal", "scope": "Mail.Read"},
            ],
            "/servicePrincipals/sp/appRoleAssignments": [
                {"resourceDisplayName": "Microsoft Graph", "resourceId": "graph", "appRoleId": "9e3f62cf"}
            ],
            "/auditLogs/directoryAudits": [],
        }  # fmt: skip
        self.answers |= answers
        self.graph = Graph(lambda: "t", client=httpx.Client(transport=httpx.MockTransport(self._answer)), patience=0)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1.0")
        query = parse_qs(str(request.url.query, "ascii"))
        self.asked.append(path)
        if path == "/directoryObjects/getByIds":
            return httpx.Response(200, json={"value": self._objects(request)})
        if path == "/$batch":
            return httpx.Response(
                200, json={"responses": list(map(self._user, json.loads(request.content)["requests"]))}
            )
        if "watcher" in query.get("$filter", [""])[0]:
            path += "#watcher"
        found = self.answers.get(path, [])
        if path == "/groups":
            nickname = query["$filter"][0].partition("'")[2].rstrip("'")
            found = [{"id": id_} for name, id_ in GROUPS.items() if mail_nickname(name) == nickname]
        if isinstance(found, int):
            return httpx.Response(found, json={"error": {"code": "Authorization_RequestDenied", "message": "no"}})
        return httpx.Response(200, json={"value": found})

    def _user(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert "accountEnabled" in asked["url"]
        name = str(asked["url"]).removeprefix("/users/").partition("?")[0]
        return {"id": asked["id"], "status": 200, "body": person(name, accountEnabled=name not in self.disabled)}

    def _objects(self, request: httpx.Request) -> list[dict[str, Any]]:
        asked = json.loads(request.content)
        assert asked["types"] == ["group"], "an answer by id says nothing of accountEnabled"
        names = {id_: name for name, id_ in GROUPS.items()} | {ANALYSTS: "data-analysts"}
        return [{"id": id_, "displayName": names[id_]} for id_ in asked["ids"] if id_ in names and id_ != "g3"]


def seen(tenant: Tenant, licence: str = "P1", **more: Any) -> Audited:
    settings = load(LOCAL)
    settings = settings.model_copy(update={"tenant": settings.tenant.model_copy(update={"licence": licence})})
    return read(tenant.graph, DeclaredStack("local", settings), SINCE, **more)


def test_who_is_let_in_and_through_what() -> None:
    found = seen(Tenant())
    assert {one.id: one.enabled for one in found.directory.people} == {"ada": True, "ines": False, "dan": True}
    assert [one.principal for one in found.directory.registration.assigned] == ["g1", "dan"]
    assert [one.name for one in found.programs] == ["Bot"]
    assert found.missing == ("airflow-local-sales",)
    assert found.consents == frozenset({"openid", "profile"})
    assert found.personal_consents == {"Mail.Read": 1}
    application = found.application
    assert application.application_permissions == ("Microsoft Graph 9e3f62cf",)
    assert [(credential.kind, credential.name) for credential in application.credentials] == [("secret", "a")]
    assert [trusted.subject for trusted in application.trusted or ()] == ["airflow", "by a rule"]
    assert found.denied == ()


def test_what_the_watcher_proves_itself_with_and_may_do() -> None:
    (watcher,) = seen(Tenant()).watchers or ()
    assert watcher.owners == (Owner("eve", "Eve"),)
    assert [(key.kind, key.name, key.of_principal) for key in watcher.credentials] == [("certificate", "CN=b", True)]
    assert [trusted.issuer for trusted in watcher.trusted or ()] == ["https://ci"]
    assert watcher.application_permissions == ("Microsoft Graph 19dbc75e",)


def test_a_watcher_that_is_not_there_or_is_there_twice() -> None:
    assert seen(Tenant(**{"/applications#watcher": []})).watchers == ()
    two = [{"id": f"watcher-app-{number}", "appId": "watcher-client"} for number in (1, 2)]
    assert len(seen(Tenant(**{"/applications#watcher": two})).watchers or ()) == 2
    (without_principal,) = seen(Tenant(**{"/servicePrincipals#watcher": []})).watchers or ()
    assert without_principal.application_permissions == ()


def test_a_watcher_that_may_not_be_seen_is_not_one_that_is_not_there() -> None:
    for path in ("/applications#watcher", "/servicePrincipals#watcher"):
        found = seen(Tenant(**{path: 403}))
        assert found.watchers is None
        assert found.denied == ("the watcher's registration: Authorization_RequestDenied",)


def test_without_a_watcher_none_is_asked_for() -> None:
    tenant, settings = Tenant(), load(LOCAL)
    settings = settings.model_copy(update={"sign_in": settings.sign_in.model_copy(update={"revocation": "refresh"})})
    assert read(tenant.graph, DeclaredStack("local", settings), SINCE).watchers == ()
    assert not [path for path in tenant.asked if "watcher" in path]


def test_of_an_identity_that_existed_the_permissions_are_seen() -> None:
    """Its credentials are somebody else's to look after, which is said."""
    identity, settings = "0f6d2b1e-3c4a-4d5b-8e7f-a1b2c3d4e5f6", load(LOCAL)
    granted = {"resourceDisplayName": "Microsoft Graph", "resourceId": "graph", "appRoleId": "19dbc75e"}
    tenant = Tenant(**{f"/servicePrincipals/{identity}/appRoleAssignments": [granted]})
    existing = ExistingIdentity(object_id=identity, client_id=identity)
    settings = settings.model_copy(update={"watcher": Watcher(existing=existing)})
    found = read(tenant.graph, DeclaredStack("local", settings), SINCE)
    (watcher,) = found.watchers or ()
    assert (watcher.application_permissions, watcher.credentials) == (("Microsoft Graph 19dbc75e",), ())
    assert [said.partition(":")[0] for said in found.denied] == ["the watcher's credentials"]
    assert not [path for path in tenant.asked if "watcher-app" in path]


def test_somebody_who_is_assigned_in_person_may_be_disabled() -> None:
    tenant = Tenant()
    tenant.disabled = {"dan"}
    assert {one.id: one.enabled for one in seen(tenant).directory.people}["dan"] is False


def test_as_few_requests_as_there_are_lists() -> None:
    """The tenant's other people and groups are never asked for, however many there are."""
    tenant = Tenant()
    seen(tenant)
    groups = ["g1", "g2", ANALYSTS]
    assert sorted(tenant.asked) == sorted(
        [
            *("/applications", "/servicePrincipals", "/servicePrincipals/sp/appRoleAssignedTo"),
            *("/groups",) * len(GROUPS),
            *("/directoryObjects/getByIds", "/$batch"),
            *(f"/groups/{id_}/{what}" for id_ in groups for what in ("members", "owners")),
            "/groups/inner/transitiveMembers",
            *("/applications/app/owners", "/applications/app/federatedIdentityCredentials"),
            *("/applications", "/servicePrincipals", "/servicePrincipals/watcher-sp/appRoleAssignments"),
            *("/applications/watcher-app/owners", "/applications/watcher-app/federatedIdentityCredentials"),
            "/servicePrincipals/sp/claimsMappingPolicies",
            "/servicePrincipals/sp/oauth2PermissionGrants",
            *("/servicePrincipals/sp/appRoleAssignments", "/auditLogs/directoryAudits", "/auditLogs/directoryAudits"),
        ]
    )


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/auditLogs/directoryAudits", "who changed what"),
        ("/servicePrincipals/sp/oauth2PermissionGrants", "consents"),
        ("/servicePrincipals/sp/appRoleAssignments", "the application's permissions without a user"),
        ("/applications/app/federatedIdentityCredentials", "the application's federated credentials"),
        ("/applications/watcher-app/federatedIdentityCredentials", "the watcher's federated credentials"),
        ("/servicePrincipals/watcher-sp/appRoleAssignments", "the watcher's permissions without a user"),
        ("/groups/g1/owners", "who owns group airflow-local-admins"),
        ("/groups/g1/members", "the members of group airflow-local-admins"),
        ("/servicePrincipals/sp/claimsMappingPolicies", "claims mapping policies"),
    ],
)
def test_what_may_not_be_asked_is_said_and_is_no_error(path: str, what: str) -> None:
    found = seen(Tenant(**{path: 403}))
    assert [one.partition(":")[0].startswith(what) for one in found.denied] == [True]


@pytest.mark.parametrize("status", [400, 403, 429, 503])
def test_a_log_that_could_not_be_read_is_no_empty_log(status: int) -> None:
    found = seen(Tenant(**{"/auditLogs/directoryAudits": status}))
    assert (found.log_read, found.changes, found.rotations, len(found.denied)) == (False, (), (), 1)


def test_what_every_answer_needs_has_to_be_readable() -> None:
    for path in ("/servicePrincipals/sp/appRoleAssignedTo", "/applications"):
        with pytest.raises(GraphError):
            seen(Tenant(**{path: 403}))
    with pytest.raises(NotDeployedError):
        seen(Tenant(**{"/applications": []}))


def test_changes_are_those_of_the_stacks_people_and_groups() -> None:
    def member(group: str) -> dict[str, Any]:
        told = {"Group.ObjectID": group, "Group.DisplayName": "a name"}
        return {"modifiedProperties": [{"displayName": key, "newValue": f'"{value}"'} for key, value in told.items()]}

    user = {"type": "User", "id": "eve", "userPrincipalName": "eve@c.com"}
    group = {"type": "Group", "id": "g2", "displayName": "viewers"}
    log = [
        entry("Add member to group", user | member("g1")),
        entry("Add member to group", user | member("other"), {"type": "Group", "id": "other"}),
        entry("Add member to group", user | member("inner")),
        entry("Disable account", {"type": "User", "id": "ADA", "userPrincipalName": "ada@c.com"}),
        entry("Delete user", {"type": "User", "id": "gone", "userPrincipalName": "gone@c.com"}),
        entry("Delete user", {"type": "User", "id": "stranger"}),
        entry("Add app role assignment to group", {"type": "ServicePrincipal", "id": "sp"}, group),
        entry("Add app role assignment to group", {"type": "ServicePrincipal", "id": "other"}, group),
    ]
    found = seen(Tenant(**{"/auditLogs/directoryAudits": log[::-1]}), known=["gone"])  # the newest first
    assert [(one.activity, one.subject, one.group_id) for one in found.changes] == [
        ("Add member to group", "eve@c.com", "g1"),
        ("Add member to group", "eve@c.com", "inner"),
        ("Disable account", "ada@c.com", ""),
        ("Delete user", "gone@c.com", ""),
        ("Add app role assignment to group", "viewers", ""),
    ]
    assert {one.id for one in found.others} == {"eve", "gone"}


def test_what_the_registration_lets_happen() -> None:
    registered = {
        "id": "app",
        "appId": "client",
        "web": {"redirectUris": ["https://a"], "implicitGrantSettings": {"enableIdTokenIssuance": True}},
        "spa": {"redirectUris": ["https://b"]},
        "publicClient": {"redirectUris": ["http://localhost"]},
        "isFallbackPublicClient": True,
    }
    application = seen(Tenant(**{"/applications": [registered]})).application
    assert application.redirects == ("https://a", "https://b", "http://localhost")
    assert (application.implicit, application.public_client) == (("ID tokens",), True)
    assert application.ids == ("app", "sp")


def test_pim_is_asked_where_the_licence_has_it() -> None:
    path = "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
    eligible = {"principalId": "eve", "principal": {"displayName": "Eve"}, "endDateTime": "2027-01-01T00:00:00Z"}
    tenant = Tenant(**{path: [eligible]})
    assert seen(tenant).eligible == ()
    assert path not in tenant.asked
    found = seen(tenant, licence="P2").eligible
    assert {(one.id, one.name, one.group) for one in found} >= {("eve", "Eve", "airflow-local-admins")}
    for refused in (403, 501):  # the local tenant has no PIM
        assert len(seen(Tenant(**{path: refused}), licence="P2").denied) == 1


def test_who_changed_an_object_last() -> None:
    older, newer = entry("Update group", by="old@c.com"), entry("Delete group")
    older["activityDateTime"] = "2026-11-19T10:00:00Z"
    newer["initiatedBy"] = {"app": {"displayName": "Terraform"}}
    graph = Tenant(**{"/auditLogs/directoryAudits": [older, newer]}).graph
    assert last_change(graph, "g1", SINCE) == (datetime(2026, 11, 20, 10, tzinfo=UTC), "Terraform")
    assert last_change(Tenant().graph, "g1", SINCE) is None
