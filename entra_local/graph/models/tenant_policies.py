"""The policies that a tenant has one of: what applications may hold, what people may do, security defaults.

They are obeyed: by whoever adds a credential, and by Conditional Access.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from entra_local import clock
from entra_local.azure import NO_ID
from entra_local.graph.exceptions import (
    CredentialLifetime,
    CredentialTypeNotAllowed,
    InvalidValue,
    SecurityDefaultsOn,
)
from entra_local.store import Directory
from entra_local.wire import JsonObject

APP_MANAGEMENT = "defaultAppManagementPolicy"
AUTHORIZATION = "authorizationPolicy"
SECURITY_DEFAULTS = "identitySecurityDefaultsEnforcementPolicy"
_KIND = "tenantPolicy"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_RESTRICTIONS: JsonObject = {"passwordCredentials": [], "keyCredentials": []}
_NEW: dict[str, JsonObject] = {
    # As a tenant has them that never touched them.
    APP_MANAGEMENT: {
        "id": NO_ID,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions.",
        "isEnabled": False,
        "applicationRestrictions": _RESTRICTIONS,
        "servicePrincipalRestrictions": _RESTRICTIONS,
    },
    AUTHORIZATION: {
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "everyone",
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "blockMsolPowerShell": False,
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-recommended"],
        },
    },
    SECURITY_DEFAULTS: {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms recommended by Microsoft.",
        "isEnabled": False,
    },
}


def load(directory: Directory, name: str) -> JsonObject:
    found = directory.get(_KIND, name)
    return found.body if found else _NEW[name]


def update(directory: Directory, name: str, changes: JsonObject) -> None:
    """Merge a PATCH into one of them. Raises InvalidValue for what the policy doesn't have."""
    before = load(directory, name)
    for key, value in changes.items():
        if key not in before or not isinstance(value, type(before[key])):
            raise InvalidValue(key)
    nested = {key: before[key] | value for key, value in changes.items() if isinstance(value, dict)}
    directory.put(_KIND, name, before | changes | nested)


def check_password(directory: Directory, application: JsonObject, start: datetime, end: datetime) -> None:
    """Raises CredentialTypeNotAllowed or CredentialLifetime where the tenant refuses such a secret."""
    restrictions = _in_force(directory, application, "passwordCredentials")
    if "passwordAddition" in restrictions:
        raise CredentialTypeNotAllowed
    _check_lifetime(restrictions.get("passwordLifetime"), end - start)


def check_keys(directory: Directory, application: JsonObject, keys: Iterable[JsonObject]) -> None:
    """Raises CredentialLifetime where the tenant refuses one of these certificates."""
    longest = _in_force(directory, application, "keyCredentials").get("asymmetricKeyLifetime")
    for key in keys:
        _check_lifetime(longest, clock.parse(key["endDateTime"]) - clock.parse(key["startDateTime"]))


def check_conditional_access(directory: Directory, state: str) -> None:
    """Raises SecurityDefaultsOn where the policy is to be enabled and security defaults are on."""
    if state == "enabled" and load(directory, SECURITY_DEFAULTS)["isEnabled"]:
        raise SecurityDefaultsOn


def _in_force(directory: Directory, application: JsonObject, what: str) -> dict[str, JsonObject]:
    policy = load(directory, APP_MANAGEMENT)
    if not policy["isEnabled"]:
        return {}
    made = clock.parse(application["createdDateTime"])
    return {
        str(one["restrictionType"]): one
        for one in policy["applicationRestrictions"].get(what) or ()
        if one.get("state", "enabled") == "enabled" and _since(one) <= made
    }


def _since(restriction: JsonObject) -> datetime:
    return clock.parse(restriction.get("restrictForAppsCreatedAfterDateTime") or "1970-01-01T00:00:00Z")


def _check_lifetime(restriction: JsonObject | None, wanted: timedelta) -> None:
    match = _DURATION.fullmatch(str((restriction or {}).get("maxLifetime") or ""))
    if match is None:
        return
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if wanted > timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds):
        raise CredentialLifetime
