"""What somebody else keeps on an app registration that was there before the stack, and a stack can leave as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_entra.settings.model import Keepable


@dataclass(frozen=True)
class Kept:
    """`properties` are Pulumi's, of which a change is ignored; `graph` the members of Graph's application, as paths.

    `lost` says who notices if it goes.
    """

    properties: tuple[str, ...]
    graph: tuple[str, ...]
    lost: str


KEPT: Mapping[Keepable, Kept] = {
    "identifierUris": Kept(
        ("identifierUris",), ("identifierUris",), "programs that ask for tokens for it get AADSTS500011"
    ),
    "exposedScopes": Kept(
        ("api.oauth2PermissionScopes",),
        ("api.oauth2PermissionScopes",),
        "programs that ask for them get AADSTS65001 or 70011",
    ),
    "knownClients": Kept(
        ("api.knownClientApplications",),
        ("api.knownClientApplications",),
        "a consent to those clients doesn't count for this application any more",
    ),
    "accessTokenClaims": Kept(
        ("optionalClaims.accessTokens",), ("optionalClaims.accessToken",), "APIs that read them in a token find none"
    ),
    "samlTokenClaims": Kept(
        ("optionalClaims.saml2Tokens",), ("optionalClaims.saml2Token",), "programs that sign in by SAML find none"
    ),
    "notes": Kept(("notes",), ("notes",), "what somebody noted is gone"),
    "links": Kept(
        ("marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl", "web.homepageUrl"),
        (
            "info.marketingUrl",
            "info.privacyStatementUrl",
            "info.supportUrl",
            "info.termsOfServiceUrl",
            "web.homePageUrl",
        ),
        "people who consent or look it up find none",
    ),
}
