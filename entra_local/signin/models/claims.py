"""What tokens say about a person: groups, optional claims, names, and the subject that only one application knows."""

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from entra_local.azure import RETIRED_GRAPH_HOST
from entra_local.graph.models.groups import transitive_groups
from entra_local.graph.models.objects import kind_of
from entra_local.signin.models import people
from entra_local.store import Directory
from entra_local.wire import JsonObject

GROUP_LIMIT = 200
"""More than so many groups are not in a token; it then names where to ask for them."""
_USER_ROLE = "b79fbf4d-3ef9-4689-8143-76b194e85509"
"""What `wids` holds for somebody without any directory role."""


def subject(tenant: str, app_id: str, user: JsonObject) -> str:
    """`sub`: differs from application to application, so that two of them can't compare notes."""
    digest = hashlib.sha256(f"{tenant} {app_id} {user['id']}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def token_id() -> str:
    """`uti`: the token's own id."""
    return secrets.token_urlsafe(16)


def roles_and_groups(
    directory: Directory, user: JsonObject, resource: JsonObject, application: JsonObject | None, kind: str
) -> JsonObject:
    """`roles`, `groups` and `wids`, as the application behind a resource wants them in a token of this kind.

    `kind` is `idToken` or `accessToken`.
    """
    claims: JsonObject = {}
    roles = people.roles(directory, user, resource)
    if application is not None:
        wanted = {name.strip() for name in (application["groupMembershipClaims"] or "").split(",")}
        style = {
            option
            for claim in _optional(application, kind)
            if claim["name"] == "groups"
            for option in claim["additionalProperties"]
        }
        names = "cloud_displayname" in style and wanted == {"ApplicationGroup"}
        groups = sorted(
            {group["displayName"] if names else group["id"] for group in _groups(directory, user, resource, wanted)}
        )
        if len(groups) > GROUP_LIMIT:
            claims |= _overage(directory, user)
        elif groups and "emit_as_roles" in style:
            roles = groups
        elif groups:
            claims["groups"] = groups
        if wanted & {"DirectoryRole", "All"}:
            claims["wids"] = [_USER_ROLE]
    if roles:
        claims["roles"] = roles
    return claims


def optional(user: JsonObject, application: JsonObject | None, kind: str, grant: JsonObject) -> JsonObject:
    """The claims that an application asks for and the person has."""
    claims: JsonObject = {}
    for claim in _optional(application, kind) if application is not None else ():
        value = _optional_value(claim, user, grant)
        if value not in (None, ""):
            claims[claim["name"]] = value
    return claims


def _optional_value(claim: Mapping[str, Any], user: JsonObject, grant: JsonObject) -> object:
    match claim["name"]:
        case "acct":
            return int(people.is_guest(user))
        case "auth_time":
            return grant["authTime"]
        case "email":
            return user["mail"]
        case "family_name":
            return user["surname"]
        case "given_name":
            return user["givenName"]
        case "login_hint":
            return user["userPrincipalName"]
        case "upn":
            return _upn(user, claim["additionalProperties"])
    return None


def _upn(user: JsonObject, options: list[str]) -> str | None:
    """A guest has a name here too, but a token shows it only where the application wants that of guests."""
    name = str(user["userPrincipalName"])
    if not people.is_guest(user) or "include_externally_authenticated_upn" in options:
        return name
    if "include_externally_authenticated_upn_without_hash" in options:
        return name.replace("#EXT#", "_EXT_")
    return None


def _optional(application: JsonObject, kind: str) -> list[JsonObject]:
    wanted: JsonObject = application["optionalClaims"] or {}
    found: list[JsonObject] = wanted.get(kind) or []
    return found


def _groups(directory: Directory, user: JsonObject, resource: JsonObject, wanted: set[str]) -> Iterator[JsonObject]:
    if wanted & {"SecurityGroup", "All"}:
        for group in transitive_groups(directory, user["id"]):
            if kind_of(group) == "group" and (group["securityEnabled"] or "All" in wanted):
                yield group
    if "ApplicationGroup" in wanted:
        assigned = {
            found.body["principalId"]
            for found in directory.find("appRoleAssignment", "resourceId", resource["id"])
            if found.body["principalType"] == "Group"
        }
        yield from (group for group in people.direct_groups(directory, user) if group["id"] in assigned)


def _overage(directory: Directory, user: JsonObject) -> JsonObject:
    # The host is the retired one that Entra still names; clients are told to ask Graph's getMemberObjects instead.
    endpoint = f"https://{RETIRED_GRAPH_HOST}/{directory.tenant}/users/{user['id']}/getMemberObjects"
    return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}
