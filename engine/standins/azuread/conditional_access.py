"""azuread:index/conditionalAccessPolicy:ConditionalAccessPolicy."""

from collections.abc import Sequence
from typing import Any

from engine.standins.azuread.graph import Graph, id_part
from engine.standins.bridged.resource import Made
from engine.standins.values import Props

_ROUTE = "/identity/conditionalAccess/policies"
_LISTS = {
    "clientAppTypes": "clientAppTypes",
    "servicePrincipalRiskLevels": "servicePrincipalRiskLevels",
    "signInRiskLevels": "signInRiskLevels",
    "userRiskLevels": "userRiskLevels",
}
_APPLICATIONS = {
    "excludedApplications": "excludeApplications",
    "includedApplications": "includeApplications",
    "includedUserActions": "includeUserActions",
}
_USERS = {f"{ours}d{what}": f"{ours}{what}" for ours in ("include", "exclude") for what in ("Groups", "Roles", "Users")}
_GUESTS = {f"{ours}dGuestsOrExternalUsers": f"{ours}GuestsOrExternalUsers" for ours in ("include", "exclude")}
_LOCATIONS = {"excludedLocations": "excludeLocations", "includedLocations": "includeLocations"}
_PLATFORMS = {"excludedPlatforms": "excludePlatforms", "includedPlatforms": "includePlatforms"}
_CLIENTS = {
    "excludedServicePrincipals": "excludeServicePrincipals",
    "includedServicePrincipals": "includeServicePrincipals",
}
_GRANTS = {
    "builtInControls": "builtInControls",
    "customAuthenticationFactors": "customAuthenticationFactors",
    "termsOfUses": "termsOfUse",
}


class ConditionalAccessPolicy:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        policy = self._graph.post(_ROUTE, body(inputs))
        path = made.id = f"{_ROUTE}/{policy['id']}"
        self._graph.wait_until(lambda: self._graph.find(path) is not None, f"{path} to appear")

    def read(self, object_id: str) -> Props | None:
        id_part(object_id, *_ROUTE.split("/"), "*")
        policy = self._graph.find(object_id)
        return None if policy is None else outputs(policy)

    def update(self, object_id: str, state: Props, inputs: Props) -> Props:
        """The official provider waits for name and state, and does not read the rest again."""
        new = body(inputs)
        self._graph.patch(object_id, new)

        def visible() -> bool:
            policy = self._graph.get(object_id)
            return all(policy.get(key) == new[key] for key in ("displayName", "state"))

        self._graph.wait_until(visible, f"the change of {object_id}")
        return outputs({**new, "id": state["objectId"]})

    def delete(self, object_id: str, state: Props) -> None:
        if self._graph.find(object_id) is not None:
            self._graph.delete(object_id)
            self._graph.wait_until_gone(object_id)


def body(inputs: Props) -> Props:
    return {
        "@odata.type": "#microsoft.graph.conditionalAccessPolicy",
        "conditions": _conditions(inputs["conditions"]),
        "displayName": inputs["displayName"],
        "grantControls": _grant_controls(inputs.get("grantControls")),
        "sessionControls": _session_controls(inputs.get("sessionControls")),
        "state": inputs["state"],
    }


def _lists(given: Props, names: dict[str, str]) -> Props:
    return {theirs: given.get(ours) or [] for ours, theirs in names.items()}


def _conditions(given: Props) -> Props:
    flows = given.get("authenticationFlowTransferMethods")
    devices = (given.get("devices") or {}).get("filter")
    clients = given.get("clientApplications")
    applications, users = given["applications"], given.get("users") or {}
    optional: Props = {}
    if given.get("insiderRiskLevels"):
        optional["insiderRiskLevels"] = given["insiderRiskLevels"]
    if clients:
        rule = {"servicePrincipalFilter": clients["filter"]} if clients.get("filter") else {}
        optional["clientApplications"] = {**_lists(clients, _CLIENTS), **rule}
    rule = {"applicationFilter": applications["filter"]} if applications.get("filter") else {}
    return {
        "applications": {**_lists(applications, _APPLICATIONS), **rule},
        "authenticationFlows": {"transferMethods": ",".join(flows)} if flows else None,
        "devices": {"deviceFilter": devices} if devices else None,
        "locations": _lists(given["locations"], _LOCATIONS) if given.get("locations") else None,
        "platforms": _lists(given["platforms"], _PLATFORMS) if given.get("platforms") else None,
        "users": {**_lists(users, _USERS), **{theirs: _guests(users.get(ours)) for ours, theirs in _GUESTS.items()}},
        **_lists(given, _LISTS),
        **optional,
    }


def _guests(given: Sequence[Props] | None) -> Props | None:
    if not given:
        return None
    guests: Props = {"guestOrExternalUserTypes": ",".join(given[0]["guestOrExternalUserTypes"])}
    for tenants in (given[0].get("externalTenants") or [])[:1]:
        guests["externalTenants"] = {"membershipKind": tenants["membershipKind"]}
        if tenants["membershipKind"] == "enumerated":
            guests["externalTenants"]["@odata.type"] = "#microsoft.graph.conditionalAccessEnumeratedExternalTenants"
            guests["externalTenants"]["members"] = tenants.get("members") or []
    return guests


def _grant_controls(given: Props | None) -> Props | None:
    if not given:
        return None
    strength = given.get("authenticationStrengthPolicyId")
    kind = "#microsoft.graph.authenticationStrengthPolicy"
    extra = {"authenticationStrength": {"@odata.type": kind, "id": strength.split("/")[-1]}} if strength else {}
    return {**_lists(given, _GRANTS), "operator": given["operator"], **extra}


def _control(name: str, **values: Any) -> Props:
    return {"@odata.type": f"#microsoft.graph.{name}SessionControl", **values}


def _session_controls(given: Props | None) -> Props | None:
    if not given:
        return None
    enforced = given.get("applicationEnforcedRestrictionsEnabled") or False
    cloud, browser = given.get("cloudAppSecurityPolicy"), given.get("persistentBrowserMode")
    result: Props = {
        "applicationEnforcedRestrictions": _control("applicationEnforcedRestrictions", isEnabled=enforced),
        "cloudAppSecurity": _control("cloudAppSecurity", cloudAppSecurityType=cloud, isEnabled=True) if cloud else None,
        "disableResilienceDefaults": given.get("disableResilienceDefaults") or False,
    }
    if browser:
        result["persistentBrowser"] = _control("persistentBrowser", isEnabled=True, mode=browser)
    frequency = _sign_in_frequency(given)
    if frequency:
        result["signInFrequency"] = frequency
    effective = enforced or cloud or browser or frequency or result["disableResilienceDefaults"]
    return result if effective else None


def _sign_in_frequency(given: Props) -> Props | None:
    every_time = given.get("signInFrequencyInterval") == "everyTime"
    if not given.get("signInFrequency") and not every_time:
        return None
    amount = {} if every_time else {"type": given["signInFrequencyPeriod"], "value": given["signInFrequency"]}
    return _control(
        "signInFrequency",
        authenticationType=given.get("signInFrequencyAuthenticationType") or "primaryAndSecondaryAuthentication",
        frequencyInterval=given.get("signInFrequencyInterval") or "timeBased",
        isEnabled=True,
        **amount,
    )


def outputs(policy: Props) -> Props:
    return {
        "conditions": _condition_outputs(policy["conditions"]),
        "displayName": policy["displayName"],
        "grantControls": _grant_outputs(policy.get("grantControls")),
        "objectId": policy["id"],
        "sessionControls": _session_outputs(policy.get("sessionControls")),
        "state": policy["state"],
    }


def _list_outputs(found: Props, names: dict[str, str]) -> Props:
    return {ours: found.get(theirs) or [] for ours, theirs in names.items()}


def _condition_outputs(found: Props) -> Props:
    applications, users = found.get("applications") or {}, found.get("users") or {}
    flows = (found.get("authenticationFlows") or {}).get("transferMethods")
    devices = (found.get("devices") or {}).get("deviceFilter")
    clients, locations, platforms = (found.get(key) for key in ("clientApplications", "locations", "platforms"))
    return {
        "applications": {
            **_list_outputs(applications, _APPLICATIONS),
            "filter": _filter(applications.get("applicationFilter")),
        },
        "authenticationFlowTransferMethods": flows.split(",") if flows else [],
        "clientApplications": {
            **_list_outputs(clients, _CLIENTS),
            "filter": _filter(clients.get("servicePrincipalFilter")),
        }
        if clients
        else None,
        "devices": {"filter": _filter(devices)} if devices else None,
        "insiderRiskLevels": found.get("insiderRiskLevels") or "",
        "locations": _list_outputs(locations, _LOCATIONS) if locations else None,
        "platforms": _list_outputs(platforms, _PLATFORMS) if platforms else None,
        "users": {
            **_list_outputs(users, _USERS),
            **{ours: _guest_outputs(users.get(theirs)) for ours, theirs in _GUESTS.items()},
        },
        **_list_outputs(found, _LISTS),
    }


def _filter(found: Props | None) -> Props | None:
    return {"mode": found["mode"], "rule": found["rule"]} if found else None


def _guest_outputs(found: Props | None) -> list[Props]:
    if not found:
        return []
    tenants = found.get("externalTenants")
    enumerated = (
        [{"membershipKind": tenants["membershipKind"], "members": tenants.get("members") or []}] if tenants else []
    )
    return [{"externalTenants": enumerated, "guestOrExternalUserTypes": found["guestOrExternalUserTypes"].split(",")}]


def _grant_outputs(found: Props | None) -> Props | None:
    if not found:
        return None
    strength = (found.get("authenticationStrength") or {}).get("id")
    strength_id = f"/policies/authenticationStrengthPolicies/{strength}" if strength else ""
    return {
        **_list_outputs(found, _GRANTS),
        "authenticationStrengthPolicyId": strength_id,
        "operator": found["operator"],
    }


def _session_outputs(found: Props | None) -> Props | None:
    if not found:
        return None
    frequency = found.get("signInFrequency") or {}
    return {
        "applicationEnforcedRestrictionsEnabled": _enabled(found.get("applicationEnforcedRestrictions")),
        "cloudAppSecurityPolicy": (found.get("cloudAppSecurity") or {}).get("cloudAppSecurityType") or "",
        "disableResilienceDefaults": found.get("disableResilienceDefaults") or False,
        "persistentBrowserMode": (found.get("persistentBrowser") or {}).get("mode") or "",
        "signInFrequency": frequency.get("value") or 0,
        "signInFrequencyAuthenticationType": frequency.get("authenticationType") or "",
        "signInFrequencyInterval": frequency.get("frequencyInterval") or "",
        "signInFrequencyPeriod": frequency.get("type") or "",
    }


def _enabled(control: Props | None) -> bool:
    return bool(control and control.get("isEnabled"))
