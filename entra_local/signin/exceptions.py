# ruff: noqa: N818 - the classes are named for what the wire says
"""What is wrong with a request or with the application it comes from: an OAuth code, and the AADSTS number that
administrators look up. What is wrong with a person or a grant is in refusals.py."""

from uuid import UUID, uuid4

from entra_local import clock
from entra_local.azure import LOGIN
from entra_local.wire import Call, JsonObject, WireError


class SignInError(WireError):
    """OAuth's error body with Entra's additions. `number` is the AADSTS one."""

    status = 400
    code = "invalid_request"
    number = 0

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.trace_id = str(uuid4())
        self.moment = clock.now().strftime("%Y-%m-%d %H:%M:%SZ")

    @property
    def text(self) -> str:
        """The number and what it means, as people quote it."""
        return f"AADSTS{self.number}: {self.message}"

    def description(self, correlation_id: str) -> str:
        return f"{self.text} Trace ID: {self.trace_id} Correlation ID: {correlation_id} Timestamp: {self.moment}"

    def body(self, call: Call) -> JsonObject:
        correlation = correlation_id(call)
        return {
            "error": self.code,
            "error_description": self.description(correlation),
            "error_codes": [self.number],
            "timestamp": self.moment,
            "trace_id": self.trace_id,
            "correlation_id": correlation,
            "error_uri": f"{LOGIN}/error?code={self.number}",
        }


def correlation_id(call: Call) -> str:
    """The caller's own id for its attempt, where it sent one that is a UUID, else a new one."""
    given = call.headers.get("client-request-id") or call.query.get("client-request-id", "")
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid4())


class InvalidTenant(SignInError):
    number = 900023

    def __init__(self, tenant: str) -> None:
        super().__init__(
            f"Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain."
        )


class TenantNotFound(SignInError):
    number = 90002

    def __init__(self, tenant: str) -> None:
        super().__init__(
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
            " correct cloud. Check with your subscription administrator, this may happen if there are no active"
            " subscriptions for the tenant."
        )


class MissingParameter(SignInError):
    number = 900144

    def __init__(self, name: str) -> None:
        super().__init__(f"The request body must contain the following parameter: '{name}'.")


class UnsupportedGrant(SignInError):
    code = "unsupported_grant_type"
    number = 70003

    def __init__(self, grant: str) -> None:
        super().__init__(f"The app requested an unsupported grant type '{grant}'.")


class UnknownApplication(SignInError):
    code = "unauthorized_client"
    number = 700016

    def __init__(self, app_id: str, tenant: str) -> None:
        super().__init__(
            f"Application with identifier '{app_id}' was not found in the directory '{tenant}'. This can happen if the"
            " application has not been installed by the administrator of the tenant or consented to by any user in the"
            " tenant. You may have sent your authentication request to the wrong tenant."
        )


class DisabledApplication(SignInError):
    code = "unauthorized_client"
    number = 7000112

    def __init__(self, app_id: str) -> None:
        super().__init__(f"Application '{app_id}' is disabled.")


class InvalidScope(SignInError):
    code = "invalid_scope"
    number = 1002012

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with"
            " /.default suffixed to the resource identifier (application ID URI)."
        )


class UnknownResource(SignInError):
    code = "invalid_resource"
    number = 500011

    def __init__(self, resource: str, tenant: str) -> None:
        super().__init__(
            f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if"
            " the application has not been installed by the administrator of the tenant or consented to by any user in"
            " the tenant. You might have sent your authentication request to the wrong tenant."
        )


class MissingCredential(SignInError):
    status = 401
    code = "invalid_client"
    number = 7000216
    message = "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."


class PublicClient(SignInError):
    status = 401
    code = "invalid_client"
    number = 7000218
    message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."


class MalformedCredential(SignInError):
    status = 401
    code = "invalid_client"
    number = 7000215
    message = "The Authorization header is malformed, or says something else than the request body."


class InvalidSecret(SignInError):
    status = 401
    code = "invalid_client"
    number = 7000215

    def __init__(self, app_id: str) -> None:
        super().__init__(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value,"
            f" not the client secret ID, for a secret added to app '{app_id}'."
        )


class ExpiredSecret(SignInError):
    status = 401
    code = "invalid_client"
    number = 7000222

    def __init__(self, app_id: str) -> None:
        super().__init__(
            f"The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys"
            " for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added"
            " security: https://aka.ms/certCreds."
        )


class InvalidAssertion(SignInError):
    """The assertion's signature, key or times are no good."""

    status = 401
    code = "invalid_client"
    number = 700027

    def __init__(self, reason: str) -> None:
        super().__init__(f"Client assertion failed signature validation. {reason}")


class AssertionOutOfTime(SignInError):
    status = 401
    code = "invalid_client"
    number = 700024
    message = "Client assertion is not within its valid time range."


class NoFederatedCredential(SignInError):
    status = 401
    code = "invalid_client"
    number = 70025

    def __init__(self, app_id: str, name: str) -> None:
        super().__init__(f"The client '{app_id}'({name}) has no configured federated identity credentials.")


_NO_FEDERATED_MATCH = {"issuer": 700211, "audience": 700212, "subject": 700213}


class NoFederatedMatch(SignInError):
    """None of an application's federated credentials is the assertion's; `part` is the first that fits none of them."""

    status = 401
    code = "invalid_client"

    def __init__(self, part: str, presented: str, *, but_for_case: bool = False) -> None:
        self.number = 7002138 if but_for_case else _NO_FEDERATED_MATCH[part]
        case = " The subject matches with case-insensitive comparison, but not with case-sensitive comparison."
        super().__init__(
            f"No matching federated identity record found for presented assertion {part} '{presented}'."
            f"{case if but_for_case else ''} Check your federated identity credential Subject, Audience and Issuer"
            " against the presented assertion."
            " https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
        )


class UnreachableIssuer(SignInError):
    number = 50166
    message = "Request to External OIDC endpoint failed: the local tenant was not seeded with the keys of this issuer."


class InvalidToken(SignInError):
    """The bearer token at the userinfo endpoint is no good."""

    status = 401
    code = "invalid_token"
    number = 50013

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class InsufficientScope(SignInError):
    status = 403
    code = "insufficient_scope"
    number = 65001
    message = "The access token lacks the scope 'openid'."


class NoSuchPage(SignInError):
    status = 404
    number = 90036
    message = "The local tenant has nothing at this address."


class WrongMethod(SignInError):
    status = 405
    number = 900561

    def __init__(self, allowed: str) -> None:
        super().__init__(f"The endpoint only accepts {allowed} requests.")
        self._allowed = allowed

    def headers(self) -> dict[str, str]:
        return {"Allow": self._allowed}


class MalformedRequest(SignInError):
    number = 900144


class Unavailable(SignInError):
    status = 503
    code = "temporarily_unavailable"
    number = 90033
