# ruff: noqa: N818 - the classes are named for what the wire says
"""Errors of Key Vault's data plane, worded as it words them."""

from entra_local.azure import LOGIN, VAULTS, v1_issuer
from entra_local.wire import Call, JsonObject, WireError


class VaultError(WireError):
    """Key Vault's error body; `inner` is the code of its innererror."""

    status = 400
    code = "BadParameter"
    inner = ""

    def body(self, call: Call) -> JsonObject:
        error: JsonObject = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


class BadParameter(VaultError):
    """A request that breaks a rule; the message says which."""


class Unauthorised(VaultError):
    """The challenge that tells a client whose token it needs: the tenant's, for the parent domain of vaults."""

    status = 401
    code = "Unauthorized"
    message = "AKV10000: Request is missing a Bearer or PoP token."

    def __init__(self, tenant: str, message: str = "") -> None:
        super().__init__(message)
        self._tenant = tenant

    def headers(self) -> dict[str, str]:
        challenge = f'Bearer authorization="{LOGIN}/{self._tenant}", resource="{VAULTS}"'
        return {"WWW-Authenticate": challenge}


class Forbidden(VaultError):
    status = 403
    code = "Forbidden"
    inner = "ForbiddenByRbac"

    def __init__(self, app_id: str, object_id: str, tenant: str, action: str, vault: JsonObject, secret: str) -> None:
        super().__init__(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role"
            " definitions were changed recently, please observe propagation time.\r\n"
            f"Caller: appid={app_id};oid={object_id};iss={v1_issuer(tenant)}\r\nAction: '{action}'\r\n"
            f"Resource: '{vault['id'].lower()}{secret}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n"
            f"DecisionReason: null \r\nVault: {vault['name']};location={vault['location']}\r\n"
        )


class SecretDisabled(VaultError):
    status = 403
    code = "Forbidden"
    inner = "SecretDisabled"
    message = "Operation get is not allowed on a disabled secret."


class VaultNotFound(VaultError):
    """In Azure the name would not resolve."""

    status = 404
    code = "VaultNotFound"

    def __init__(self, host: str) -> None:
        super().__init__(f"There is no vault at {host}: it was never created, or it is soft-deleted.")


class SecretNotFound(VaultError):
    status = 404
    code = "SecretNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you"
            " may be able to recover it using the correct recovery command. For help resolving this issue, please see"
            " https://go.microsoft.com/fwlink/?linkid=2125182"
        )


class KeyNotFound(VaultError):
    status = 404
    code = "KeyNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A key with (name/id) {name} was not found in this key vault. If you recently deleted this key you may be"
            " able to recover it using the correct recovery command. For help resolving this issue, please see"
            " https://go.microsoft.com/fwlink/?linkid=2125182"
        )


class KeyForbids(VaultError):
    """The key is disabled, or isn't for this."""

    status = 403
    code = "Forbidden"


class DeletedSecretNotFound(VaultError):
    status = 404
    code = "SecretNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"Deleted Secret not found: {name}")


class DeletedButRecoverable(VaultError):
    status = 409
    code = "Conflict"
    inner = "ObjectIsDeletedButRecoverable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this"
            " state, the secret can only be recovered or purged."
        )


class PurgeProtected(VaultError):
    status = 403
    code = "Forbidden"
    inner = "ForbiddenByPolicy"
    message = "Operation purge is not allowed: purge protection is enabled for this vault."


class WrongMethod(VaultError):
    status = 405
    code = "MethodNotAllowed"
    message = "The HTTP method is not allowed here."

    def __init__(self, allowed: str) -> None:
        super().__init__()
        self._allowed = allowed

    def headers(self) -> dict[str, str]:
        return {"Allow": self._allowed}


class NotServed(VaultError):
    """Certificates and the rest. Not 500 or 503: clients retry those for minutes."""

    status = 501
    code = "NotImplemented"


class Unavailable(VaultError):
    status = 503
    code = "ServiceUnavailable"
