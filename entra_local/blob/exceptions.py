# ruff: noqa: N818 - the classes are named for what the wire says
"""Errors of blob storage, which answers in XML, and to HEAD in a header alone."""

from xml.sax.saxutils import escape

from entra_local.azure import LOGIN, STORAGE
from entra_local.wire import Call, JsonObject, Reply, WireError


class BlobError(WireError):
    """Blob storage's error body."""

    status = 400
    code = "InvalidInput"

    def body(self, call: Call) -> JsonObject:
        return {"error": {"code": self.code, "message": self.message}}

    def headers(self) -> dict[str, str]:
        return {"x-ms-error-code": self.code}

    def reply(self, call: Call) -> Reply:
        said = f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
        body = None if call.method == "HEAD" else f'<?xml version="1.0" encoding="utf-8"?>{said}'
        return Reply(self.status, body, self.headers(), "application/xml")


class InvalidInput(BlobError):
    """A request that breaks a rule; the message says which."""


class Unauthorised(BlobError):
    """No token, or one that is no good."""

    status = 401
    code = "InvalidAuthenticationInfo"

    def headers(self) -> dict[str, str]:
        challenge = f"Bearer authorization_uri={LOGIN}/common/oauth2/authorize"
        return super().headers() | {"WWW-Authenticate": f"{challenge} resource_id={STORAGE}"}


class PermissionMismatch(BlobError):
    status = 403
    code = "AuthorizationPermissionMismatch"
    message = "This request is not authorized to perform this operation using this permission."


class AccountNotFound(BlobError):
    """In Azure the name would not resolve."""

    status = 404
    code = "ResourceNotFound"

    def __init__(self, host: str) -> None:
        super().__init__(f"There is no storage account at {host}.")


class ContainerNotFound(BlobError):
    status = 404
    code = "ContainerNotFound"
    message = "The specified container does not exist."


class BlobNotFound(BlobError):
    status = 404
    code = "BlobNotFound"
    message = "The specified blob does not exist."


class BlobAlreadyExists(BlobError):
    status = 409
    code = "BlobAlreadyExists"
    message = "The specified blob already exists."


class ConditionNotMet(BlobError):
    status = 412
    code = "ConditionNotMet"
    message = "The condition specified using HTTP conditional header(s) is not met."


class InvalidRange(BlobError):
    status = 416
    code = "InvalidRange"
    message = "The range specified is invalid for the current size of the resource."


class WrongMethod(BlobError):
    status = 405
    code = "UnsupportedHttpVerb"
    message = "The resource doesn't support specified Http Verb."

    def __init__(self, allowed: str) -> None:
        super().__init__()
        self._allowed = allowed

    def headers(self) -> dict[str, str]:
        return super().headers() | {"Allow": self._allowed}


class NotServed(BlobError):
    """Something of Azure that this tenant lacks. Not 500 or 503: clients retry those for minutes."""

    status = 501
    code = "NotImplemented"


class Unavailable(BlobError):
    status = 503
    code = "ServerBusy"
