"""What a token says about a person, and whether it can be made to say more than the directory does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policies.normal import number
from policies.resource_types import APPLICATION
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule, Settings

_NARROW = ("None", "ApplicationGroup", "SecurityGroup")
_BY_ID = frozenset(
    {"include_externally_authenticated_upn", "include_externally_authenticated_upn_without_hash", "max_size_limit"}
)
"""What a claim may add without telling a group by its name or as a role."""
_TOKENS = ("idTokens", "accessTokens", "saml2Tokens")


def _group_claims(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for application in resources:
        for claim in application.items("groupMembershipClaims"):
            if isinstance(claim, str) and claim not in _NARROW:
                yield Finding(
                    resource=application,
                    problem=f"groupMembershipClaims has {claim}: every token says more than the groups that give roles",
                    fix="Use app roles, ApplicationGroup or SecurityGroup",
                )


GROUP_CLAIMS_LIMITED = Rule(
    name="group-claims-limited",
    title="Group claims no wider than needed",
    description="Tokens carry no group that gives no role.",
    scope="resource",
    severity="medium",
    level="mandatory",
    reason="Over 200 groups Entra leaves all of them out of the token, so wide claims stop sign-ins of the people with "
    "the most groups; and they tell every Airflow log who administers the tenant.",
    remedy="Leave `groupMembershipClaims` out and use app roles, or set it to `ApplicationGroup` or `SecurityGroup`.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-6"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/optional-claims",
    types=(APPLICATION,),
    check=_group_claims,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      groupMembershipClaims: [All]
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      groupMembershipClaims: [ApplicationGroup]
""",
)


def _names(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for resource in resources:
        for token in _TOKENS:
            for claim in resource.objects("optionalClaims", token):
                if found := sorted(_texts(claim.get("additionalProperties")) - _BY_ID):
                    yield Finding(
                        resource=resource,
                        problem=f"{token} has the claim {claim.get('name')} with {', '.join(found)}",
                        fix="Leave additionalProperties out, so that groups are told by object id",
                    )


def _texts(value: Value) -> set[str]:
    return {item for item in value if isinstance(item, str)} if isinstance(value, list | tuple) else set()


GROUPS_BY_ID = Rule(
    name="groups-by-id",
    title="Groups by object id, roles by app role",
    description="Tokens tell groups by object id and never as roles.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="Names aren't unique in Entra: whoever may create or rename a group gives itself the name that stands for "
    "Admin. Groups that are issued as roles take the place of the app roles.",
    remedy="Take `cloud_displayname`, the `sam_account_name` forms and `emit_as_roles` out of the optional claims.",
    controls=("SOC 2 CC6.1", "SOC 2 CC6.3", "NIST 800-53 AC-3", "NIST 800-53 IA-4"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/optional-claims",
    types=(APPLICATION,),
    check=_names,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      groupMembershipClaims: [ApplicationGroup]
      optionalClaims:
        idTokens:
          - {name: groups, additionalProperties: [cloud_displayname]}
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      groupMembershipClaims: [ApplicationGroup]
      optionalClaims:
        idTokens:
          - {name: groups}
""",
)


def _mapped(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for application in resources:
        if application.get("api", "mappedClaimsEnabled") is True:
            yield Finding(
                resource=application,
                problem="api.mappedClaimsEnabled is true: a policy elsewhere can change what its tokens say",
                fix="Set it to false or leave it out",
            )


def _unmapped(application: Resource) -> Mapping[str, Value]:
    api = application.get("api")
    return {"api": {**api, "mappedClaimsEnabled": False}} if isinstance(api, Mapping) else {}


NO_MAPPED_CLAIMS = Rule(
    name="no-mapped-claims",
    title="No mapped claims",
    description="No claims mapping policy can change what the application's tokens say.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="With mapped claims and no signing key of its own, whoever may write a claims mapping policy decides who a "
    "token says its person is.",
    remedy="Leave `api.mappedClaimsEnabled` out or set it to false.",
    controls=("SOC 2 CC6.1", "NIST 800-53 AC-3", "NIST 800-53 IA-8"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/reference-microsoft-graph-app-manifest",
    types=(APPLICATION,),
    check=_mapped,
    repair=_unmapped,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      api: {mappedClaimsEnabled: true}
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      api: {mappedClaimsEnabled: false}
""",
)


def _version(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for application in resources:
        version = application.get("api", "requestedAccessTokenVersion")
        if version is not UNKNOWN and number(version) != 2:
            yield Finding(
                resource=application,
                problem=f"requestedAccessTokenVersion is {'not set, so 1' if version is None else version}",
                fix="Set api.requestedAccessTokenVersion to 2",
            )


TOKENS_V2 = Rule(
    name="tokens-v2",
    title="Access tokens of version 2.0",
    description="Access tokens for the application come from the v2.0 issuer.",
    scope="resource",
    severity="low",
    level="advisory",
    reason="A v1.0 access token has another issuer and other claims than the ID token: an agent's token is then judged "
    "by rules of its own, or two issuers are accepted where one would do.",
    remedy="Set `api.requestedAccessTokenVersion` to 2.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-8"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens",
    types=(APPLICATION,),
    check=_version,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      api: {requestedAccessTokenVersion: 2}
""",
)
