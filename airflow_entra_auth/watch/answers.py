"""What Entra's refusals at the token endpoint mean for a session: one table, by AADSTS number.

The numbers are those of https://learn.microsoft.com/entra/identity-platform/reference-error-codes. Microsoft may add
some at any time, so the rule for a number that isn't here matters as much as the table: see `about`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import httpx

from airflow_entra_auth.claims import display
from airflow_entra_auth.credential import CredentialError

if TYPE_CHECKING:
    from airflow_entra_auth.sessions import WhyEnded  # SQLAlchemy, which this needs not

About = Literal["person", "application", "policy", "session", "doubt", "silence"]
WHAT_FOLLOWS: Mapping[About, str] = {
    "person": "every session of the person ends, and their roles are taken away",
    "application": "everybody's sessions end, once two rounds in a row heard nothing else",
    "policy": "this session ends when Entra says so three times in a row, 30 s apart, while it renews as many others; "
    "where it meets the many, nobody's does",
    "session": "this session ends",
    "doubt": "as a policy's refusal",
    "silence": "nothing; tried again within 30 s, or when Entra says",
}


@dataclass(frozen=True)
class Answer:
    """`name` is Microsoft's; `because` says why it is about what it is about."""

    about: About
    name: str
    because: str
    ends: WhyEnded | None = None


POLICY_FIX = (
    "Conditional Access judges the address from which Airflow redeems refresh tokens: have the policies that apply to "
    "this application allow it (a named location with the addresses by which Airflow reaches Entra), or write "
    "`revocation: watch` in the stack file, which redeems nobody's token"
)

_GONE: WhyEnded = "deleted from the directory"
_ANOTHER_TENANT = "a guest was taken out of the tenant, or another tenant was asked than was meant"
_REVOKED = "sessions were revoked or the password is new; each session's own token says so"
_OLD = "the token is too old; only a new sign-in gives another"
_HERE = "Conditional Access judges the address or device that asks, and Airflow's server asks, not the browser"
_STRONGER = "a second factor is wanted for the place that asks, and no server can give one"
_OURS = "about Airflow's own credential: it says nothing about any person"
_LATER = "Entra's own trouble, which passes"

ANSWERS: Mapping[int, Answer] = {
    50057: Answer("person", "UserDisabled", "the account is disabled", "disabled in the directory"),
    50034: Answer("person", "UserAccountNotFound", "the account is deleted", _GONE),
    500341: Answer("person", "UserAccountNotFound", "the account is deleted, and can be restored yet", _GONE),
    51004: Answer("person", "UserAccountNotInDirectory", "the account is deleted", _GONE),
    50105: Answer(
        "person",
        "EntitlementGrantsNotFound",
        "the person is assigned to nothing of the application any more",
        "refused by the directory",
    ),
    7000112: Answer("application", "UnauthorizedClientApplicationDisabled", "the application is disabled"),
    70001: Answer("application", "UnauthorizedClient", "the application is disabled"),
    700016: Answer("application", "UnauthorizedClient_DoesNotMatchRequest", "the application is not in the tenant"),
    700011: Answer("application", "UnauthorizedClientAppNotFoundInOrgIdTenant", "the application is not in the tenant"),
    53003: Answer("policy", "BlockedByConditionalAccess", _HERE),
    530032: Answer("policy", "BlockedByConditionalAccessOnSecurityPolicy", _HERE),
    530035: Answer("policy", "BlockedBySecurityDefaults", _HERE),
    50131: Answer("policy", "ConditionalAccessFailed", _HERE),
    53000: Answer("policy", "DeviceNotCompliant", _HERE),
    53001: Answer("policy", "DeviceNotDomainJoined", _HERE),
    53002: Answer("policy", "ApplicationUsedIsNotAnApprovedApp", _HERE),
    50005: Answer("policy", "DevicePolicyError", _HERE),
    50097: Answer("policy", "DeviceAuthenticationRequired", _HERE),
    50129: Answer("policy", "DeviceIsNotWorkplaceJoined", _HERE),
    50155: Answer("policy", "DeviceAuthenticationFailed", _HERE),
    50187: Answer("policy", "DeviceInformationNotProvided", _HERE),
    50002: Answer("policy", "NotAllowedTenant", "a proxy between Airflow and Entra restricts tenants"),
    500021: Answer("policy", "TenantRestriction", "a proxy between Airflow and Entra restricts tenants"),
    500022: Answer("policy", "TenantRestriction", "a proxy between Airflow and Entra restricts tenants"),
    50053: Answer("policy", "IdsLocked", "the account is locked, or the address that asks has a bad name"),
    50072: Answer("policy", "UserStrongAuthEnrollmentRequiredInterrupt", _STRONGER),
    50074: Answer("policy", "UserStrongAuthClientAuthNRequiredInterrupt", _STRONGER),
    50076: Answer("policy", "UserStrongAuthClientAuthNRequired", _STRONGER),
    50079: Answer("policy", "UserStrongAuthEnrollmentRequired", _STRONGER),
    50158: Answer("policy", "ExternalSecurityChallenge", _STRONGER),
    53004: Answer("policy", "ProofUpBlockedDueToRisk", _STRONGER),
    53010: Answer("policy", "ProofUpBlockedDueToSecurityInfoAcr", _STRONGER),
    50173: Answer("session", "FreshTokenNeeded", _REVOKED),
    50132: Answer("session", "SsoArtifactInvalidOrExpired", _REVOKED),
    50133: Answer("session", "SsoArtifactRevoked", _REVOKED),
    50089: Answer("session", "FlowTokenExpired", _REVOKED),
    50055: Answer("session", "InvalidPasswordExpiredPassword", "the password is too old: Entra asks for a new one"),
    50144: Answer("session", "InvalidPasswordExpiredOnPremPassword", "the password is too old"),
    50135: Answer("session", "PasswordChangeCompromisedPassword", "the account is at risk: Entra asks for a password"),
    53011: Answer("session", "UserBlockedDueToRisk", "the account is at risk in its home tenant"),
    70008: Answer("session", "ExpiredOrRevokedGrant", _OLD),
    700082: Answer("session", "ExpiredOrRevokedGrantInactiveToken", _OLD),
    700084: Answer("session", "ExpiredSinglePageAppToken", _OLD),
    70043: Answer("session", "BadTokenDueToSignInFrequency", "the tenant's sign-in frequency wants a new sign-in"),
    50078: Answer("session", "UserStrongAuthExpired", "the second factor is too old by the tenant's own policy"),
    65001: Answer(
        "doubt",
        "DelegationDoesNotExist",
        "one person's consent is gone, or the application's, or a release of Airflow's sign-on asks for more than "
        "was consented to",
    ),
    50020: Answer("doubt", "UserUnauthorized", _ANOTHER_TENANT),
    16000: Answer("doubt", "InteractionRequired", _ANOTHER_TENANT),
    16003: Answer("doubt", "SsoUserAccountNotFoundInResourceTenant", _ANOTHER_TENANT),
    70000: Answer("doubt", "InvalidGrant", "the token is no good; public reports have it come and go for a good one"),
    7000215: Answer("silence", "InvalidClientSecret", _OURS),
    7000222: Answer("silence", "InvalidClientSecretExpiredKeysProvided", _OURS),
    7000216: Answer("silence", "MissingClientCredential", _OURS),
    7000218: Answer("silence", "MissingClientCredential", _OURS),
    70002: Answer("silence", "InvalidClient", _OURS),
    700024: Answer("silence", "ClientAssertionOutOfTime", f"{_OURS}, or about a clock"),
    700025: Answer("silence", "InvalidClientPublicClientWithCredential", _OURS),
    700027: Answer("silence", "ClientAssertionFailedSignatureValidation", _OURS),
    700030: Answer("silence", "InvalidCertificate", _OURS),
    70021: Answer("silence", "NoMatchingFederatedIdentityRecord", _OURS),
    700211: Answer("silence", "NoMatchingFederatedIdentityRecord", _OURS),
    700212: Answer("silence", "NoMatchingFederatedIdentityRecord", _OURS),
    700213: Answer("silence", "NoMatchingFederatedIdentityRecord", _OURS),
    7002138: Answer("silence", "NoMatchingFederatedIdentityRecord", f"{_OURS}: a subject differs in case"),
    70025: Answer("silence", "NoConfiguredFederatedIdentityCredential", _OURS),
    700229: Answer("silence", "ForbiddenTokenType", _OURS),
    50012: Answer("silence", "AuthenticationFailed", _OURS),
    50013: Answer("silence", "InvalidAssertion", _OURS),
    500133: Answer("silence", "AssertionOutOfTime", _OURS),
    50027: Answer("silence", "InvalidJwtToken", _OURS),
    900384: Answer("silence", "JwtSignatureFailed", _OURS),
    50000: Answer("silence", "TokenIssuanceError", _LATER),
    50033: Answer("silence", "RetryableError", _LATER),
    50166: Answer("silence", "ExternalClaimsProviderThrottled", _LATER),
    50196: Answer("silence", "LoopDetected", "Entra's brake: this client asked the same too often"),
    501621: Answer("silence", "ClaimsTransformationTimeout", _LATER),
    90006: Answer("silence", "ExternalServerRetryableError", _LATER),
    90012: Answer("silence", "RequestTimeout", _LATER),
    90024: Answer("silence", "RequestBudgetExceededError", _LATER),
    90033: Answer("silence", "MsodsServiceUnavailable", _LATER),
    90036: Answer("silence", "MsodsServiceUnretryableFailure", _LATER),
    90055: Answer("silence", "TenantThrottlingError", _LATER),
    90090: Answer("silence", "GraphRetryableError", _LATER),
    90091: Answer("silence", "GraphServiceUnreachable", _LATER),
}

_REFUSALS = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required", "access_denied"})
"""OAuth's words for: not this person, not with this token. Others say that the application or Entra is at fault."""
_NUMBER = re.compile(r"\bAADSTS(\d{4,9})\b")


class ApplicationGoneError(CredentialError):
    """The application that people sign in to is disabled, or not in the tenant any more."""


@dataclass(frozen=True)
class TurnedDown:
    """Entra refuses. `code` is the AADSTS number, 0 where it says none; `text` is its line."""

    code: int
    text: str

    @property
    def about(self) -> About:
        """A number that isn't in the table is a doubt: it may close one session, never everybody's at once."""
        known = ANSWERS.get(self.code)
        return known.about if known else "doubt"

    @property
    def ends(self) -> WhyEnded | None:
        """Of a refusal of the person: why their sessions end."""
        known = ANSWERS.get(self.code)
        return known.ends if known else None


def turned_down(answer: httpx.Response) -> TurnedDown | None:
    """The refusal in an answer of the token endpoint; None where it says nothing about a person or the application.

    So are 429 and 5xx whatever they hold, what isn't OAuth's JSON (a proxy's own page), and errors that OAuth calls
    the client's or the server's, unless the number says that the application is disabled or gone.
    """
    if answer.status_code not in (400, 401):
        return None
    body = body_of(answer)
    refusal = TurnedDown(_number(body), why(answer))
    if refusal.about == "application":
        return refusal
    return refusal if body.get("error") in _REFUSALS and refusal.about != "silence" else None


def body_of(answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object in an answer; empty where there is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def why(answer: httpx.Response) -> str:
    """What Entra says of a refusal, in a line."""
    body = body_of(answer)
    described = str(body.get("error_description") or body.get("error") or f"HTTP {answer.status_code}")
    return display((described.splitlines() or [""])[0], 500)


def _number(body: Mapping[str, Any]) -> int:
    """The first that the table knows, else the first."""
    listed = body.get("error_codes")
    numbers = [number for number in listed if isinstance(number, int)] if isinstance(listed, list) else []
    numbers += [int(number) for number in _NUMBER.findall(str(body.get("error_description") or "").partition("\n")[0])]
    return next((number for number in numbers if number in ANSWERS), numbers[0] if numbers else 0)
