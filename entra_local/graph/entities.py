"""The types that the tenant keeps, property by property, in the order in which Graph shows them."""

from dataclasses import dataclass

from entra_local.graph.schema import (
    Property,
    Type,
    flag,
    identifier,
    if_selected,
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


@dataclass(frozen=True)
class Entity:
    """A kind of object: its type's name, where its collection lies, its properties."""

    kind: str
    collection: str
    properties: Type

    @property
    def odata_type(self) -> str:
        return f"#microsoft.graph.{self.kind}"


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
_DELETABLE: dict[str, Property] = {"id": read_only(identifier()), "deletedDateTime": read_only(moment())}

APPLICATION = Entity(
    "application",
    "applications",
    _DELETABLE
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
    _DELETABLE
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

GROUP = Entity(
    "group",
    "groups",
    _DELETABLE
    | {
        "classification": text(),
        "createdDateTime": read_only(moment()),
        "creationOptions": read_only(texts()),
        "description": text(1024),
        "displayName": text(256),
        "expirationDateTime": read_only(moment()),
        "groupTypes": texts(among=("Unified", "DynamicMembership")),
        "isAssignableToRole": flag(),
        "mail": read_only(text()),
        "mailEnabled": flag(),
        "mailNickname": text(64),
        "membershipRule": text(3072),
        "membershipRuleProcessingState": text(among=("On", "Paused")),
        "onPremisesDomainName": read_only(text()),
        "onPremisesLastSyncDateTime": read_only(moment()),
        "onPremisesNetBiosName": read_only(text()),
        "onPremisesSamAccountName": read_only(text()),
        "onPremisesSecurityIdentifier": read_only(text()),
        "onPremisesSyncEnabled": read_only(flag()),
        "preferredDataLocation": text(),
        "preferredLanguage": text(),
        "proxyAddresses": read_only(texts()),
        "renewedDateTime": read_only(moment()),
        "resourceBehaviorOptions": texts(),
        "resourceProvisioningOptions": texts(),
        "securityEnabled": flag(),
        "securityIdentifier": read_only(text()),
        "theme": text(),
        "uniqueName": read_only(text()),
        "visibility": text(among=("Public", "Private", "HiddenMembership", "Hiddenmembership")),
        "onPremisesProvisioningErrors": read_only(opaque([])),
        "serviceProvisioningErrors": read_only(opaque([])),
        "writebackConfiguration": in_beta(
            nested({"isEnabled": flag(), "onPremisesGroupType": text()}),
        ),
        "allowExternalSenders": if_selected(flag(False)),
        "autoSubscribeNewMembers": if_selected(flag(False)),
        "hideFromAddressLists": if_selected(flag(False)),
        "hideFromOutlookClients": if_selected(flag(False)),
    },
)

_ALWAYS = ("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation")
_USER_TEXTS = (
    *("ageGroup", "city", "companyName", "consentProvidedForMinor", "country", "department", "employeeId"),
    *("employeeType", "faxNumber", "mailNickname", "postalCode", "state", "streetAddress", "usageLocation"),
    *("passwordPolicies", "onPremisesImmutableId", "aboutMe"),
)
_USER_READ_ONLY = (
    *("creationType", "externalUserState", "onPremisesDistinguishedName", "onPremisesDomainName"),
    *("onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName"),
)

USER = Entity(
    "user",
    "users",
    {
        "businessPhones": texts(),
        **{name: text(256) for name in _ALWAYS[1:]},
        "preferredLanguage": text(),
        "surname": text(64),
        "userPrincipalName": text(113),
        "id": read_only(identifier()),
        "deletedDateTime": if_selected(read_only(moment())),
        "createdDateTime": if_selected(read_only(moment())),
        "accountEnabled": if_selected(flag()),
        "userType": if_selected(text(among=("Member", "Guest"), default="Member")),
        "otherMails": if_selected(texts()),
        "proxyAddresses": if_selected(read_only(texts())),
        "imAddresses": if_selected(read_only(texts())),
        "employeeHireDate": if_selected(moment()),
        "employeeOrgData": if_selected(nested({"costCenter": text(), "division": text()}, default="null")),
        "onPremisesSyncEnabled": if_selected(read_only(flag())),
        "showInAddressList": if_selected(flag()),
        "signInSessionsValidFromDateTime": if_selected(read_only(moment())),
        **{name: if_selected(text()) for name in _USER_TEXTS},
        **{name: if_selected(read_only(text())) for name in _USER_READ_ONLY},
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

APP_ROLE_ASSIGNMENT = Entity(
    "appRoleAssignment",
    "appRoleAssignments",
    {
        "id": read_only(text()),
        "deletedDateTime": read_only(moment()),
        "appRoleId": identifier(),
        "createdDateTime": read_only(moment()),
        "principalDisplayName": read_only(text()),
        "principalId": identifier(),
        "principalType": read_only(text()),
        "resourceDisplayName": read_only(text()),
        "resourceId": identifier(),
    },
)

PERMISSION_GRANT = Entity(
    "oauth2PermissionGrant",
    "oauth2PermissionGrants",
    {
        "clientId": identifier(),
        "consentType": text(among=("AllPrincipals", "Principal")),
        "id": read_only(text()),
        "principalId": identifier(),
        "resourceId": identifier(),
        "scope": text(3850),
        "startTime": in_beta(moment()),
        "expiryTime": in_beta(moment()),
    },
)


def _policy(kind: str, collection: str) -> Entity:
    return Entity(
        kind,
        collection,
        _DELETABLE
        | {
            "definition": texts(),
            "description": text(),
            "displayName": text(256),
            "isOrganizationDefault": flag(False),
        },
    )


TOKEN_LIFETIME_POLICY = _policy("tokenLifetimePolicy", "policies/tokenLifetimePolicies")
CLAIMS_MAPPING_POLICY = _policy("claimsMappingPolicy", "policies/claimsMappingPolicies")

DIRECTORY_OBJECTS = {entity.kind: entity for entity in (USER, GROUP, SERVICE_PRINCIPAL, APPLICATION)}
"""What `/directoryObjects/{id}` finds, in the order in which it looks."""

CONDITIONAL_ACCESS_POLICY = Entity(
    "conditionalAccessPolicy",
    "identity/conditionalAccess/policies",
    {
        "id": read_only(identifier()),
        "templateId": read_only(identifier()),
        "displayName": text(256),
        "createdDateTime": read_only(moment()),
        "modifiedDateTime": read_only(moment()),
        "state": text(),
        "conditions": opaque(),
        "grantControls": opaque(),
        "sessionControls": opaque(),
    },
)

NAMED_LOCATION = Entity(
    "namedLocation",
    "identity/conditionalAccess/namedLocations",
    {
        "id": read_only(identifier()),
        "displayName": text(256),
        "createdDateTime": read_only(moment()),
        "modifiedDateTime": read_only(moment()),
        "isTrusted": flag(False),
        "ipRanges": opaque(),
        "countriesAndRegions": texts(),
        "includeUnknownCountriesAndRegions": flag(False),
        "countryLookupMethod": text(among=("clientIpAddress", "authenticatorAppGps"), default="clientIpAddress"),
    },
)
