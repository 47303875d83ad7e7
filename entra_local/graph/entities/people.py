"""Groups and users."""

from entra_local.graph.entities.entity import DELETABLE, Entity
from entra_local.graph.schema import (
    flag,
    identifier,
    if_selected,
    in_beta,
    items,
    moment,
    nested,
    opaque,
    read_only,
    structure,
    text,
    texts,
)

GROUP = Entity(
    "group",
    "groups",
    DELETABLE
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
_IDENTITY = ("signInType", "issuer", "issuerAssignedId")
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
        "identities": if_selected(read_only(items({name: text() for name in _IDENTITY}))),
        "imAddresses": if_selected(read_only(texts())),
        "employeeHireDate": if_selected(moment()),
        "employeeOrgData": if_selected(nested({"costCenter": text(), "division": text()}, default="null")),
        "onPremisesSyncEnabled": if_selected(read_only(flag())),
        "showInAddressList": if_selected(flag()),
        "signInActivity": if_selected(read_only(structure())),
        "signInSessionsValidFromDateTime": if_selected(read_only(moment())),
        **{name: if_selected(text()) for name in _USER_TEXTS},
        **{name: if_selected(read_only(text())) for name in _USER_READ_ONLY},
    },
)
