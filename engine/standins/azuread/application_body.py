"""An application as Graph writes it and as the provider's properties say it."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.standins.azuread.features import feature_tags, tags_of
from engine.standins.azuread.graph import in_set_order, or_null
from engine.standins.values import Props

_INFO = {
    "marketingUrl": "marketingUrl",
    "privacyStatementUrl": "privacyStatementUrl",
    "supportUrl": "supportUrl",
    "termsOfServiceUrl": "termsOfServiceUrl",
}
_CLAIMS = {"accessTokens": "accessToken", "idTokens": "idToken", "saml2Tokens": "saml2Token"}
_ROLE = ("id", "description", "displayName", "value")
_SCOPE = (
    "adminConsentDescription",
    "adminConsentDisplayName",
    "id",
    "type",
    "userConsentDescription",
    "userConsentDisplayName",
    "value",
)


def complete(inputs: Props) -> Props:
    """Every key that a create sends; an update sends some of them."""
    web = inputs.get("web") or {}
    return {
        "@odata.type": "#microsoft.graph.application",
        "api": api(inputs),
        "appRoles": _by_id(_role(role) for role in inputs.get("appRoles") or []),
        "description": or_null(inputs.get("description")),
        "displayName": inputs["displayName"],
        "groupMembershipClaims": or_null(",".join(in_set_order(inputs.get("groupMembershipClaims")))),
        "identifierUris": in_set_order(inputs.get("identifierUris")),
        "info": {key: or_null(inputs.get(ours)) for key, ours in _INFO.items()},
        "isDeviceOnlyAuthSupported": inputs.get("deviceOnlyAuthEnabled") or False,
        "isFallbackPublicClient": inputs.get("fallbackPublicClientEnabled") or False,
        "notes": or_null(inputs.get("notes")),
        "optionalClaims": _claims(inputs.get("optionalClaims")),
        "publicClient": _redirects(inputs.get("publicClient")),
        "requiredResourceAccess": sorted(
            (_access(access) for access in inputs.get("requiredResourceAccesses") or []),
            key=lambda access: str(access["resourceAppId"]),
        ),
        "serviceManagementReference": or_null(inputs.get("serviceManagementReference")),
        "signInAudience": inputs.get("signInAudience") or "AzureADMyOrg",
        "spa": _redirects(inputs.get("singlePageApplication")),
        "tags": tags_of(inputs),
        "web": {
            "homePageUrl": or_null(web.get("homepageUrl")),
            "implicitGrantSettings": _implicit(web.get("implicitGrant") or {}),
            "logoutUrl": or_null(web.get("logoutUrl")),
            "redirectUris": in_set_order(web.get("redirectUris")),
        },
    }


def api(inputs: Props) -> Props:
    given = inputs.get("api") or {}
    return {
        "acceptMappedClaims": given.get("mappedClaimsEnabled") or False,
        "knownClientApplications": in_set_order(given.get("knownClientApplications")),
        "oauth2PermissionScopes": _by_id(_scope(scope) for scope in given.get("oauth2PermissionScopes") or []),
        "requestedAccessTokenVersion": given.get("requestedAccessTokenVersion") or 1,
    }


def _by_id(items: Iterable[Props]) -> list[Props]:
    """Elements of a set, so that two bodies that say the same are equal."""
    return sorted(items, key=lambda item: str(item["id"]))


def _role(role: Props) -> Props:
    texts = {key: or_null(role.get(key)) if key != "value" else role.get(key) or "" for key in _ROLE}
    members = in_set_order(role.get("allowedMemberTypes"))
    return {"allowedMemberTypes": members, "isEnabled": role.get("enabled", True), **texts}


def _scope(scope: Props) -> Props:
    texts = {key: scope.get(key) or "" for key in _SCOPE}
    return {**texts, "isEnabled": scope.get("enabled", True), "type": scope.get("type") or "User"}


def _access(access: Props) -> Props:
    entries = [{"id": entry["id"], "type": entry["type"]} for entry in access["resourceAccesses"]]
    return {"resourceAccess": entries, "resourceAppId": access["resourceAppId"]}


def _claims(claims: Props | None) -> Props:
    if not claims:
        return {}
    return {theirs: [_claim(claim) for claim in claims.get(ours) or []] for ours, theirs in _CLAIMS.items()}


def _claim(claim: Props) -> Props:
    source = {"source": claim["source"]} if claim.get("source") else {}
    more = claim.get("additionalProperties") or []
    return {"additionalProperties": more, "essential": claim.get("essential") or False, "name": claim["name"], **source}


def _implicit(grant: Props) -> Props:
    return {
        "enableAccessTokenIssuance": grant.get("accessTokenIssuanceEnabled") or False,
        "enableIdTokenIssuance": grant.get("idTokenIssuanceEnabled") or False,
    }


def _redirects(client: Props | None) -> Props:
    return {"redirectUris": in_set_order((client or {}).get("redirectUris"))}


def outputs(app: Props, post_response_required: bool, owners: Iterable[Props]) -> Props:
    """The state of an application: the bodies of its three GETs."""
    web = app.get("web") or {}
    grant = web.get("implicitGrantSettings") or {}
    info = app.get("info") or {}
    tags = sorted(app.get("tags") or [])
    settings = app.get("api") or {}
    membership = app.get("groupMembershipClaims")
    return {
        "api": {
            "knownClientApplications": sorted(settings.get("knownClientApplications") or []),
            "mappedClaimsEnabled": settings.get("acceptMappedClaims") or False,
            "oauth2PermissionScopes": _sorted(scope_outputs(settings.get("oauth2PermissionScopes"))),
            "requestedAccessTokenVersion": settings.get("requestedAccessTokenVersion") or 1,
        },
        "appRoleIds": values_to_ids(app.get("appRoles")),
        "appRoles": _sorted(role_outputs(app.get("appRoles"))),
        "clientId": app.get("appId") or "",
        "description": app.get("description") or "",
        "deviceOnlyAuthEnabled": app.get("isDeviceOnlyAuthSupported") or False,
        "disabledByMicrosoft": app.get("disabledByMicrosoftStatus") or "",
        "displayName": app["displayName"],
        "fallbackPublicClientEnabled": app.get("isFallbackPublicClient") or False,
        "featureTags": feature_tags(tags),
        "groupMembershipClaims": sorted(membership.split(",")) if membership else [],
        "identifierUris": sorted(app.get("identifierUris") or []),
        "logoImage": "",
        "logoUrl": info.get("logoUrl") or "",
        "notes": app.get("notes") or "",
        "oauth2PermissionScopeIds": values_to_ids(settings.get("oauth2PermissionScopes")),
        "oauth2PostResponseRequired": post_response_required,
        "objectId": app["id"],
        "optionalClaims": _claim_outputs(app.get("optionalClaims")),
        "owners": sorted(owner["id"] for owner in owners),
        "password": None,
        "publicClient": {"redirectUris": sorted((app.get("publicClient") or {}).get("redirectUris") or [])},
        "publisherDomain": app.get("publisherDomain") or "",
        "requiredResourceAccesses": _sorted(_access_outputs(app.get("requiredResourceAccess"))),
        "serviceManagementReference": app.get("serviceManagementReference") or "",
        "signInAudience": app.get("signInAudience") or "",
        "singlePageApplication": {"redirectUris": sorted((app.get("spa") or {}).get("redirectUris") or [])},
        "tags": tags,
        "templateId": app.get("applicationTemplateId") or "",
        "web": {
            "homepageUrl": web.get("homePageUrl") or "",
            "implicitGrant": {
                "accessTokenIssuanceEnabled": grant.get("enableAccessTokenIssuance") or False,
                "idTokenIssuanceEnabled": grant.get("enableIdTokenIssuance") or False,
            },
            "logoutUrl": web.get("logoutUrl") or "",
            "redirectUris": sorted(web.get("redirectUris") or []),
        },
        **{ours: info.get(theirs) or "" for theirs, ours in _INFO.items()},
    }


def role_outputs(roles: Iterable[Props] | None) -> list[Props]:
    return [
        {
            "allowedMemberTypes": sorted(role.get("allowedMemberTypes") or []),
            "enabled": role.get("isEnabled") or False,
            **{key: role.get(key) or "" for key in _ROLE},
        }
        for role in roles or ()
    ]


def scope_outputs(scopes: Iterable[Props] | None) -> list[Props]:
    return [
        {**{key: scope.get(key) or "" for key in _SCOPE}, "enabled": scope.get("isEnabled") or False}
        for scope in scopes or ()
    ]


def values_to_ids(items: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    return {item["value"]: item["id"] for item in items or () if item.get("value")}


def _access_outputs(accesses: Iterable[Props] | None) -> list[Props]:
    return [
        {
            "resourceAccesses": [{"id": entry["id"], "type": entry["type"]} for entry in access["resourceAccess"]],
            "resourceAppId": access["resourceAppId"],
        }
        for access in accesses or ()
    ]


def _claim_outputs(claims: Props | None) -> Props | None:
    if not claims or not any(claims.get(theirs) for theirs in _CLAIMS.values()):
        return None
    return {ours: [_claim_output(claim) for claim in claims.get(theirs) or []] for ours, theirs in _CLAIMS.items()}


def _claim_output(claim: Props) -> Props:
    return {
        "additionalProperties": claim.get("additionalProperties") or [],
        "essential": claim.get("essential") or False,
        "name": claim["name"],
        "source": claim.get("source") or "",
    }


def _sorted(items: list[Props]) -> list[Props]:
    """Sets come back in one order, so that a refresh shows nothing."""
    return sorted(items, key=lambda item: sorted((key, str(value)) for key, value in item.items()))
