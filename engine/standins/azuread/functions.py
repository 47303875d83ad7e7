"""The functions of azuread that a program may call: look-ups, each with exactly one answer."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.standins.azuread import group as groups
from engine.standins.azuread import service_principal as principals
from engine.standins.azuread import user as users
from engine.standins.azuread.graph import BETA, Graph, quoted
from engine.standins.credentials import Credential
from engine.standins.errors import ProviderError
from engine.standins.values import Props

_USER_FIELDS = (
    "accountEnabled,ageGroup,businessPhones,city,companyName,consentProvidedForMinor,country,creationType,department,"
    "displayName,employeeHireDate,employeeId,employeeOrgData,employeeType,externalUserState,faxNumber,givenName,id,"
    "imAddresses,jobTitle,mail,mailNickname,mobilePhone,officeLocation,onPremisesDistinguishedName,onPremisesDomainName,"
    "onPremisesImmutableId,onPremisesSamAccountName,onPremisesSecurityIdentifier,onPremisesSyncEnabled,"
    "onPremisesUserPrincipalName,otherMails,postalCode,preferredLanguage,proxyAddresses,showInAddressList,state,"
    "streetAddress,surname,usageLocation,userPrincipalName,userType"
)
_RESOURCE_ONLY = ("password", "disablePasswordExpiration", "disableStrongPassword", "forcePasswordChange")


def client_config(graph: Graph, credential: Credential, arguments: Props) -> Props:
    parts = {"tenantId": credential.tenant_id, "clientId": credential.client_id, "objectId": graph.caller_id}
    return {**parts, "id": "-".join(parts.values())}


def published_app_ids(graph: Graph, credential: Credential, arguments: Props) -> Props:
    """The well-known applications of Microsoft's that matter here; the official list is longer."""
    path = Path(__file__).with_name("published_apps.json")
    return {"id": "appIds", "result": json.loads(path.read_text(encoding="utf-8"))}


def service_principal(graph: Graph, credential: Credential, arguments: Props) -> Props:
    if arguments.get("objectId"):
        found = graph.get(f"/servicePrincipals/{arguments['objectId']}")
    else:
        keys = {"clientId": "appId", "displayName": "displayName"}
        found = _only(graph, "/servicePrincipals", _filter(arguments, keys), "service principal")
    outputs = principals.outputs(found, principals.saml_metadata_url(graph, found["id"]), None)
    outputs["samlSingleSignOns"] = [outputs.pop("samlSingleSignOn")]
    return {**outputs, "id": f"/servicePrincipals/{found['id']}"}


def group(graph: Graph, credential: Credential, arguments: Props) -> Props:
    if arguments.get("objectId"):
        found = graph.get(f"/groups/{arguments['objectId']}", BETA)
    else:
        keys = {"displayName": "displayName", "mailNickname": "mailNickname"}
        condition = _filter(arguments, keys)
        for key in ("mailEnabled", "securityEnabled"):
            if arguments.get(key) is not None:
                condition += f" and {key} eq {str(arguments[key]).lower()}"
        found = _only(graph, "/groups", condition, "group", BETA)
    path, transitive = f"/groups/{found['id']}", bool(arguments.get("includeTransitiveMembers"))
    members = graph.list(f"{path}/{'transitiveMembers' if transitive else 'members'}", BETA)
    outputs = groups.outputs(found, graph.list(f"{path}/owners", BETA), members, [])
    membership = outputs.pop("dynamicMembership")
    return {
        **outputs,
        "dynamicMemberships": [membership] if membership else [],
        "id": path,
        "includeTransitiveMembers": transitive,
        "onpremisesGroupType": "",
    }


def user(graph: Graph, credential: Credential, arguments: Props) -> Props:
    if arguments.get("objectId"):
        found = graph.get(f"/users/{arguments['objectId']}")
    else:
        keys = {key: key for key in ("userPrincipalName", "mail", "mailNickname", "employeeId")}
        found = _only(graph, "/users", _filter(arguments, keys), "user")
    path = f"/users/{found['id']}"
    details = graph.get(path, select=_USER_FIELDS)
    manager = graph.find(f"{path}/manager") or {}
    outputs = users.outputs(details, details.get("showInAddressList"), manager.get("id", ""))
    return {**{key: value for key, value in outputs.items() if key not in _RESOURCE_ONLY}, "id": path}


def directory_object(graph: Graph, credential: Credential, arguments: Props) -> Props:
    found = graph.get(f"/directoryObjects/{arguments['objectId']}")
    kind = found["@odata.type"].rsplit(".", 1)[-1]
    return {"id": found["id"], "objectId": found["id"], "type": kind[:1].upper() + kind[1:]}


def domains(graph: Graph, credential: Credential, arguments: Props) -> Props:
    wanted = arguments.get("supportsServices") or []
    conditions: Mapping[str, Callable[[Props], bool]] = {
        "adminManaged": lambda domain: bool(domain.get("isAdminManaged")),
        "onlyDefault": lambda domain: bool(domain.get("isDefault")),
        "onlyInitial": lambda domain: bool(domain.get("isInitial")),
        "onlyRoot": lambda domain: bool(domain.get("isRoot")),
    }
    asked = [test for key, test in conditions.items() if arguments.get(key)]
    found = [
        domain
        for domain in graph.list("/domains")
        if all(test(domain) for test in asked)
        and (arguments.get("includeUnverified") or domain.get("isVerified"))
        and set(wanted) <= set(domain.get("supportedServices") or [])
    ]
    if not found:
        raise ProviderError("no domain of the tenant matches")
    names = ",".join(domain["id"] for domain in found)
    digest = b64encode(hashlib.sha1(names.encode(), usedforsecurity=False).digest()).decode()
    return {**arguments, "domains": [_domain(domain) for domain in found], "id": f"domains#{digest}"}


def _domain(domain: Props) -> Props:
    return {
        "adminManaged": domain.get("isAdminManaged") or False,
        "authenticationType": domain.get("authenticationType") or "",
        "default": domain.get("isDefault") or False,
        "domainName": domain["id"],
        "initial": domain.get("isInitial") or False,
        "root": domain.get("isRoot") or False,
        "supportedServices": domain.get("supportedServices") or [],
        "verified": domain.get("isVerified") or False,
    }


def _filter(arguments: Props, keys: Mapping[str, str]) -> str:
    given = [f"{theirs} eq {quoted(arguments[ours])}" for ours, theirs in keys.items() if arguments.get(ours)]
    if len(given) != 1:
        raise ProviderError(f"one of objectId, {', '.join(keys)} must be specified, and no more than one")
    return given[0]


def _only(graph: Graph, path: str, condition: str, what: str, version: str = "v1.0") -> Any:
    found = graph.list(path, version, filter=condition)
    if len(found) != 1:
        raise ProviderError(f"{'no' if not found else 'more than one'} {what} found with {condition}")
    return found[0]


FUNCTIONS: Mapping[str, Callable[[Graph, Credential, Props], Props]] = {
    "azuread:index/getApplicationPublishedAppIds:getApplicationPublishedAppIds": published_app_ids,
    "azuread:index/getClientConfig:getClientConfig": client_config,
    "azuread:index/getDirectoryObject:getDirectoryObject": directory_object,
    "azuread:index/getDomains:getDomains": domains,
    "azuread:index/getGroup:getGroup": group,
    "azuread:index/getServicePrincipal:getServicePrincipal": service_principal,
    "azuread:index/getUser:getUser": user,
}
