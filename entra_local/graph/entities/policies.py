"""Policies: token lifetime, claims mapping, Conditional Access."""

from entra_local.graph.entities.entity import DELETABLE, Entity
from entra_local.graph.schema import flag, identifier, items, moment, read_only, structure, text, texts


def _policy(kind: str, collection: str) -> Entity:
    return Entity(
        kind,
        collection,
        DELETABLE
        | {
            "definition": texts(),
            "description": text(),
            "displayName": text(256),
            "isOrganizationDefault": flag(False),
        },
    )


TOKEN_LIFETIME_POLICY = _policy("tokenLifetimePolicy", "policies/tokenLifetimePolicies")
CLAIMS_MAPPING_POLICY = _policy("claimsMappingPolicy", "policies/claimsMappingPolicies")

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
        "conditions": structure(),
        "grantControls": structure(),
        "sessionControls": structure(),
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
        "ipRanges": items({"cidrAddress": text()}),
        "countriesAndRegions": texts(),
        "includeUnknownCountriesAndRegions": flag(False),
        "countryLookupMethod": text(among=("clientIpAddress", "authenticatorAppGps"), default="clientIpAddress"),
    },
)
