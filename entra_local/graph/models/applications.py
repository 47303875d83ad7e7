"""Applications: creation, the rules for what may stand in one, deletion."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit
from uuid import uuid4

from entra_local.graph.entities import APPLICATION, SERVICE_PRINCIPAL
from entra_local.graph.exceptions import (
    BadRequest,
    DuplicateValues,
    EnabledEntitlement,
    InvalidValue,
    RequiredProperty,
    ValueTaken,
)
from entra_local.graph.models import credentials
from entra_local.graph.models.objects import add_reference, bind, created, load, save, take_references
from entra_local.graph.models.tenant_policies import check_keys
from entra_local.graph.schema import merge
from entra_local.store import EVERYWHERE, Directory
from entra_local.wire import JsonObject

OWNER_KINDS = ("user", "servicePrincipal")
MAXIMUM_OWNERS = 100
MAXIMUM_REDIRECTS = 256
MAXIMUM_REDIRECTS_PERSONAL = 100
MAXIMUM_REDIRECT_LENGTH = 256
MAXIMUM_MANIFEST_ENTRIES = 1200

_FORBIDDEN_IN_REDIRECTS = re.compile(r"[!$'(),;#\s]")
_GROUP_CLAIMS = frozenset({"None", "SecurityGroup", "DirectoryRole", "ApplicationGroup", "All"})
_ROLE_VALUE = re.compile(r"[^\s.][^\s]{0,119}")


def create(directory: Directory, changes: JsonObject, owner: str | None) -> tuple[JsonObject, list[str]]:
    """A new application, and the secrets of the passwords it was asked to have, shown this once.

    `owner` owns it when the request names no owners.
    """
    owners = take_references(changes, "owners")
    passwords = changes.pop("passwordCredentials", None) or []
    if not isinstance(passwords, list):
        raise InvalidValue("passwordCredentials")
    application = created(APPLICATION) | {"appId": str(uuid4()), "publisherDomain": domain(directory)}
    application = merge(APPLICATION.properties, application, changes)
    _complete(application)
    _check(directory, application)
    secrets = [credentials.add_password(directory, application, password) for password in passwords]
    save(directory, APPLICATION, application)
    bind(
        directory, "owners", application["id"], owners if owners is not None else [owner] if owner else [], OWNER_KINDS
    )
    return application, secrets


def update(directory: Directory, id_: str, changes: JsonObject) -> None:
    """Merge a PATCH into an application. Raises GraphError when the result breaks a rule."""
    before = load(directory, APPLICATION, id_)
    keys = changes.pop("keyCredentials", None)
    after = merge(APPLICATION.properties, before, changes)
    if keys is not None:
        credentials.replace_keys(after, keys)
        known = {key["keyId"] for key in before["keyCredentials"]}
        check_keys(directory, after, [key for key in after["keyCredentials"] if key["keyId"] not in known])
    _complete(after)
    _check_disabled_first(before["appRoles"], after["appRoles"])
    _check_disabled_first(before["api"]["oauth2PermissionScopes"], after["api"]["oauth2PermissionScopes"])
    _check(directory, after)
    save(directory, APPLICATION, after)
    if after["displayName"] != before["displayName"]:
        _rename_principals(directory, after)


def delete(directory: Directory, id_: str) -> None:
    """Soft-delete an application and its service principal with it. Raises NotFound."""
    application = load(directory, APPLICATION, id_)
    for principal in directory.find("servicePrincipal", "appId", application["appId"]):
        delete_principal(directory, principal.id)
    directory.soft_delete("application", id_)


def delete_principal(directory: Directory, id_: str) -> None:
    """Soft-delete a service principal: it loses its policies for good. Raises NotFound."""
    load(directory, SERVICE_PRINCIPAL, id_)
    for link in ("tokenLifetimePolicies", "claimsMappingPolicies"):
        for policy in directory.targets(link, id_):
            directory.unlink(link, id_, policy)
    directory.soft_delete("servicePrincipal", id_)


def add_owner(directory: Directory, id_: str, owner: str) -> None:
    """Make someone an owner. Raises NotFound, ReferenceExists, or BadRequest above the limit."""
    if len(directory.targets("owners", id_)) >= MAXIMUM_OWNERS:
        raise BadRequest(f"The object has reached the limit of {MAXIMUM_OWNERS} owners.")
    add_reference(directory, "owners", id_, owner, OWNER_KINDS)


def domain(directory: Directory) -> str:
    """The tenant's own domain."""
    found = directory_tenant(directory)
    return str(found["domain"])


def directory_tenant(directory: Directory) -> JsonObject:
    """What the seed said of the tenant."""
    found = Directory(directory.connection, EVERYWHERE).get("tenant", directory.tenant)
    if found is None:
        raise LookupError(f"tenant {directory.tenant} is gone, yet a token speaks for it")
    return found.body


def _rename_principals(directory: Directory, application: JsonObject) -> None:
    """A service principal has its application's name, and is found by it."""
    for principal in directory.find("servicePrincipal", "appId", application["appId"]):
        save(directory, SERVICE_PRINCIPAL, principal.body | {"displayName": application["displayName"]})


def _complete(application: JsonObject) -> None:
    """Fill in what the service adds to what was written."""
    for role in (*application["appRoles"], *application["api"]["oauth2PermissionScopes"]):
        role["origin"] = "Application"


def _check(directory: Directory, application: JsonObject) -> None:
    if not application["displayName"]:
        raise RequiredProperty("displayName")
    _check_redirects(application)
    _check_logout(application["web"]["logoutUrl"])
    _check_entitlements(application)
    claims = application["groupMembershipClaims"]
    if claims is not None and not {part.strip() for part in claims.split(",")} <= _GROUP_CLAIMS:
        raise InvalidValue("groupMembershipClaims")
    if application["identifierUris"]:
        _check_identifiers(directory, application)
    _unique("tags", (tag.casefold() for tag in application["tags"]))
    _unique("requiredResourceAccess", (access["resourceAppId"] for access in application["requiredResourceAccess"]))


def _check_redirects(application: JsonObject) -> None:
    total = 0
    for platform, plain in (("web", False), ("spa", False), ("publicClient", True)):
        uris = application[platform]["redirectUris"]
        total += len(uris)
        name = f"{platform}.redirectUris"
        # Redirect URIs compare with case.
        _unique(name, uris)
        for uri in uris:
            _check_redirect(name, uri, plain)
    personal = "Personal" in application["signInAudience"]
    if total > (MAXIMUM_REDIRECTS_PERSONAL if personal else MAXIMUM_REDIRECTS):
        raise BadRequest("The number of redirect URIs exceeds the maximum that is allowed for the application.")


def _check_redirect(name: str, uri: str, any_scheme: bool) -> None:
    if len(uri) > MAXIMUM_REDIRECT_LENGTH:
        raise InvalidValue(name, f"a redirect URI has at most {MAXIMUM_REDIRECT_LENGTH} characters.")
    if _FORBIDDEN_IN_REDIRECTS.search(uri):
        raise InvalidValue(name, f"'{uri}' contains a character that is not allowed in a redirect URI.")
    if not (_is_secure(uri) or (any_scheme and ":" in uri)):
        raise InvalidValue(name, f"'{uri}' must start with 'HTTPS' or 'http://localhost'.")


def _is_secure(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local))


def _check_logout(url: str | None) -> None:
    if url and not _is_secure(url):
        raise InvalidValue("web.logoutUrl", "it must start with 'HTTPS' or 'http://localhost'.")


def _check_entitlements(application: JsonObject) -> None:
    roles, scopes = application["appRoles"], application["api"]["oauth2PermissionScopes"]
    if len(roles) + len(scopes) > MAXIMUM_MANIFEST_ENTRIES:
        raise BadRequest(
            "The size of the object has exceeded its limit. Please reduce the number of values and retry your request."
        )
    for name, entitlements in (("appRoles", roles), ("api.oauth2PermissionScopes", scopes)):
        for entitlement in entitlements:
            if not entitlement["id"]:
                raise RequiredProperty(f"{name}.id")
            value = entitlement["value"]
            if value and not _ROLE_VALUE.fullmatch(value):
                raise InvalidValue(f"{name}.value", f"'{value[:130]}' has spaces, starts with a dot, or is too long.")
    for role in roles:
        for required in ("displayName", "description", "allowedMemberTypes"):
            if not role[required]:
                raise RequiredProperty(f"appRoles.{required}")
    # A role and a scope may share id and value; two roles or two scopes may not.
    _unique("appRoles.id", (role["id"] for role in roles))
    _unique("appRoles.value", (role["value"] for role in roles if role["value"]))
    _unique("api.oauth2PermissionScopes.value", (scope["value"] for scope in scopes if scope["value"]))


def _check_disabled_first(before: list[JsonObject], after: list[JsonObject]) -> None:
    remaining = {item["id"]: item for item in after}
    for item in before:
        kept = remaining.get(item["id"])
        if item["isEnabled"] and (kept is None or _essence(kept) != _essence(item)):
            raise EnabledEntitlement


def _essence(entitlement: JsonObject) -> JsonObject:
    """What may not change while the entitlement is enabled; the order of member types means nothing."""
    return entitlement | {"isEnabled": None, "allowedMemberTypes": sorted(entitlement.get("allowedMemberTypes", []))}


def _check_identifiers(directory: Directory, application: JsonObject) -> None:
    uris = application["identifierUris"]
    _unique("identifierUris", uris)
    for uri in uris:
        if not urlsplit(uri).scheme:
            raise InvalidValue("identifierUris", f"'{uri}' is not an absolute URI.")
    for other in directory.scan("application"):
        if other.id != application["id"] and not set(uris).isdisjoint(other.body["identifierUris"]):
            raise ValueTaken("identifierUris")


def _unique(name: str, values: Iterable[str]) -> None:
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise DuplicateValues(name)
