"""Conditional Access: policies and named locations."""

import json
from ipaddress import ip_network
from typing import Any

from entra_local import clock
from entra_local.graph.entities import CONDITIONAL_ACCESS_POLICY, NAMED_LOCATION
from entra_local.graph.exceptions import ConditionalAccessInvalid, InvalidApplications, NotFound
from entra_local.graph.models.objects import created, find_object, load, save
from entra_local.graph.models.tenant_policies import check_conditional_access
from entra_local.graph.schema import merge
from entra_local.store import Directory
from entra_local.wire import JsonObject

STATES = ("enabled", "disabled", "enabledForReportingButNotEnforced")
_HOURS = range(1, 24)
_DAYS = range(1, 366)
_WORDS = frozenset({"All", "None", "GuestsOrExternalUsers"})
_SUITES = frozenset({"All", "None", "Office365", "MicrosoftAdminPortals"})
"""What stands for several applications of Microsoft's."""

_CONDITIONS: JsonObject = {
    # A condition that was not sent comes back like this.
    "userRiskLevels": [],
    "signInRiskLevels": [],
    "servicePrincipalRiskLevels": [],
    "clientAppTypes": ["all"],
    "platforms": None,
    "locations": None,
    "devices": None,
    "clientApplications": None,
    "authenticationFlows": None,
    "insiderRiskLevels": None,
}
_APPLICATIONS: JsonObject = {"includeApplications": [], "excludeApplications": [], "includeUserActions": []}
_USERS: JsonObject = {
    **{f"{side}{what}": [] for side in ("include", "exclude") for what in ("Users", "Groups", "Roles")},
    "includeGuestsOrExternalUsers": None,
    "excludeGuestsOrExternalUsers": None,
}


def create(directory: Directory, changes: JsonObject) -> JsonObject:
    """A new policy. Raises ConditionalAccessInvalid."""
    policy = merge(CONDITIONAL_ACCESS_POLICY.properties, created(CONDITIONAL_ACCESS_POLICY), changes)
    policy["conditions"] = _completed(policy["conditions"])
    _check(directory, policy)
    save(directory, CONDITIONAL_ACCESS_POLICY, policy)
    return policy


def update(directory: Directory, id_: str, changes: JsonObject) -> None:
    """Replace what a PATCH names: conditions and controls as a whole. Raises ConditionalAccessInvalid."""
    before = load(directory, CONDITIONAL_ACCESS_POLICY, id_)
    policy = merge(CONDITIONAL_ACCESS_POLICY.properties, before, changes)
    policy["conditions"] = _completed(policy["conditions"])
    policy["modifiedDateTime"] = clock.stamp()
    _check(directory, policy)
    save(directory, CONDITIONAL_ACCESS_POLICY, policy)


def create_location(directory: Directory, body: JsonObject) -> JsonObject:
    """A new named location. Raises ConditionalAccessInvalid."""
    location = created(NAMED_LOCATION) | {"@odata.type": body.get("@odata.type")}
    location = merge(NAMED_LOCATION.properties, location, body)
    return _save_location(directory, location)


def update_location(directory: Directory, id_: str, changes: JsonObject) -> None:
    """Merge a PATCH into a named location."""
    location = merge(NAMED_LOCATION.properties, load(directory, NAMED_LOCATION, id_), changes)
    location["modifiedDateTime"] = clock.stamp()
    _save_location(directory, location)


def delete_location(directory: Directory, id_: str) -> None:
    """Delete a named location; a trusted one must lose that mark first."""
    location = load(directory, NAMED_LOCATION, id_)
    if location.get("isTrusted"):
        raise ConditionalAccessInvalid("1200", "a trusted named location cannot be deleted")
    directory.remove(NAMED_LOCATION.kind, location["id"])


def shown_location(location: JsonObject) -> JsonObject:
    """A named location with the properties of its own type only."""
    is_ip = location["@odata.type"] == "#microsoft.graph.ipNamedLocation"
    foreign = _COUNTRY_PROPERTIES if is_ip else _IP_PROPERTIES
    return {name: value for name, value in location.items() if name not in foreign}


_IP_PROPERTIES = ("ipRanges", "isTrusted")
_COUNTRY_PROPERTIES = ("countriesAndRegions", "includeUnknownCountriesAndRegions", "countryLookupMethod")


def _save_location(directory: Directory, location: JsonObject) -> JsonObject:
    if not location["displayName"]:
        raise ConditionalAccessInvalid("1004", "displayName is required")
    match location["@odata.type"]:
        case "#microsoft.graph.ipNamedLocation":
            if not location["ipRanges"]:
                raise ConditionalAccessInvalid("1004", "ipRanges is required")
            location["ipRanges"] = [_range(item) for item in location["ipRanges"]]
        case "#microsoft.graph.countryNamedLocation":
            if not location["countriesAndRegions"]:
                raise ConditionalAccessInvalid("1004", "countriesAndRegions is required")
        case _:
            raise ConditionalAccessInvalid("1004", "the type of a named location is required")
    save(directory, NAMED_LOCATION, location)
    return location


def _range(item: Any) -> JsonObject:
    try:
        network = ip_network(item["cidrAddress"], strict=False)
    except (TypeError, KeyError, ValueError) as error:
        raise ConditionalAccessInvalid("1004", "an IP range is not in CIDR notation") from error
    return {"@odata.type": f"#microsoft.graph.iPv{network.version}CidrRange", "cidrAddress": item["cidrAddress"]}


def _completed(conditions: Any) -> JsonObject:
    if not isinstance(conditions, dict):
        raise ConditionalAccessInvalid("1004", "conditions are required")
    users, applications = conditions.get("users"), conditions.get("applications")
    return {
        **_CONDITIONS,
        **conditions,
        "applications": _APPLICATIONS | applications if isinstance(applications, dict) else None,
        "users": _USERS | users if isinstance(users, dict) else None,
    }


def _check(directory: Directory, policy: JsonObject) -> None:
    if not policy["displayName"] or policy["state"] not in STATES:
        raise ConditionalAccessInvalid("1004", "displayName and state are required")
    check_conditional_access(directory, policy["state"])
    conditions = policy["conditions"]
    applications, users = conditions["applications"], conditions["users"]
    if not applications or not (applications["includeApplications"] or applications["includeUserActions"]):
        raise ConditionalAccessInvalid("1011", "the policy includes no application")
    if not users or not any(users[name] for name in _USERS if name.startswith("include")):
        raise ConditionalAccessInvalid("1006", "the policy includes no user")
    if policy["grantControls"] is None and policy["sessionControls"] is None:
        raise ConditionalAccessInvalid("1000", "the policy has no controls")
    _check_applications(directory, applications)
    _check_references(directory, users)
    _check_frequency((policy["sessionControls"] or {}).get("signInFrequency") or {})


def _check_frequency(frequency: Any) -> None:
    if not isinstance(frequency, dict):
        raise ConditionalAccessInvalid("1004", "signInFrequency is no object")
    if frequency.get("isEnabled") and frequency.get("frequencyInterval") != "everyTime":
        limits = {"hours": _HOURS, "days": _DAYS}.get(str(frequency.get("type")))
        if limits is None or frequency.get("value") not in limits:
            raise ConditionalAccessInvalid("1038", "the sign-in frequency is 1 to 23 hours or 1 to 365 days")


def _check_applications(directory: Directory, applications: JsonObject) -> None:
    """An application counts for Conditional Access once it has a service principal, and only as a confidential one."""
    invalid = {}
    for name in ("includeApplications", "excludeApplications"):
        for app_id in applications[name]:
            principals = directory.find("servicePrincipal", "appId", app_id)
            if app_id in _SUITES:
                continue
            if not any(map(directory.seen, principals)):
                invalid[app_id] = "ServicePrincipalNotFound"
            elif any(found.body["isFallbackPublicClient"] for found in directory.find("application", "appId", app_id)):
                invalid[app_id] = "PublicClientsAreUnsupported"
    if invalid:
        named = json.dumps(invalid, separators=(",", ":"))
        raise InvalidApplications(named)


def _check_references(directory: Directory, users: JsonObject) -> None:
    for names, kind in ((("includeGroups", "excludeGroups"), "group"), (("includeUsers", "excludeUsers"), "user")):
        for name in names:
            listed = users[name]
            if not isinstance(listed, list) or not all(isinstance(id_, str) for id_ in listed):
                raise ConditionalAccessInvalid("1004", f"{name} is no list of ids")
            for id_ in listed:
                if id_ not in _WORDS and find_object(directory, id_, (kind,)) is None:
                    raise ConditionalAccessInvalid("1007", f"{kind} '{id_}' does not exist")


def delete(directory: Directory, id_: str) -> None:
    """Delete a policy. Raises NotFound."""
    if directory.get(CONDITIONAL_ACCESS_POLICY.kind, id_) is None:
        raise NotFound(id_)
    directory.remove(CONDITIONAL_ACCESS_POLICY.kind, id_)
