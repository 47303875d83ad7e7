"""Token lifetime and claims mapping policies, Conditional Access."""

import json
from copy import deepcopy
from typing import Any

import pytest

from entra_local.wire import JsonObject
from tests.tenant.directory import ADMIN, ON_CALL, UNKNOWN, Graph, reference

LIFETIMES = "/policies/tokenLifetimePolicies"
POLICIES = "/identity/conditionalAccess/policies"
LOCATIONS = "/identity/conditionalAccess/namedLocations"


def lifetime(value: str, **more: Any) -> JsonObject:
    definition = {"TokenLifetimePolicy": {"Version": 1, "AccessTokenLifetime": value}}
    return {"displayName": "Airflow token lifetime (dev)", "definition": [json.dumps(definition)], **more}


@pytest.mark.parametrize("value", ["8:00:00", "00:10:00", "23:59:59", "1.00:00:00", "0.08:00:00"])
def test_lifetimes_that_entra_takes(graph: Graph, value: str) -> None:
    made = graph.post(LIFETIMES, lifetime(value))
    # The definition is echoed to the letter: clients compare it as text.
    assert graph.get(f"{LIFETIMES}/{made['id']}")["definition"] == lifetime(value)["definition"]
    assert made["isOrganizationDefault"] is False


@pytest.mark.parametrize(
    "body",
    [
        lifetime("00:09:59"),
        lifetime("1.00:00:01"),
        lifetime("24:00:00"),
        lifetime("8h"),
        lifetime("8:00:00") | {"displayName": ""},
        lifetime("8:00:00") | {"definition": []},
        lifetime("8:00:00") | {"definition": ["{"]},
        lifetime("8:00:00") | {"definition": ["[]"]},
        lifetime("8:00:00") | {"definition": lifetime("8:00:00")["definition"] * 2},
        lifetime("8:00:00") | {"definition": ['{"TokenLifetimePolicy":{"Version":2}}']},
        lifetime("8:00:00") | {"definition": ['{"TokenLifetimePolicy":{"Version":1,"Nonsense":"1:00:00"}}']},
        lifetime("8:00:00") | {"nonsense": 1},
    ],
)
def test_lifetimes_that_are_refused(graph: Graph, body: Any) -> None:
    graph.refused("POST", LIFETIMES, 400, body)
    made = graph.post(LIFETIMES, lifetime("8:00:00"))
    graph.refused("PATCH", f"{LIFETIMES}/{made['id']}", 400, body)


def test_one_organization_default(graph: Graph) -> None:
    first = graph.post(LIFETIMES, lifetime("8:00:00", isOrganizationDefault=True))
    body = lifetime("1:00:00", isOrganizationDefault=True)
    assert "conflicting object" in graph.refused("POST", LIFETIMES, 400, body)
    graph.patch(f"{LIFETIMES}/{first['id']}", {"isOrganizationDefault": False})
    graph.post(LIFETIMES, body)


def test_one_lifetime_per_application(graph: Graph) -> None:
    application = graph.application()["id"]
    first, second = (graph.post(LIFETIMES, lifetime(value))["id"] for value in ("8:00:00", "1:00:00"))
    assigned = f"/applications/{application}/tokenLifetimePolicies"
    graph.add(assigned, first)
    assert "already exist" in graph.refused("POST", f"{assigned}/$ref", 400, reference(first))
    assert "Only one policy" in graph.refused("POST", f"{assigned}/$ref", 400, reference(second))
    assert graph.ids(assigned) == [first]
    assert graph.ids(f"{LIFETIMES}/{first}/appliesTo") == [application]
    graph.delete(f"{assigned}/{first}/$ref")
    graph.delete(f"{assigned}/{first}/$ref", 404)
    graph.add(assigned, second)
    graph.delete(f"{LIFETIMES}/{second}")
    assert graph.ids(assigned) == []
    graph.post(f"{assigned}/$ref", reference(UNKNOWN), 404)


def test_a_service_principal_loses_its_policies_with_its_deletion(graph: Graph) -> None:
    principal = graph.principal(graph.application())["id"]
    body = {"displayName": "claims", "definition": ['{"ClaimsMappingPolicy":{"Version":1}}']}
    policy = graph.post("/policies/claimsMappingPolicies", body)["id"]
    assigned = f"/servicePrincipals/{principal}/claimsMappingPolicies"
    graph.add(assigned, policy)
    assert graph.ids(assigned) == [policy]
    graph.delete(f"/servicePrincipals/{principal}")
    graph.post(f"/directory/deletedItems/{principal}/restore", {}, 200)
    assert graph.ids(assigned) == []


MANAGEMENT = "/policies/defaultAppManagementPolicy"
LATER = "2090-01-01T00:00:00Z"


def test_the_default_app_management_policy_restricts_nothing(graph: Graph) -> None:
    assert graph.get(MANAGEMENT)["isEnabled"] is False


def restrict(graph: Graph, kind: str, of: str = "passwordCredentials", **more: Any) -> None:
    restriction = {"restrictionType": kind, "state": "enabled", "restrictForAppsCreatedAfterDateTime": None} | more
    graph.patch(MANAGEMENT, {"isEnabled": True, "applicationRestrictions": {of: [restriction]}})


def add_password(graph: Graph, status: int = 200) -> JsonObject:
    made = graph.post("/applications", {"displayName": "new"})
    path = f"/applications/{made['id']}/addPassword"
    return graph.post(path, {"passwordCredential": {"endDateTime": LATER}}, status)


def test_a_tenant_that_blocks_secrets_refuses_them(graph: Graph) -> None:
    add_password(graph)
    restrict(graph, "passwordAddition")
    refused = add_password(graph, 400)["error"]
    assert refused["message"] == "Credential type not allowed as per assigned policy."
    restrict(graph, "passwordAddition", restrictForAppsCreatedAfterDateTime="2099-01-01T00:00:00Z")
    add_password(graph)


def test_a_tenant_that_caps_secrets_refuses_what_lives_longer(graph: Graph) -> None:
    restrict(graph, "passwordLifetime", maxLifetime="P30D")
    assert add_password(graph, 400)["error"]["code"] == "CredentialInvalidLifetimeAsPerAppPolicy"
    restrict(graph, "passwordLifetime", maxLifetime="P30000D")
    add_password(graph)


def test_security_defaults_exclude_conditional_access(graph: Graph) -> None:
    graph.patch("/policies/identitySecurityDefaultsEnforcementPolicy", {"isEnabled": True})
    refused = graph.post(POLICIES, POLICY, 400)["error"]
    assert "You must disable Security defaults" in refused["message"]
    graph.post(POLICIES, POLICY | {"state": "disabled"})


def test_what_people_may_do_is_read_and_changed(graph: Graph) -> None:
    path = "/policies/authorizationPolicy"
    graph.patch(path, {"defaultUserRolePermissions": {"allowedToCreateApps": False}})
    said = graph.get(path)["defaultUserRolePermissions"]
    assert (said["allowedToCreateApps"], said["allowedToCreateSecurityGroups"]) == (False, True)
    graph.patch(path, {"nothing": True}, 400)


# Conditional Access

POLICY: JsonObject = {
    "displayName": "Airflow sign-in (dev)",
    "state": "enabled",
    "conditions": {
        "applications": {"includeApplications": [ADMIN["appId"]]},
        "users": {"includeGroups": [ON_CALL]},
    },
    "grantControls": None,
    "sessionControls": {
        "signInFrequency": {"isEnabled": True, "type": "hours", "value": 8, "frequencyInterval": "timeBased"}
    },
}


@pytest.mark.parametrize("where", ["includeApplications", "excludeApplications"])
def test_an_application_without_service_principal_can_t_be_ruled(graph: Graph, where: str) -> None:
    """The wording is the service's own: clients and people look for the number."""
    app_id = graph.application()["appId"]
    applications = {"includeApplications": ["All"], where: [app_id]}
    policy = POLICY | {"conditions": POLICY["conditions"] | {"applications": applications}}
    named = f'1034: Policy contains invalid applications: {{"{app_id}":"ServicePrincipalNotFound"}}'
    assert graph.refused("POST", POLICIES, 400, policy) == named
    graph.post("/servicePrincipals", {"appId": app_id})
    made = graph.post(POLICIES, policy)["id"]
    public = graph.application("desktop", isFallbackPublicClient=True)
    graph.principal(public)
    refused = graph.refused(
        "PATCH",
        f"{POLICIES}/{made}",
        400,
        {"conditions": policy["conditions"] | {"applications": applications | {where: [public["appId"]]}}},
    )
    assert refused.endswith(f'{{"{public["appId"]}":"PublicClientsAreUnsupported"}}')


def test_conditions_that_were_not_sent_are_null_or_empty(graph: Graph) -> None:
    shown = graph.get(f"{POLICIES}/{graph.post(POLICIES, POLICY)['id']}")
    conditions = shown["conditions"]
    for name in ("devices", "locations", "platforms", "clientApplications", "authenticationFlows"):
        assert conditions[name] is None
    assert conditions["clientAppTypes"] == ["all"]
    assert conditions["users"]["includeUsers"] == []
    assert conditions["users"]["excludeGuestsOrExternalUsers"] is None
    assert shown["sessionControls"] == POLICY["sessionControls"]


def test_controls_are_replaced_and_null_clears(graph: Graph) -> None:
    path = f"{POLICIES}/{graph.post(POLICIES, POLICY)['id']}"
    graph.patch(path, {"grantControls": {"operator": "OR", "builtInControls": ["mfa"]}, "sessionControls": None})
    shown = graph.get(path)
    assert shown["sessionControls"] is None
    assert shown["grantControls"] == {"operator": "OR", "builtInControls": ["mfa"]}
    assert shown["modifiedDateTime"]
    graph.delete(path)
    graph.get(path, 404)
    graph.delete(path, 404)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("state",), "on"),
        (("displayName",), ""),
        (("conditions",), None),
        (("conditions", "users"), {}),
        (("conditions", "users"), {"includeGroups": [UNKNOWN]}),
        (("conditions", "users"), {"includeUsers": [UNKNOWN]}),
        (("conditions", "applications"), {}),
        (("sessionControls",), None),
        (("sessionControls", "signInFrequency", "value"), 24),
        (("sessionControls", "signInFrequency", "type"), "minutes"),
        (("nonsense",), 1),
    ],
)
def test_policies_that_are_refused(graph: Graph, place: tuple[str, ...], value: Any) -> None:
    body = deepcopy(POLICY)
    target = body
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = value
    graph.refused("POST", POLICIES, 400, body)
    assert graph.ids(POLICIES) == []


def test_named_locations_show_their_own_properties(graph: Graph) -> None:
    ip = {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "displayName": "office",
        "isTrusted": True,
        # IPv6 ranges are sent with the tag of IPv4.
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "2001:db8::/32"}],
    }
    made = graph.post(LOCATIONS, ip)
    shown = graph.get(f"{LOCATIONS}/{made['id']}")
    assert shown["@odata.type"] == "#microsoft.graph.ipNamedLocation"
    assert shown["ipRanges"][0]["@odata.type"] == "#microsoft.graph.iPv6CidrRange"
    assert "countriesAndRegions" not in shown
    country = {"@odata.type": "#microsoft.graph.countryNamedLocation", "displayName": "home"}
    graph.post(LOCATIONS, country | {"countriesAndRegions": ["DE"]})
    kinds = [item["@odata.type"] for item in graph.get(LOCATIONS, 200, filter="displayName eq 'home'")["value"]]
    assert kinds == ["#microsoft.graph.countryNamedLocation"]
    assert "trusted" in graph.refused("DELETE", f"{LOCATIONS}/{made['id']}", 400)
    graph.patch(f"{LOCATIONS}/{made['id']}", {"isTrusted": False})
    graph.delete(f"{LOCATIONS}/{made['id']}")
    graph.get(f"{LOCATIONS}/{made['id']}", 404)


@pytest.mark.parametrize(
    "body",
    [
        {"displayName": "untyped"},
        {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "x"},
        {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "x", "ipRanges": [{"cidrAddress": "x"}]},
        {"@odata.type": "#microsoft.graph.countryNamedLocation", "displayName": "x"},
    ],
)
def test_named_locations_that_are_refused(graph: Graph, body: Any) -> None:
    graph.refused("POST", LOCATIONS, 400, body)
