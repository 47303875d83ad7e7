"""What Graph answers about an application, as the shapes that this program reads. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow_entra.access import names
from airflow_entra.access.kept import KEPT
from airflow_entra.directory.registered import BY_A_RULE, AppRole, Certificate, FrequencyPolicy, Secret, Trust
from airflow_entra.settings.model import Keepable


def implicit(settings: Mapping[str, Any]) -> tuple[str, ...]:
    names = {"enableAccessTokenIssuance": "access tokens", "enableIdTokenIssuance": "ID tokens"}
    return tuple(name for key, name in names.items() if settings.get(key))


def application_permissions(application: Mapping[str, Any]) -> tuple[str, ...]:
    asked = application.get("requiredResourceAccess") or ()
    return tuple(
        access["id"] for one in asked for access in one.get("resourceAccess") or () if access["type"] == "Role"
    )


def delegated(application: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    asked = application.get("requiredResourceAccess") or ()
    return tuple(
        (one["resourceAppId"], access["id"])
        for one in asked
        for access in one.get("resourceAccess") or ()
        if access["type"] == "Scope"
    )


def beside(application: Mapping[str, Any]) -> dict[Keepable, tuple[str, ...]]:
    """What a stack can leave as it is, by the setting's word for it."""
    found = {part: tuple(_named(application, kept.graph)) for part, kept in KEPT.items()}
    return {
        part: called for part, called in found.items() if called and not (part == "notes" and contacts(application))
    }


def contacts(application: Mapping[str, Any]) -> tuple[str, ...]:
    notes = str(application.get("notes") or "")
    return tuple(notes.removeprefix(names.CONTACTS).split(", ")) if notes.startswith(names.CONTACTS) else ()


def _named(application: Mapping[str, Any], paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        value: Any = application
        for step in path.split("."):
            value = (value or {}).get(step)
        for one in value if isinstance(value, list) else [value] if value else []:
            yield str(one.get("value") or one.get("name") or one.get("id")) if isinstance(one, dict) else str(one)


def id_token_claims(application: Mapping[str, Any]) -> tuple[str, ...]:
    claims = (application.get("optionalClaims") or {}).get("idToken") or ()
    more = (", ".join(claim.get("additionalProperties") or ()) for claim in claims)
    return tuple(claim["name"] + (f" ({said})" if said else "") for claim, said in zip(claims, more, strict=True))


def app_role(role: Mapping[str, Any]) -> AppRole:
    kinds = role.get("allowedMemberTypes") or ()
    return AppRole(
        role["id"],
        str(role.get("value") or ""),
        str(role.get("description") or ""),
        role.get("isEnabled") is not False,
        "User" in kinds,
        "Application" in kinds,
    )


def secret(one: Mapping[str, Any]) -> Secret:
    return Secret(one["keyId"], str(one.get("displayName") or ""), str(one.get("endDateTime") or ""))


def certificate(one: Mapping[str, Any]) -> Certificate:
    name, ends = str(one.get("displayName") or ""), str(one.get("endDateTime") or "")
    return Certificate(one["keyId"], name, ends, one.get("key"))


def trust(one: Mapping[str, Any]) -> Trust:
    """One with `claimsMatchingExpression` has no subject."""
    return Trust(one["id"], one["name"], one["issuer"], one.get("subject") or BY_A_RULE)


def rules(policy: Mapping[str, Any]) -> dict[str, Any]:
    try:
        said = json.loads((policy.get("definition") or ["{}"])[0]).get("TokenLifetimePolicy")
    except (ValueError, AttributeError):
        said = None
    return said if isinstance(said, dict) else {}


def frequency(policy: Mapping[str, Any], client_id: str) -> FrequencyPolicy | None:
    """The policy where it sets a sign-in frequency for this application by name."""
    controls = policy.get("sessionControls") or {}
    control = controls.get("signInFrequency") or {}
    conditions = policy.get("conditions") or {}
    applications = (conditions.get("applications") or {}).get("includeApplications") or []
    if not control.get("isEnabled") or not control.get("value") or client_id not in applications:
        return None
    users = conditions.get("users") or {}
    more = [
        policy.get("grantControls"),
        users.get("includeUsers") != ["All"],
        *(users.get(key) for key in users if key.startswith("exclude") or key in ("includeGroups", "includeRoles")),
        *(value for key, value in conditions.items() if key not in ("applications", "users", "clientAppTypes")),
        *(value for key, value in controls.items() if key != "signInFrequency" and not key.startswith("@")),
    ]
    return FrequencyPolicy(
        policy["id"],
        str(policy.get("displayName") or ""),
        int(control["value"]),
        str(control.get("type") or ""),
        policy.get("state") == "enabled",
        applications == [client_id],
        any(more),
    )
