"""What the azuread stand-in accepts, refuses, replaces, hides and imports."""

from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from engine.protocol import provider_pb2
from engine.standins.azuread.package import AzureAd
from engine.standins.values import UNKNOWN, Secret, read_struct, write_struct
from tests.engine.graph_double import ADA, CALLER, SECRET, Call, GraphDouble, refusal
from tests.engine.standin import Engine, Refused, Resource

APPLICATION = "azuread:index/application:Application"
ASSIGNMENT = "azuread:index/appRoleAssignment:AppRoleAssignment"
CERTIFICATE = "azuread:index/applicationCertificate:ApplicationCertificate"
FEDERATED = "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential"
GROUP = "azuread:index/group:Group"
PASSWORD = "azuread:index/applicationPassword:ApplicationPassword"
POLICY = "azuread:index/conditionalAccessPolicy:ConditionalAccessPolicy"
PRINCIPAL = "azuread:index/servicePrincipal:ServicePrincipal"
USER = "azuread:index/user:User"

ROLE_ID = "7b0f5ad4-5b5e-4b1e-9a3a-0f6f5b5b5b5b"
OTHER_ID = "11111111-2222-3333-4444-555555555555"
ROLE: dict[str, Any] = {
    "allowedMemberTypes": ["User"],
    "description": "Airflow Admin",
    "displayName": "Admin",
    "id": ROLE_ID,
    "value": "Admin",
}
AIRFLOW: dict[str, Any] = {
    "displayName": "Airflow",
    "owners": [CALLER, ADA],
    "appRoles": [ROLE],
    "web": {"redirectUris": ["https://airflow.example.com/auth/oauth-authorized/azure"]},
    "tags": ["airflow-entra"],
}
SIGN_IN_FREQUENCY: dict[str, Any] = {
    "displayName": "Airflow sign-in",
    "state": "enabled",
    "conditions": {
        "applications": {"includedApplications": [OTHER_ID]},
        "clientAppTypes": ["all"],
        "users": {"includedGroups": [OTHER_ID]},
    },
    "sessionControls": {"signInFrequency": 8, "signInFrequencyPeriod": "hours"},
}


@pytest.fixture
def double() -> GraphDouble:
    return GraphDouble()


@pytest.fixture
def engine_side(double: GraphDouble) -> Engine:
    side = Engine(AzureAd("6.11.1", double.client))
    side.configure(tenantId=OTHER_ID, clientId=ROLE_ID, clientSecret="s3cret")
    return side


@pytest.fixture
def app(engine_side: Engine) -> Resource:
    return engine_side.create(APPLICATION, "app", AIRFLOW)


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        (APPLICATION, {}, 'The argument "display_name" is required, but no definition was found'),
        (APPLICATION, {**AIRFLOW, "displayname": "x"}, "Invalid or unknown key"),
        (APPLICATION, {**AIRFLOW, "featureTags": [{"hide": True}]}, "conflicts with tags"),
        (APPLICATION, {**AIRFLOW, "appRoles": [{**ROLE, "id": "1"}]}, "to be a valid UUID, got 1"),
        (APPLICATION, {**AIRFLOW, "appRoles": [{**ROLE, "value": "two words"}]}, "no space"),
        (APPLICATION, {**AIRFLOW, "signInAudience": "Everyone"}, "to be one of"),
        (APPLICATION, {**AIRFLOW, "owners": "me"}, "set required"),
        (GROUP, {"displayName": "x"}, "one of `mailEnabled,securityEnabled` must be specified"),
        (
            GROUP,
            {
                "displayName": "x",
                "securityEnabled": True,
                "members": [ADA],
                "dynamicMembership": {"rule": "r", "enabled": True},
            },
            "Conflicting configuration arguments",
        ),
        (PASSWORD, {"applicationId": OTHER_ID}, "to be an ID like /applications/<uuid>"),
        (PASSWORD, {"applicationId": f"/applications/{OTHER_ID}", "endDate": "2027-01-01"}, "RFC3339"),
        (FEDERATED, {"applicationId": f"/applications/{OTHER_ID}", "audiences": ["a", "b"]}, "supports 1 item maximum"),
        (POLICY, {**SIGN_IN_FREQUENCY, "sessionControls": None}, "one of `grantControls,sessionControls` must be"),
        (
            POLICY,
            {**SIGN_IN_FREQUENCY, "conditions": {**SIGN_IN_FREQUENCY["conditions"], "applications": {}}},
            "Invalid combination of arguments. one of",
        ),
        (POLICY, {**SIGN_IN_FREQUENCY, "sessionControls": {"signInFrequency": 8}}, "all of `sessionControls.signIn"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_is_sent(
    kind: str, inputs: dict[str, Any], expected: str, engine_side: Engine, double: GraphDouble
) -> None:
    _, failures = engine_side.check(kind, "thing", inputs)
    assert any(expected in failure for failure in failures), failures
    assert double.calls == []


def test_unknown_inputs_pass_the_check(engine_side: Engine) -> None:
    inputs, failures = engine_side.check(PASSWORD, "slot-a", {"applicationId": UNKNOWN, "endDate": UNKNOWN})
    assert failures == []
    assert inputs["applicationId"] is UNKNOWN


def test_defaults_are_named_in_every_object(engine_side: Engine) -> None:
    inputs, failures = engine_side.check(APPLICATION, "app", AIRFLOW)
    assert failures == []
    assert inputs["__defaults"] == ["signInAudience"]
    assert inputs["appRoles"][0]["__defaults"] == ["enabled"]
    assert inputs["appRoles"][0]["enabled"] is True
    assert inputs["web"]["__defaults"] == []


def test_a_preview_calls_nobody_and_knows_what_was_said(engine_side: Engine, double: GraphDouble) -> None:
    outputs = engine_side.preview(APPLICATION, "app", AIRFLOW)
    assert double.calls == []
    assert outputs["displayName"] == "Airflow"
    assert outputs["clientId"] is UNKNOWN
    assert outputs["web"] == AIRFLOW["web"]


def test_a_unique_name_is_looked_up_in_the_preview(engine_side: Engine, double: GraphDouble) -> None:
    double.add("groups", {"id": OTHER_ID, "displayName": "admins"})
    group = {"displayName": "admins", "securityEnabled": True, "preventDuplicateNames": True}
    with pytest.raises(Refused, match="a group named 'admins' exists already"):
        engine_side.preview(GROUP, "admins", group)
    with pytest.raises(Refused, match="a group named 'admins' exists already"):
        engine_side.create(GROUP, "admins", group)
    assert {call.method for call in double.graph_calls()} == {"GET"}


def test_no_change_is_found_without_a_call(engine_side: Engine, double: GraphDouble, app: Resource) -> None:
    double.calls.clear()
    assert engine_side.diff(app, AIRFLOW).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert double.calls == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"displayName": "Other"}, {"displayName": "UPDATE"}),
        ({"notes": "n"}, {"notes": "UPDATE"}),
        ({"owners": [ADA, CALLER]}, {}),
        ({"owners": [CALLER]}, {"owners[0]": "DELETE"}),
        ({"tags": ["airflow-entra", "x"]}, {"tags[1]": "ADD"}),
        ({"appRoles": [{**ROLE, "displayName": "Boss"}]}, {"appRoles[0].displayName": "UPDATE"}),
        ({"appRoles": [ROLE, {**ROLE, "id": OTHER_ID, "value": "Op"}]}, {"appRoles[1]": "ADD"}),
        ({"appRoles": None}, {"appRoles": "DELETE"}),
        ({"web": None}, {"web": "DELETE"}),
        ({"tags": None}, {}),  # the service keeps tags that are no longer said: the schema calls them computed
        ({"api": {"requestedAccessTokenVersion": 2}}, {"api.requestedAccessTokenVersion": "UPDATE"}),
    ],
)
def test_a_change_is_shown_as_what_it_is(
    change: dict[str, Any], expected: dict[str, str], engine_side: Engine, app: Resource
) -> None:
    assert engine_side.changes(app, {**AIRFLOW, **change}) == expected


def test_a_thousand_roles_in_another_order_are_no_change(engine_side: Engine) -> None:
    roles = [
        {**ROLE, "id": f"{number:08d}-0000-4000-8000-000000000000", "value": f"r{number}"} for number in range(1200)
    ]
    app = engine_side.create(APPLICATION, "app", {**AIRFLOW, "appRoles": roles})
    assert engine_side.changes(app, {**AIRFLOW, "appRoles": roles[::-1]}) == {}


def test_an_ignored_change_is_none(engine_side: Engine, app: Resource) -> None:
    difference = engine_side.diff(app, {**AIRFLOW, "web": None}, ignore=("web",))
    assert difference.changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("kind", "inputs", "change"),
    [
        (GROUP, {"displayName": "x", "securityEnabled": True, "mailNickname": "x"}, {"mailNickname": "y"}),
        (ASSIGNMENT, {"appRoleId": ROLE_ID, "principalObjectId": ADA}, {"appRoleId": OTHER_ID}),
        (PASSWORD, {"endDate": "2027-01-01T00:00:00Z"}, {"endDate": "2028-01-01T00:00:00Z"}),
        (PASSWORD, {"displayName": "slot-a"}, {"displayName": UNKNOWN}),
    ],
)
def test_what_can_not_change_is_replaced_new_before_old(
    kind: str, inputs: dict[str, Any], change: dict[str, Any], engine_side: Engine, app: Resource
) -> None:
    if kind == PASSWORD:
        inputs = {**inputs, "applicationId": app.id}
    if kind == ASSIGNMENT:
        principal = engine_side.create(PRINCIPAL, "principal", {"clientId": app.outputs["clientId"]})
        inputs = {**inputs, "resourceObjectId": principal.outputs["objectId"]}
    resource = engine_side.create(kind, "thing", inputs)
    difference = engine_side.diff(resource, {**inputs, **change})
    assert list(difference.replaces) == list(change)
    assert not difference.deleteBeforeReplace


def test_a_password_is_secret_in_the_state_and_kept_by_a_refresh(engine_side: Engine, app: Resource) -> None:
    password = engine_side.create(PASSWORD, "slot-a", {"applicationId": app.id, "displayName": "slot-a"})
    assert isinstance(password.outputs["value"], Secret)
    assert engine_side.refresh(password) == password


def test_a_secret_input_stays_secret(engine_side: Engine, app: Resource) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    certificate = engine_side.create(
        CERTIFICATE, "certificate", {"applicationId": app.id, "value": Secret(pem), "type": "AsymmetricX509Cert"}
    )
    assert certificate.inputs["value"] == certificate.outputs["value"] == Secret(pem)
    federated = engine_side.create(
        FEDERATED,
        "federated",
        {
            "applicationId": app.id,
            "audiences": ["api://AzureADTokenExchange"],
            "displayName": "gh",
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": Secret("repo:secret/name"),
        },
    )
    assert federated.outputs["subject"] == Secret("repo:secret/name")


def test_creates_are_not_idempotent(engine_side: Engine, app: Resource, double: GraphDouble) -> None:
    again = engine_side.create(APPLICATION, "app", AIRFLOW)
    assert again.id != app.id
    principal = {"clientId": app.outputs["clientId"]}
    engine_side.create(PRINCIPAL, "principal", principal)
    with pytest.raises(Refused, match="already exists - to be managed via Pulumi this resource needs to be imported"):
        engine_side.create(PRINCIPAL, "principal", principal)


def test_the_caller_leaves_an_application_that_has_other_owners(engine_side: Engine, double: GraphDouble) -> None:
    app = engine_side.create(APPLICATION, "app", {**AIRFLOW, "owners": [ADA]})
    assert app.outputs["owners"] == [ADA]
    assert f"DELETE /v1.0{app.id}/owners/{CALLER}/$ref" in map(str, double.graph_calls())


def test_a_role_is_disabled_before_it_goes(engine_side: Engine, double: GraphDouble, app: Resource) -> None:
    double.calls.clear()
    updated = engine_side.update(app, {**AIRFLOW, "appRoles": None, "notes": "n"})
    disabled, rest = [call.body for call in double.graph_calls() if call.method == "PATCH"]
    assert [role["isEnabled"] for role in disabled["appRoles"]] == [False]
    assert rest["appRoles"] == []
    assert (rest["notes"], updated.outputs["notes"]) == ("n", "n")
    assert "identifierUris" not in rest


def test_an_unchanged_role_is_not_sent(engine_side: Engine, double: GraphDouble, app: Resource) -> None:
    double.calls.clear()
    engine_side.update(app, {**AIRFLOW, "displayName": "Other"})
    (patch,) = [call.body for call in double.graph_calls() if call.method == "PATCH"]
    assert patch["displayName"] == "Other"
    assert "appRoles" not in patch


def test_members_that_go_are_removed_before_new_ones_come(engine_side: Engine, double: GraphDouble) -> None:
    group = {"displayName": "x", "securityEnabled": True, "members": [ADA]}
    resource = engine_side.create(GROUP, "x", group)
    double.calls.clear()
    engine_side.update(resource, {**group, "members": [OTHER_ID]})
    writes = [str(call) for call in double.graph_calls() if call.method in ("POST", "DELETE")]
    path = f"/beta{resource.id}/members"
    assert writes == [f"DELETE {path}/{ADA}/$ref", f"POST {path}/$ref"]


def test_drift_shows_in_a_refresh(engine_side: Engine, double: GraphDouble, app: Resource) -> None:
    live = double.objects["applications"][app.outputs["objectId"]]
    live["displayName"], live["notes"] = "Renamed in the portal", "written in the portal"
    refreshed = engine_side.refresh(app)
    assert refreshed
    assert refreshed.inputs["displayName"] == "Renamed in the portal"
    assert "notes" not in refreshed.inputs  # the program never said a word about it
    assert engine_side.changes(refreshed, AIRFLOW) == {"displayName": "UPDATE", "notes": "DELETE"}


def test_what_is_gone_has_no_id(engine_side: Engine, double: GraphDouble, app: Resource) -> None:
    password = engine_side.create(PASSWORD, "slot-a", {"applicationId": app.id})
    double.objects["applications"].clear()
    assert engine_side.refresh(app) is None
    assert engine_side.refresh(password) is None


def test_an_import_gives_the_inputs_that_a_program_would_say(engine_side: Engine, app: Resource) -> None:
    imported = engine_side.import_(APPLICATION, "app", app.id)
    assert imported
    assert engine_side.changes(imported, AIRFLOW) == {}
    program = {key: value for key, value in imported.inputs.items() if key != "__defaults"}
    assert program == {
        **AIRFLOW,
        "owners": sorted(AIRFLOW["owners"]),
        "appRoles": [{"__defaults": [], **ROLE}],
        "web": {"__defaults": [], **AIRFLOW["web"]},
    }


def test_an_import_leaves_out_what_only_says_no(engine_side: Engine, app: Resource) -> None:
    principal = engine_side.create(PRINCIPAL, "principal", {"clientId": app.outputs["clientId"], "owners": [ADA]})
    imported = engine_side.import_(PRINCIPAL, "principal", principal.id)
    assert imported
    assert imported.inputs == {"__defaults": [], "clientId": app.outputs["clientId"], "owners": [ADA]}


@pytest.mark.parametrize(
    ("kind", "object_id"),
    [(APPLICATION, OTHER_ID), (PASSWORD, f"{OTHER_ID}/passwords/{ROLE_ID}"), (GROUP, f"/group/{OTHER_ID}")],
)
def test_an_import_by_an_id_of_another_form_says_the_form(kind: str, object_id: str, engine_side: Engine) -> None:
    with pytest.raises(Refused, match="is not of the form"):
        engine_side.import_(kind, "thing", object_id)


def test_deleting_waits_until_the_object_is_gone(engine_side: Engine, double: GraphDouble, app: Resource) -> None:
    double.calls.clear()
    engine_side.delete(app)
    assert [str(call) for call in double.graph_calls()] == [f"DELETE /v1.0{app.id}", f"GET /v1.0{app.id}"]
    with pytest.raises(Refused, match=f"DELETE /v1.0{app.id}: 404 Request_ResourceNotFound"):
        engine_side.delete(app)


def test_a_failure_after_the_create_keeps_the_id(engine_side: Engine, double: GraphDouble) -> None:
    def refuse(call: Call) -> httpx.Response | None:
        return (
            refusal(403, "Authorization_RequestDenied", "Insufficient privileges") if call.method == "PATCH" else None
        )

    double.refusals.append(refuse)
    with pytest.raises(Refused, match="403 Authorization_RequestDenied: Insufficient privileges") as caught:
        engine_side.create(APPLICATION, "app", AIRFLOW)
    ((key, value),) = caught.value.metadata
    detail = provider_pb2.ErrorResourceInitFailed()
    assert key == "grpc-status-details-bin"
    assert Status.FromString(value).details[0].Unpack(detail)
    (made,) = double.objects["applications"]
    assert detail.id == f"/applications/{made}"


def test_a_secret_of_a_half_made_object_is_still_a_secret(
    engine_side: Engine, double: GraphDouble, app: Resource
) -> None:
    def refuse(call: Call) -> httpx.Response | None:
        added = any("addPassword" in each.path for each in double.calls)
        return refusal(403, "Authorization_RequestDenied", "no") if call.method == "GET" and added else None

    double.refusals.append(refuse)
    with pytest.raises(Refused) as caught:
        engine_side.create(PASSWORD, "slot-a", {"applicationId": app.id})
    detail = provider_pb2.ErrorResourceInitFailed()
    assert Status.FromString(caught.value.metadata[0][1]).details[0].Unpack(detail)
    assert read_struct(detail.properties)["value"] == Secret(SECRET)
    assert SECRET not in str(caught.value)
    double.refusals.clear()
    half = Resource(PASSWORD, "slot-a", detail.id, {"applicationId": app.id}, read_struct(detail.properties))
    finished = engine_side.update(half, {"applicationId": app.id})  # the engine tries to finish it in the next run
    assert finished.outputs["value"] == Secret(SECRET)
    assert finished.outputs["keyId"] == detail.id.split("/")[-1]


def test_the_sign_in_frequency_has_the_service_s_defaults(engine_side: Engine) -> None:
    policy = engine_side.create(POLICY, "policy", SIGN_IN_FREQUENCY)
    assert policy.outputs["sessionControls"]["signInFrequencyInterval"] == "timeBased"
    assert engine_side.changes(policy, SIGN_IN_FREQUENCY) == {}
    changed = {**SIGN_IN_FREQUENCY, "sessionControls": {"signInFrequency": 4, "signInFrequencyPeriod": "hours"}}
    assert engine_side.changes(policy, changed) == {"sessionControls.signInFrequency": "UPDATE"}
    updated = engine_side.update(policy, changed)
    assert engine_side.refresh(updated) == updated


def test_an_answer_of_another_form_is_an_error_and_no_traceback(engine_side: Engine, double: GraphDouble) -> None:
    double.refusals.append(
        lambda call: httpx.Response(201, json={}) if call.method == "POST" and "app" in call.path else None
    )
    with pytest.raises(Refused, match=r"creating app: an answer was not of the expected form \(KeyError: 'id'\)"):
        engine_side.create(APPLICATION, "app", AIRFLOW)


def test_a_user_needs_a_password_once(engine_side: Engine) -> None:
    user = {"displayName": "Bob", "userPrincipalName": "bob@contoso.com"}
    with pytest.raises(Refused, match="`password` is required when creating a new user"):
        engine_side.create(USER, "bob", user)
    resource = engine_side.create(USER, "bob", {**user, "password": Secret("pa55word")})
    assert isinstance(resource.outputs["password"], Secret)
    assert engine_side.changes(resource, user) == {}
    imported = engine_side.import_(USER, "bob", resource.id)
    assert imported
    assert "password" not in imported.inputs


def test_a_type_that_is_not_served_is_named(engine_side: Engine) -> None:
    with pytest.raises(Refused, match="does not serve azuread:index/namedLocation:NamedLocation"):
        engine_side.check("azuread:index/namedLocation:NamedLocation", "x", {})
    with pytest.raises(Refused, match="does not serve azuread:index/getGroups:getGroups"):
        engine_side.invoke("azuread:index/getGroups:getGroups")


def test_the_caller_is_known(engine_side: Engine) -> None:
    config = engine_side.invoke("azuread:index/getClientConfig:getClientConfig")
    assert (config["tenantId"], config["clientId"], config["objectId"]) == (OTHER_ID, ROLE_ID, CALLER)


def test_another_configuration_is_a_change_that_replaces_nothing(engine_side: Engine) -> None:
    request = provider_pb2.DiffRequest(
        olds=write_struct({"tenantId": ROLE_ID, "version": "1"}),
        news=write_struct({"tenantId": OTHER_ID, "version": "2"}),
    )
    difference = engine_side.provider.DiffConfig(request, engine_side.context)
    assert (list(difference.diffs), list(difference.replaces)) == (["tenantId"], [])
    request.old_inputs.CopyFrom(request.news)
    same = engine_side.provider.DiffConfig(request, engine_side.context)
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
