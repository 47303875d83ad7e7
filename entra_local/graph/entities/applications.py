"""Applications, their service principals and their credentials."""

from entra_local.graph.entities.entity import DELETABLE, Entity
from entra_local.graph.schema import (
    Type,
    flag,
    identifier,
    in_beta,
    integer,
    items,
    moment,
    nested,
    opaque,
    read_only,
    replaced,
    text,
    texts,
)

APP_ROLE: Type = {
    "allowedMemberTypes": texts(among=("User", "Application")),
    "description": text(),
    "displayName": text(),
    "id": identifier(),
    "isEnabled": flag(True),
    "origin": read_only(text(), "Application"),
    "value": text(),
}
SCOPE: Type = {
    "adminConsentDescription": text(),
    "adminConsentDisplayName": text(),
    "id": identifier(),
    "isEnabled": flag(True),
    "origin": read_only(text(), "Application"),
    "type": text(among=("User", "Admin"), default="User"),
    "userConsentDescription": text(),
    "userConsentDisplayName": text(),
    "value": text(),
}
PASSWORD: Type = {
    "customKeyIdentifier": text(),
    "displayName": text(),
    "endDateTime": moment(),
    "hint": read_only(text()),
    "keyId": identifier(),
    "secretText": read_only(text()),
    "startDateTime": moment(),
}
KEY: Type = {
    "customKeyIdentifier": text(),
    "displayName": text(),
    "endDateTime": moment(),
    "key": text(),
    "keyId": identifier(),
    "startDateTime": moment(),
    "type": text(among=("AsymmetricX509Cert", "X509CertAndPassword")),
    "usage": text(among=("Verify", "Sign")),
}
_CLAIM: Type = {
    "additionalProperties": texts(),
    "essential": flag(False),
    "name": text(),
    "source": text(),
}
_INFO: Type = {
    "logoUrl": read_only(text()),
    "marketingUrl": text(),
    "privacyStatementUrl": text(),
    "supportUrl": text(),
    "termsOfServiceUrl": text(),
}
_REDIRECTS: Type = {"redirectUris": texts()}
_VERIFIED_PUBLISHER: Type = {
    "addedDateTime": read_only(moment()),
    "displayName": read_only(text()),
    "verifiedPublisherId": read_only(text()),
}

APPLICATION = Entity(
    "application",
    "applications",
    DELETABLE
    | {
        "appId": read_only(identifier()),
        "applicationTemplateId": read_only(identifier()),
        "disabledByMicrosoftStatus": read_only(text()),
        "createdDateTime": read_only(moment()),
        "displayName": text(120),
        "description": text(1024),
        "groupMembershipClaims": text(),
        "identifierUris": texts(255),
        "isDeviceOnlyAuthSupported": flag(),
        "isFallbackPublicClient": flag(),
        "notes": text(1024),
        "publisherDomain": read_only(text()),
        "serviceManagementReference": text(),
        "signInAudience": text(
            among=(
                "AzureADMyOrg",
                "AzureADMultipleOrgs",
                "AzureADandPersonalMicrosoftAccount",
                "PersonalMicrosoftAccount",
            ),
            default="AzureADMyOrg",
        ),
        "tags": texts(256),
        "tokenEncryptionKeyId": identifier(),
        "uniqueName": read_only(text()),
        "samlMetadataUrl": text(),
        "defaultRedirectUri": text(),
        "certification": read_only(opaque()),
        "optionalClaims": replaced(
            {"accessToken": items(_CLAIM), "idToken": items(_CLAIM), "saml2Token": items(_CLAIM)}
        ),
        "requestSignatureVerification": opaque(),
        "servicePrincipalLockConfiguration": opaque(),
        "addIns": opaque([]),
        "api": nested(
            {
                "acceptMappedClaims": flag(),
                "knownClientApplications": texts(),
                "requestedAccessTokenVersion": integer(),
                "oauth2PermissionScopes": items(SCOPE),
                "preAuthorizedApplications": items({"appId": identifier(), "delegatedPermissionIds": texts()}),
            }
        ),
        "appRoles": items(APP_ROLE),
        "info": nested(_INFO),
        "keyCredentials": items(KEY),
        "parentalControlSettings": opaque({"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"}),
        "passwordCredentials": read_only(items(PASSWORD)),
        "publicClient": nested(_REDIRECTS),
        "requiredResourceAccess": items(
            {
                "resourceAppId": identifier(),
                "resourceAccess": items({"id": identifier(), "type": text(among=("Scope", "Role"))}),
            }
        ),
        "verifiedPublisher": read_only(nested(_VERIFIED_PUBLISHER)),
        "web": nested(
            {
                "homePageUrl": text(),
                "logoutUrl": text(255),
                "redirectUris": texts(),
                "implicitGrantSettings": nested(
                    {"enableAccessTokenIssuance": flag(False), "enableIdTokenIssuance": flag(False)}
                ),
                "redirectUriSettings": opaque([]),
            }
        ),
        "spa": nested(_REDIRECTS),
        "oauth2RequirePostResponse": in_beta(flag(False)),
    },
)

SERVICE_PRINCIPAL = Entity(
    "servicePrincipal",
    "servicePrincipals",
    DELETABLE
    | {
        "accountEnabled": flag(True),
        "alternativeNames": texts(),
        "appDescription": read_only(text()),
        "appDisplayName": read_only(text()),
        "appId": read_only(identifier()),
        "applicationTemplateId": read_only(identifier()),
        "appOwnerOrganizationId": read_only(identifier()),
        "appRoleAssignmentRequired": flag(False),
        "createdDateTime": read_only(moment()),
        "description": text(1024),
        "disabledByMicrosoftStatus": read_only(text()),
        "displayName": read_only(text()),
        "homepage": read_only(text()),
        "loginUrl": text(),
        "logoutUrl": read_only(text()),
        "notes": text(1024),
        "notificationEmailAddresses": texts(),
        "preferredSingleSignOnMode": text(among=("password", "saml", "notSupported", "oidc")),
        "preferredTokenSigningKeyThumbprint": text(),
        "replyUrls": read_only(texts()),
        "resourceSpecificApplicationPermissions": read_only(opaque([])),
        "samlSingleSignOnSettings": nested({"relayState": text()}, default="null"),
        "servicePrincipalNames": read_only(texts()),
        "servicePrincipalType": read_only(text(), "Application"),
        "signInAudience": read_only(text()),
        "tags": texts(256),
        "tokenEncryptionKeyId": identifier(),
        "addIns": opaque([]),
        "appRoles": read_only(items(APP_ROLE)),
        "info": read_only(nested(_INFO)),
        "keyCredentials": items(KEY),
        "oauth2PermissionScopes": read_only(items(SCOPE)),
        "passwordCredentials": read_only(items(PASSWORD)),
        "verifiedPublisher": read_only(nested(_VERIFIED_PUBLISHER)),
        "samlMetadataUrl": in_beta(text()),
    },
)

FEDERATED_CREDENTIAL = Entity(
    "federatedIdentityCredential",
    "federatedIdentityCredentials",
    {
        "id": read_only(identifier()),
        "name": text(120),
        "issuer": text(600),
        "subject": text(600),
        "description": text(600),
        "audiences": texts(600),
    },
)
