"""Other ways to write what a policy refuses: in another case, with another type, in parts, known only at the update.

A mutant means the same to Azure, or more, so it has to be refused too.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from policies import examples
from policies.known_types import KNOWN_TYPES_ONLY
from policies.resources import short_type
from policies.rules import Finding, Rule

LATER = "known at the update"
"""The key of a value that a preview doesn't know: the program gives its value in an update only."""

Document = dict[str, Any]
Path = tuple[str | int, ...]

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REFERENCE = examples.REFERENCE
_WORD = re.compile(r"[A-Za-z_]+")
_FREE_TEXT = {"displayName", "description", "name", "mailNickname", "secretName", "vaultName", "value", "create"}
_FOREIGN = ("command:local:Command", "kubernetes:core/v1:Secret", "pulumi-nodejs:dynamic:Resource")
SIBLINGS: dict[str, tuple[str, ...]] = {
    "azuread:Application": ("azuread:ApplicationRegistration", "azuread:application"),
    "azuread:ApplicationPassword": ("azuread:ServicePrincipalPassword",),
    "azuread:ApplicationCertificate": ("azuread:ServicePrincipalCertificate",),
    "azuread:ApplicationFederatedIdentityCredential": (
        "azuread:ApplicationFlexibleFederatedIdentityCredential",
        "azure-native:managedidentity:FederatedIdentityCredential",
    ),
    "azuread:ServicePrincipal": ("azuread:ServicePrincipalPassword",),
    "azuread:ServicePrincipalDelegatedPermissionGrant": ("azuread:ApplicationApiAccess",),
    "azuread:AppRoleAssignment": ("azuread:DirectoryRoleAssignment", "azuread:DirectoryRoleMember"),
    "azuread:GroupWithoutMembers": ("azuread:Group",),
    "azuread:PrivilegedAccessGroupEligibilitySchedule": ("azuread:PrivilegedAccessGroupAssignmentSchedule",),
    "azuread:ConditionalAccessPolicy": ("azuread:AuthenticationStrengthPolicy",),
    "azure-native:keyvault:Vault": (
        "azure-native:keyvault/v20230701:Vault",
        "azure-native_keyvault_v20230701:keyvault:Vault",
        "azure:keyvault/keyVault:KeyVault",
        "azure-native:resources:Deployment",
    ),
    "azure-native:keyvault:Secret": ("azure-native:keyvault/v20230701:Secret", "azure:keyvault/secret:Secret"),
    "azure-native:authorization:RoleAssignment": (
        "azure-native:authorization/v20220401:RoleAssignment",
        "azure-native:authorization:PimRoleEligibilitySchedule",
        "azure:authorization/assignment:Assignment",
    ),
    "azure-native:network:PrivateEndpoint": ("azure-native:network/v20230201:PrivateEndpoint",),
}


@dataclass(frozen=True)
class Mutant:
    """A program that has to be refused; `by` are the policies of which one has to say so."""

    name: str
    document: Document
    by: tuple[str, ...]


def of(rule: Rule) -> Iterator[Mutant]:
    """Every mutant of the policy's documented violation, the violation itself first."""
    document = yaml.safe_load(rule.violation)
    by = (rule.name, KNOWN_TYPES_ONLY.name)
    yield Mutant(f"{rule.name}: as documented", document, by)
    for path, value in _leaves(document):
        if _matters(rule, document, path):
            place = ".".join(map(str, path[-2:]))
            for how, other in _spelled(path, value):
                yield Mutant(f"{rule.name}: {place} {how}", _with(document, path, other), by)
    for name, type_ in _types(rule, document):
        yield Mutant(f"{rule.name}: {name} as {type_}", _with(document, ("resources", name, "type"), type_), by)
    for what, split in _in_parts(document):
        yield Mutant(f"{rule.name}: {what} in a resource of its own", split, by)


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar that the program writes itself, references left out."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*path, key))
    elif ("properties" in path or path[0] == "outputs") and not _REFERENCE.match(str(value)):
        yield path, value


def _matters(rule: Rule, document: Document, path: Path) -> bool:
    """Whether the violation is gone without this value."""
    return not _found(rule, _with(document, path, None))


def _found(rule: Rule, document: Document) -> list[Finding]:
    read = [one for one in examples.read(yaml.safe_dump(document)) if rule.reads(one.type)]
    given = [read] if rule.scope == "stack" else [[one] for one in read]
    results = [result for part in given for result in rule.check(part, rule.with_defaults({}))]
    return [result for result in results if isinstance(result, Finding)]


def _with(document: Document, path: Path, value: Any) -> Document:
    changed: Any = copy.deepcopy(document)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return dict(changed)


def _spelled(path: Path, value: Any) -> Iterator[tuple[str, Any]]:
    key = next(str(part) for part in reversed(path) if isinstance(part, str))
    if path[0] != "outputs":
        yield "known at the update", {LATER: value}
    if isinstance(value, bool):
        yield "as text", str(value)
        yield "as text in lower case", str(value).lower()
    elif isinstance(value, int):
        yield "as text", str(value)
    elif not isinstance(value, str) or key in _FREE_TEXT:
        return
    elif _GUID.fullmatch(value):
        yield "in upper case", value.upper()
        yield "with blanks", f" {value}\t"
        yield "in braces", f"{{{value}}}"
    elif "://" in value:
        scheme, _, rest = value.partition("://")
        host, slash, tail = rest.partition("/")
        yield "in upper case", f"{scheme.upper()}://{host.upper()}{slash}{tail}"
        yield "with blanks", f" {value} "
        yield "with a dot after the host", f"{scheme}://{host}.{slash}{tail}"
        yield "with the port", f"{scheme}://{host}:{443 if scheme == 'https' else 80}{slash}{tail}"
        if tail:
            yield "URL-encoded", f"{scheme}://{host}/%{ord(tail[0]):02x}{tail[1:]}"
    elif value.startswith("/"):
        yield "in upper case", value.upper()
        yield "with a slash at its end", f"{value}/"
        yield "with a slash too many", f"/{value}"
        yield "URL-encoded", f"/%{ord(value[1]):02x}{value[2:]}"
        yield "by a way round", f"{value}/x/.."
    elif _WORD.fullmatch(value):
        yield "in upper case", value.upper()
        yield "in lower case", value.lower()
        yield "with blanks", f" {value} "
        yield "with a character that nobody sees", f"{value}\u200b"


def _types(rule: Rule, document: Document) -> Iterator[tuple[str, str]]:
    """The resources that the policy finds fault with, by every other type that could do the same."""
    blamed = {finding.resource.name for finding in _found(rule, document)} & set(document["resources"])
    for name in sorted(blamed):
        for type_ in (*SIBLINGS.get(short_type(document["resources"][name]["type"]), ()), *_FOREIGN):
            yield name, type_


def _in_parts(document: Document) -> Iterator[tuple[str, Document]]:
    """Each part of an application that has a resource type of its own, moved there."""
    for name, resource in document["resources"].items():
        if resource["type"] != "azuread:Application":
            continue
        for prop in resource["properties"]:
            for type_, moved in _parts(prop, resource["properties"][prop]):
                split = copy.deepcopy(document)
                del split["resources"][name]["properties"][prop]
                part = {"applicationId": f"${{{name}.id}}", **moved}
                split["resources"][f"{name}-part"] = {"type": type_, "properties": part}
                yield prop, split


def _parts(prop: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if prop == "requiredResourceAccesses":
        for access in value:
            ids = [wanted["id"] for wanted in access["resourceAccesses"]]
            yield "azuread:ApplicationApiAccess", {"apiClientId": access["resourceAppId"], "roleIds": ids}
    elif prop in ("web", "publicClient", "singlePageApplication") and "redirectUris" in value:
        kind = {"web": "Web", "publicClient": "PublicClient"}.get(prop, "SPA")
        yield "azuread:ApplicationRedirectUris", {"type": kind, "redirectUris": value["redirectUris"]}
    elif prop == "fallbackPublicClientEnabled":
        yield "azuread:ApplicationFallbackPublicClient", {"enabled": value}
    elif prop == "appRoles":
        yield from (("azuread:ApplicationAppRole", {**role, "roleId": role["id"]}) for role in value)
    elif prop == "optionalClaims":
        yield "azuread:ApplicationOptionalClaims", dict(value)
    elif prop == "owners":
        yield "azuread:ApplicationOwner", {"ownerObjectId": value[0] if value else None}
