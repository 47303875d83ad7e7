"""How people's browsers get a token: the authorization code flow of a confidential client, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policies.resource_types import APPLICATION
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule, Settings

_GRANTS = ("accessTokenIssuanceEnabled", "idTokenIssuanceEnabled")


def _implicit(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for application in resources:
        for name in _GRANTS:
            if application.get("web", "implicitGrant", name) is True:
                yield Finding(
                    resource=application,
                    problem=f"web.implicitGrant.{name} is true: tokens travel in the browser's address",
                    fix="Set it to false or leave it out",
                )


def _without_implicit(application: Resource) -> Mapping[str, Value]:
    web, grant = application.get("web"), application.get("web", "implicitGrant")
    if isinstance(web, Mapping) and isinstance(grant, Mapping) and any(grant.get(name) is True for name in _GRANTS):
        return {"web": {**web, "implicitGrant": {**grant, **dict.fromkeys(_GRANTS, False)}}}
    return {}


NO_IMPLICIT_GRANT = Rule(
    name="no-implicit-grant",
    title="No implicit grant",
    description="Tokens are never issued by the implicit grant.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="With the implicit grant a token is part of the browser's address: it ends up in history, logs and "
    "referrers, no client proves who it is, and over 5 groups are left out of it.",
    remedy="Set both flags of `web.implicitGrant` to false. Airflow uses the authorization code flow.",
    controls=("SOC 2 CC6.1", "SOC 2 CC6.7", "NIST 800-53 AC-3", "NIST 800-53 IA-5"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-implicit-grant-flow",
    types=(APPLICATION,),
    check=_implicit,
    repair=_without_implicit,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        implicitGrant: {idTokenIssuanceEnabled: true}
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        implicitGrant: {accessTokenIssuanceEnabled: false, idTokenIssuanceEnabled: false}
""",
)


def _public(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for application in resources:
        if application.get("fallbackPublicClientEnabled") is True:
            yield Finding(
                resource=application,
                problem="fallbackPublicClientEnabled is true: no secret is asked for",
                fix="Set it to false or leave it out",
            )
        if uris := [uri for uri in application.items("publicClient", "redirectUris") if uri is not UNKNOWN]:
            yield Finding(
                resource=application,
                problem=f"publicClient.redirectUris has {len(uris)} of a public client",
                fix="Move what Airflow needs to web.redirectUris and remove the rest",
            )


def _confidential(application: Resource) -> Mapping[str, Value]:
    flag = "fallbackPublicClientEnabled"
    return {flag: False} if application.get(flag) is True else {}


NO_PUBLIC_CLIENT = Rule(
    name="no-public-client",
    title="No public client",
    description="The application is a confidential client only.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="A public client proves nothing: whoever knows the client id, which is no secret, can ask people to sign in "
    "to it, by device code too, and gets tokens that Airflow accepts.",
    remedy="Leave out `publicClient` and set `fallbackPublicClientEnabled` to false.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-3", "NIST 800-53 AC-3"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/msal-client-applications",
    types=(APPLICATION,),
    check=_public,
    repair=_confidential,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      fallbackPublicClientEnabled: true
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      fallbackPublicClientEnabled: false
""",
)


def _pkce(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for resource in resources:
        if any(uri is not UNKNOWN for uri in resource.items("singlePageApplication", "redirectUris")):
            yield Finding(
                resource=resource,
                problem="a redirect URI is on the single-page platform, where Airflow's server can't redeem a code",
                fix="Register it on the web platform",
            )
        if resource.get("oauth2PostResponseRequired") is True:
            yield Finding(
                resource=resource,
                problem="oauth2PostResponseRequired is true: Airflow gets its code in the query",
                fix="Set it to false or leave it out",
            )


PKCE_CAPABLE = Rule(
    name="pkce-capable",
    title="Authorization code flow with PKCE",
    description="Airflow's server can sign people in with an authorization code, a secret of its own and PKCE.",
    scope="resource",
    severity="medium",
    level="mandatory",
    reason="PKCE binds a code to the browser that asked for it, and the client's credential binds it to Airflow. Both "
    "together need the web platform: on the single-page one Entra redeems a code for browsers only, without a secret.",
    remedy="Register redirect URIs under `web`, none under `singlePageApplication`.",
    controls=("SOC 2 CC6.1", "NIST 800-53 SC-23", "NIST 800-53 IA-2"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow",
    types=(APPLICATION,),
    check=_pkce,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      singlePageApplication:
        redirectUris: [https://airflow.contoso.com/auth/oauth-authorized/azure]
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        redirectUris: [https://airflow.contoso.com/auth/oauth-authorized/azure]
""",
)
