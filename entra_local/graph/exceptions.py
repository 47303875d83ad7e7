# ruff: noqa: N818 - the classes are named for what the wire says
"""Errors of Microsoft Graph, worded as Graph words them; clients match on some of the messages."""

from collections.abc import Sequence

from entra_local import clock
from entra_local.azure import GRAPH_APP_ID, LOGIN
from entra_local.graph.request_ids import request_ids
from entra_local.wire import Call, JsonObject, Reply, WireError


class GraphError(WireError):
    """Graph's error body: code, message, and the ids of the request."""

    status = 400
    code = "Request_BadRequest"
    details: Sequence[JsonObject] = ()

    def body(self, call: Call) -> JsonObject:
        error: JsonObject = {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": clock.stamp().removesuffix("Z"),
                **request_ids(call),
            },
        }
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}

    def reply(self, call: Call) -> Reply:
        body = self.body(call)
        ids = {name: body["error"]["innerError"][name] for name in ("request-id", "client-request-id")}
        return Reply(self.status, body, ids | dict(self.headers()))


class BadRequest(GraphError):
    """A request that the directory refuses; the message says why."""


class CredentialTypeNotAllowed(GraphError):
    """An app management policy blocks this kind of credential."""

    code = "CredentialTypeNotAllowedAsPerAppPolicy"
    message = "Credential type not allowed as per assigned policy."


class CredentialLifetime(GraphError):
    """An app management policy caps how long a credential lives: https://github.com/Azure/azure-cli/issues/28522"""

    code = "CredentialInvalidLifetimeAsPerAppPolicy"
    message = "The credential lifetime exceeds the max value allowed as per assigned policy"


class SecurityDefaultsOn(GraphError):
    """Conditional Access and security defaults exclude each other."""

    code = "BadRequest"
    message = (
        "Security Defaults is enabled in the tenant. You must disable Security defaults before enabling a Conditional "
        "Access policy."
    )


class BadQuery(GraphError):
    """A wrong query option."""

    code = "BadRequest"


class MalformedRequest(GraphError):
    """The body is no JSON object."""

    code = "BadRequest"


class UnsupportedQuery(GraphError):
    """A query that needs `ConsistencyLevel: eventual` and `$count=true`."""

    code = "Request_UnsupportedQuery"


class InvalidProperty(GraphError):
    """The type has no such property."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Invalid property '{name}'.")


class InvalidValue(GraphError):
    """The property does not take such a value."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(f"Invalid value specified for property '{name}'{f': {why}' if why else '.'}")
        self.details = [{"code": "InvalidValue", "target": name, "message": why or "Invalid value."}]


class ReadOnlyProperty(GraphError):
    """The property is the service's own."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Property '{name}' is read-only and cannot be set.")


class RequiredProperty(GraphError):
    """The property must have a value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"A value is required for property '{name}' of resource.")
        self.details = [{"code": "PropertyRequired", "target": name, "message": "A value is required."}]


class DuplicateValues(GraphError):
    """A list names something twice."""

    def __init__(self, name: str) -> None:
        super().__init__("Request contains a property with duplicate values.")
        self.details = [{"code": "DuplicateValue", "target": name, "message": "Duplicate values."}]


class ValueTaken(GraphError):
    """Another object has this value of a unique property."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another object with the same value for property {name} already exists.")
        self.details = [{"code": "ObjectConflict", "target": name, "message": self.message}]


class EnabledEntitlement(GraphError):
    """An app role or a scope that is still enabled was taken away or changed."""

    code = "CannotDeleteOrUpdateEnabledEntitlement"
    message = "Permission (scope or role) cannot be deleted or updated unless disabled first."


class ReferenceExists(GraphError):
    """The owner or member is one already."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"One or more added object references already exist for the following modified properties: '{name}'."
        )


class BadStateToken(GraphError):
    """A $deltatoken or $skiptoken that is not one, or of another tenant, type or caller's choice."""

    code = "BadRequest"
    message = "Badly formed token."


class SyncStateNotFound(GraphError):
    """A $deltatoken that has expired: the caller has to read everything again, at the address given."""

    status = 410
    code = "syncStateNotFound"
    message = "The sync state generation is not found. Start again with a full synchronization."

    def __init__(self, location: str) -> None:
        super().__init__()
        self._location = location

    def headers(self) -> dict[str, str]:
        return {"Location": self._location}


class SameKey(GraphError):
    """Another object has this key."""

    status = 409
    code = "Request_MultipleObjectsWithSameKeyValue"


class NotFound(GraphError):
    """There is no such object, or it is soft-deleted."""

    status = 404
    code = "Request_ResourceNotFound"

    def __init__(self, id_: str) -> None:
        super().__init__(
            f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present."
        )


class MissingReference(NotFound):
    """A body refers to an object that does not exist."""

    status = 400
    code = "Request_BadRequest"


class ConditionalAccessInvalid(GraphError):
    """A Conditional Access policy or named location that makes no sense."""

    code = "BadRequest"

    def __init__(self, number: str, why: str) -> None:
        super().__init__(f"{number}: Policy validation error: {why}.")


class InvalidApplications(GraphError):
    """A Conditional Access policy names applications that it can't rule; `named` says why, by client id."""

    code = "BadRequest"

    def __init__(self, named: str) -> None:
        super().__init__(f"1034: Policy contains invalid applications: {named}")


class Denied(GraphError):
    """The caller lacks a permission."""

    status = 403
    code = "Authorization_RequestDenied"
    message = "Insufficient privileges to complete the operation."


class NoPremiumLicence(GraphError):
    """The tenant has no licence for what was asked."""

    status = 403
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    message = "Neither tenant is B2C or tenant doesn't have premium license"


class UnknownCaller(GraphError):
    """The token's principal is gone."""

    status = 401
    code = "Authorization_IdentityNotFound"
    message = "The identity of the calling application could not be established."


class Unauthorised(GraphError):
    """No token, or one that is no good."""

    status = 401
    code = "InvalidAuthenticationToken"

    def headers(self) -> dict[str, str]:
        return {
            "WWW-Authenticate": f'Bearer realm="", authorization_uri="{LOGIN}/common/oauth2/authorize",'
            f' client_id="{GRAPH_APP_ID}"'
        }


class WrongMethod(GraphError):
    """The path exists, the method does not."""

    status = 405
    message = "Specified HTTP method is not allowed for the request target."

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__()
        self._allowed = ", ".join(allowed)

    def headers(self) -> dict[str, str]:
        return {"Allow": self._allowed}


class NotServed(GraphError):
    """A route of Graph that this tenant lacks. Not 500 or 503: the official provider retries those for minutes."""

    status = 501
    code = "NotImplemented"


class Unavailable(GraphError):
    """Nothing can be stored now."""

    status = 503
    code = "ServiceUnavailable"
