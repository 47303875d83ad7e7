# ruff: noqa: N818 - the classes are named for what the wire says
"""Errors of Resource Manager, worded as Azure words them."""

from entra_local.azure import LOGIN, v1_issuer
from entra_local.wire import Call, JsonObject, WireError


class ArmError(WireError):
    """Resource Manager's error body."""

    status = 400
    code = "BadRequest"

    def body(self, call: Call) -> JsonObject:
        return {"error": {"code": self.code, "message": self.message}}


class BadRequest(ArmError):
    """A request that breaks a rule; the message says which."""


class MissingApiVersion(ArmError):
    code = "MissingApiVersionParameter"
    message = "The api-version query parameter (?api-version=) is required for all requests."


class InvalidRequestContent(ArmError):
    code = "InvalidRequestContent"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The request content was invalid and could not be deserialized: '{reason}'.")


class Unauthorised(ArmError):
    """No token, or one that is no good."""

    status = 401
    code = "InvalidAuthenticationToken"

    def headers(self) -> dict[str, str]:
        return {
            "WWW-Authenticate": f'Bearer authorization_uri="{LOGIN}/common",'
            f' error="invalid_token", error_description="{self.message}"'
        }


class WrongTenant(Unauthorised):
    """The token is from another tenant than the subscription."""

    code = "InvalidAuthenticationTokenTenant"

    def __init__(self, tenant: str, wanted: str) -> None:
        super().__init__(
            f"The access token is from the wrong issuer '{v1_issuer(tenant)}'. It must match the tenant"
            f" '{v1_issuer(wanted)}' associated with this subscription."
        )


class AuthorizationFailed(ArmError):
    status = 403
    code = "AuthorizationFailed"

    def __init__(self, app_id: str, object_id: str, action: str, scope: str) -> None:
        super().__init__(
            f"The client '{app_id}' with object id '{object_id}' does not have authorization to perform action"
            f" '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh"
            " your credentials."
        )


class RequestDisallowedByPolicy(ArmError):
    status = 403
    code = "RequestDisallowedByPolicy"

    def __init__(self, name: str, assignment: str) -> None:
        super().__init__(f"Resource '{name}' was disallowed by policy. Policy identifiers: '{assignment}'.")


class LinkedAuthorizationFailed(ArmError):
    """A resource in another place is joined, which takes a right there."""

    status = 403
    code = "LinkedAuthorizationFailed"

    def __init__(self, object_id: str, action: str, scope: str) -> None:
        super().__init__(
            f"The client with object id '{object_id}' has permission to perform this action; however, it does not have"
            f" permission to perform action '{action}' on the linked scope '{scope}', or the linked scope is invalid."
        )


class InvalidResourceReference(ArmError):
    code = "InvalidResourceReference"

    def __init__(self, target: str, source: str) -> None:
        super().__init__(
            f"Resource {target[:300]} referenced by resource {source} was not found. Please make sure that the"
            " referenced resource exists, and that both resources are in the same region."
        )


class SubscriptionNotFound(ArmError):
    status = 404
    code = "SubscriptionNotFound"

    def __init__(self, id_: str) -> None:
        super().__init__(f"The subscription '{id_}' could not be found.")


class ResourceGroupNotFound(ArmError):
    status = 404
    code = "ResourceGroupNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"Resource group '{name}' could not be found.")


class ResourceNotFound(ArmError):
    status = 404
    code = "ResourceNotFound"

    def __init__(self, type_: str, name: str, group: str) -> None:
        super().__init__(
            f"The Resource '{type_}/{name}' under resource group '{group}' was not found. For more details please go to"
            " https://aka.ms/ARMResourceNotFoundFix"
        )


class NotFound(ArmError):
    """Something below a resource does not exist."""

    status = 404
    code = "NotFound"


class InvalidLocation(ArmError):
    status = 409
    code = "InvalidResourceLocation"

    def __init__(self, name: str, location: str, wanted: str) -> None:
        super().__init__(
            f"The resource '{name}' already exists in location '{location}'. A resource with the same name cannot be"
            f" created in location '{wanted}'. Please select a new resource name."
        )


class VaultNameNotValid(ArmError):
    code = "VaultNameNotValid"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name"
            " must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this"
            " link for more information: https://go.microsoft.com/fwlink/?linkid=2147742"
        )


class VaultAlreadyExists(ArmError):
    status = 409
    code = "VaultAlreadyExists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the"
            " name is already taken. If you are sure that the vault name was not taken then it is possible that a vault"
            " with the same name was recently deleted but not purged after being placed in a recoverable state. If the"
            " vault is in a recoverable state then the vault will need to be purged before reusing the name."
        )


class DeletedVaultExists(ArmError):
    status = 409
    code = "ConflictError"
    message = (
        "A vault with the same name already exists in deleted state. You need to either recover or purge existing key"
        " vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
    )


class DeletedVaultNotFound(ArmError):
    status = 404
    code = "DeletedVaultNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"The specified deleted vault '{name}' does not exist.")


class PurgeProtected(ArmError):
    status = 405
    code = "MethodNotAllowed"
    message = "Operation 'DeletedVaultPurge' is not allowed: purge protection is enabled for this vault."


class SecretConflict(ArmError):
    """The secret's name is held by a soft-deleted one."""

    status = 409
    code = "Conflict"


class KeyConflict(ArmError):
    status = 409
    code = "Conflict"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Key {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state,"
            " the key can only be recovered or purged."
        )


class AccountNameInvalid(ArmError):
    code = "AccountNameInvalid"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name[:40]} is not a valid storage account name. Storage account name must be between 3 and 24 characters"
            " in length and use numbers and lower-case letters only."
        )


class StorageAccountAlreadyTaken(ArmError):
    status = 409
    code = "StorageAccountAlreadyTaken"

    def __init__(self, name: str) -> None:
        super().__init__(f"The storage account named {name} is already taken.")


class ContainerNotFound(ArmError):
    status = 404
    code = "ContainerNotFound"
    message = "The specified container does not exist."


class RoleAssignmentExists(ArmError):
    status = 409
    code = "RoleAssignmentExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"The role assignment already exists. The ID of the existing role assignment is {name}.")


class RoleAssignmentUpdateNotPermitted(ArmError):
    status = 403
    code = "RoleAssignmentUpdateNotPermitted"
    message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."


class RoleAssignmentNotFound(ArmError):
    status = 404
    code = "RoleAssignmentNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"The role assignment '{name}' is not found.")


class RoleDefinitionNotFound(ArmError):
    status = 404
    code = "RoleDefinitionDoesNotExist"

    def __init__(self, id_: str) -> None:
        super().__init__(f"The specified role definition with ID '{id_}' does not exist.")


class PrincipalNotFound(ArmError):
    code = "PrincipalNotFound"

    def __init__(self, id_: str, tenant: str) -> None:
        super().__init__(
            f"Principal {id_} does not exist in the directory {tenant}. Check that you have the correct principal ID."
            " If you are creating this principal and then immediately assigning a role, this error might be related to"
            " a replication delay. In this case, set the role assignment principalType property to a value, such as"
            " ServicePrincipal, User, or Group."
        )


class UnmatchedPrincipalType(ArmError):
    code = "UnmatchedPrincipalType"

    def __init__(self, id_: str, actual: str, wanted: str) -> None:
        super().__init__(
            f"The PrincipalId '{id_}' has type '{actual}' , which is different from specified PrinciaplType '{wanted}'."
        )


class InvalidRoleAssignmentId(ArmError):
    code = "InvalidRoleAssignmentId"

    def __init__(self, name: str) -> None:
        super().__init__(f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.")


class WrongMethod(ArmError):
    status = 405
    code = "MethodNotAllowed"
    message = "The requested resource does not support this http method."

    def __init__(self, allowed: str) -> None:
        super().__init__()
        self._allowed = allowed

    def headers(self) -> dict[str, str]:
        return {"Allow": self._allowed}


class NotServed(ArmError):
    """Something of Azure that this tenant lacks. Not 500 or 503: clients retry those for minutes."""

    status = 501
    code = "NotImplemented"


class Unavailable(ArmError):
    status = 503
    code = "ServiceUnavailable"
