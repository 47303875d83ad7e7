# ruff: noqa: N818 - the classes are named for what the wire says
"""Why a person does not get in, or a grant is worth nothing, in Entra's own words."""

from entra_local import clock
from entra_local.signin.exceptions import SignInError
from entra_local.wire import JsonObject

# the authorization request


class RedirectMismatch(SignInError):
    """The redirect URI is not registered: the browser must never be sent there."""

    number = 50011

    def __init__(self, uri: str, app_id: str) -> None:
        super().__init__(
            f"The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the"
            f" application '{app_id}'. Make sure the redirect URI sent in the request matches one added to your"
            " application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about"
            " how to troubleshoot this error."
        )


class ResponseTypeDisabled(SignInError):
    """The implicit flow, which no application here may use."""

    code = "unsupported_response_type"

    def __init__(self, wanted: str) -> None:
        self.number = 700051 if wanted == "token" else 700054
        super().__init__(f"response_type '{wanted}' is not enabled for the application.")


class UnsupportedResponseType(SignInError):
    code = "unsupported_response_type"
    number = 70005

    def __init__(self, wanted: str) -> None:
        super().__init__(f"The app returned an unsupported response type: '{wanted}'.")


class UnsupportedResponseMode(SignInError):
    number = 70007

    def __init__(self, wanted: str) -> None:
        super().__init__(f"'{wanted}' is not a supported value of 'response_mode' for the code flow.")


class UnsupportedPrompt(SignInError):
    number = 90023

    def __init__(self, wanted: str) -> None:
        super().__init__(f"Invalid STS request: the value '{wanted}' of 'prompt' is not supported.")


class InvalidChallengeMethod(SignInError):
    number = 50149
    message = "The code_challenge_method must be S256 or plain."


class InvalidChallengeSize(SignInError):
    number = 501491
    message = "Invalid size of Code_Challenge parameter: 43 to 128 characters of A-Z, a-z, 0-9, '-', '.', '_', '~'."


class PkceRequired(SignInError):
    number = 9002325
    message = "Proof Key for Code Exchange is required for cross-origin authorization code redemption."


class SeveralResources(SignInError):
    number = 28000

    def __init__(self, scope: str) -> None:
        super().__init__(
            "Provided value for the input parameter scope is not valid because it contains more than one resource."
            f" Scope {scope} is not valid."
        )


class UnknownScope(SignInError):
    code = "invalid_scope"
    number = 70011

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"The provided request must include a 'scope' input parameter. The provided value for the input parameter"
            f" 'scope' is not valid. The scope {scope} is not valid."
        )


# the person


class UnknownUser(SignInError):
    code = "invalid_grant"
    number = 50034

    def __init__(self, name: str, tenant: str) -> None:
        super().__init__(
            f"The user account {name} does not exist in the {tenant} directory. To sign into this application, the"
            " account must be added to the directory."
        )


class ForeignUser(SignInError):
    code = "invalid_grant"
    number = 50020

    def __init__(self, name: str, provider: str, tenant: str, app_id: str, app_name: str) -> None:
        super().__init__(
            f"User account '{name}' from identity provider '{provider}' does not exist in tenant '{tenant}' and cannot"
            f" access the application '{app_id}'({app_name}) in that tenant. The account needs to be added as an"
            " external user in the tenant first. Sign out and sign in again with a different Azure Active Directory"
            " user account."
        )


class DeletedUser(SignInError):
    code = "invalid_grant"
    number = 500341

    def __init__(self, tenant: str) -> None:
        super().__init__(
            f"The user account has been deleted from the {tenant} directory. To sign into this application, the"
            " account must be added to the directory."
        )


class WrongPassword(SignInError):
    code = "invalid_grant"
    number = 50126
    message = "Error validating credentials due to invalid username or password."


class DisabledUser(SignInError):
    code = "invalid_grant"
    number = 50057
    message = "The user account is disabled."


class NotAssigned(SignInError):
    code = "invalid_grant"
    number = 50105

    def __init__(self, app_id: str, name: str, user: str) -> None:
        super().__init__(
            f"Your administrator has configured the application {name} ('{app_id}') to block users unless they are"
            f" specifically granted ('assigned') access to the application. The signed in user '{user}' is blocked"
            " because they are not a direct member of a group with access, nor had access directly assigned by an"
            " administrator. Please contact your administrator to assign access to this application."
        )


class NoConsent(SignInError):
    code = "invalid_grant"
    number = 65001

    def __init__(self, app_id: str, name: str, missing: str = "") -> None:
        super().__init__(
            f"The user or administrator has not consented to use the application with ID '{app_id}' named '{name}'."
            " Send an interactive authorization request for this user and resource."
            + (f" Without consent: {missing}." if missing else "")
        )


class AdminConsentRequired(NoConsent):
    """Where people have to be assigned, they can't consent: an administrator does, for everybody."""

    code = "access_denied"
    number = 90094

    def __init__(self, name: str) -> None:
        SignInError.__init__(
            self,
            f"{name} needs permission to access resources in your organization that only an admin can grant. Please ask"
            " an admin to grant permission to this app before you can use it.",
        )


class SigningKeyRequired(SignInError):
    number = 50146
    message = (
        "This application is required to be configured with an application-specific signing key. It is either not"
        " configured with one, or the key has expired or is not yet valid."
    )


class SessionRequired(SignInError):
    code = "login_required"
    number = 50058
    message = (
        "Session information is not sufficient for single-sign-on: a silent sign-in request was sent but no user is"
        " signed in."
    )


class StalePage(SignInError):
    number = 90100
    message = (
        "The sign-in page has expired, or was opened in another browser. Go back to the application and start again."
    )


# grants


class MalformedGrant(SignInError):
    code = "invalid_grant"
    number = 9002313
    message = "Invalid request. Request is malformed or invalid."


class ForeignGrant(SignInError):
    """The code or refresh token was given to another application."""

    code = "invalid_grant"
    number = 70000
    message = "Provided grant is invalid or malformed."


class ReplyAddressMismatch(SignInError):
    code = "invalid_grant"
    number = 500112

    def __init__(self, given: str, wanted: str) -> None:
        super().__init__(
            f"The reply address '{given}' does not match the reply address '{wanted}' provided when requesting"
            " Authorization code."
        )


class VerifierMissing(SignInError):
    code = "invalid_grant"
    number = 50148
    message = (
        "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE: one of"
        " both is missing."
    )


class VerifierMismatch(SignInError):
    code = "invalid_grant"
    number = 501481
    message = "The Code_Verifier does not match the code_challenge supplied in the authorization request."


class CodeRedeemed(SignInError):
    code = "invalid_grant"
    number = 54005
    message = (
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh"
        " token."
    )


class GrantExpired(SignInError):
    code = "invalid_grant"
    number = 70008
    message = (
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive"
        " authorization request for this user and resource."
    )


class GrantRevoked(SignInError):
    code = "invalid_grant"
    number = 50173

    def __init__(self, grant: JsonObject, valid_from: str | None) -> None:
        super().__init__(
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have"
            f" changed or reset their password. The grant was issued on '{clock.stamp(clock.at(grant['authTime']))}'"
            " and the TokensValidFrom date (before which tokens are not valid) for this user is"
            f" '{valid_from or clock.stamp()}'."
        )
