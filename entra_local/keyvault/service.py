"""Key Vault as a service: the vault that the host names, the challenge, and roles on data actions."""

from typing import Any

from entra_local import azure_roles
from entra_local.arm.models.vaults import by_name
from entra_local.azure import VAULTS
from entra_local.graph.models.groups import transitive_groups
from entra_local.keyvault import exceptions as errors
from entra_local.keyvault.request import VaultRequest
from entra_local.keyvault.urls import TABLE
from entra_local.routing import Route
from entra_local.service import Request, Service
from entra_local.store import EVERYWHERE
from entra_local.tokens import TokenError, read
from entra_local.wire import Call, JsonObject

AUDIENCES = (VAULTS,)

_ACCESS_POLICY_NAMES = {
    # What an action is called in a vault that uses access policies instead of roles.
    "getSecret/action": "get",
    "readMetadata/action": "list",
    "setSecret/action": "set",
    "update/action": "set",
    "delete": "delete",
    "recover/action": "recover",
    "purge/action": "purge",
}


class KeyVault(Service[VaultRequest]):
    """<name>.vault.azure.net."""

    table = TABLE

    def admit(self, request: Request, route: Route[Any]) -> VaultRequest:
        host = request.call.host.partition(":")[0]
        vault = by_name(request.store.of(EVERYWHERE), host.partition(".")[0])
        if vault is None:
            raise errors.VaultNotFound(host)
        tenant = vault["properties"]["tenantId"]
        try:
            caller = read(request.world.keys, request.call.headers.get("authorization"), AUDIENCES)
        except TokenError as error:
            raise errors.Unauthorised(tenant, "" if "empty" in str(error) else f"AKV10022: {error}") from error
        if caller.tenant != tenant:
            raise errors.Unauthorised(tenant, "AKV10032: Invalid issuer.")
        if not request.call.query.get("api-version"):
            raise errors.BadParameter("The api-version query parameter is required.")
        admitted = VaultRequest(request.call, request.world, request.store, request.parameters, caller, vault)
        for (action,) in route.needs:
            if not _allowed(admitted, action):
                raise errors.Forbidden(caller.app_id, caller.object_id, tenant, action, vault, _inside(request))
        return admitted

    def no_route(self, call: Call, allowed: list[str]) -> errors.VaultError:
        if allowed:
            return errors.WrongMethod(", ".join(allowed))
        return errors.NotServed(f"The local tenant does not serve {call.method} {call.path[:200]}.")

    def unauthorised(self, call: Call, reason: str) -> errors.VaultError:
        return errors.Unauthorised("common", reason)

    def malformed(self, call: Call, reason: str) -> errors.VaultError:
        return errors.BadParameter(f"The request body is no good: {reason}.")

    def unavailable(self, call: Call, reason: str) -> errors.VaultError:
        return errors.Unavailable(reason)


def _inside(request: Request) -> str:
    """Where in the vault the request wants to go: to one secret, one key, or nowhere in particular."""
    if "key" in request.parameters:
        return f"/keys/{request['key']}"
    return f"/secrets/{request['name']}" if "name" in request.parameters else ""


def _allowed(request: VaultRequest, action: str) -> bool:
    directory = request.store.of(request.caller.tenant)
    groups = [group["id"] for group in transitive_groups(directory, request.caller.object_id)]
    principals = [request.caller.object_id, *groups]
    properties = request.vault["properties"]
    if not properties["enableRbacAuthorization"]:
        wanted = _ACCESS_POLICY_NAMES.get(action.removeprefix("Microsoft.KeyVault/vaults/secrets/"))
        return wanted is not None and any(
            _policy_allows(policy, principals, wanted) for policy in properties["accessPolicies"]
        )
    scope = request.vault["id"] + _inside(request)
    return azure_roles.allowed(request.everywhere, principals, scope, action, data=True)


def _policy_allows(policy: JsonObject, principals: list[str], wanted: str) -> bool:
    permissions = {name.lower() for name in policy.get("permissions", {}).get("secrets", [])}
    return policy.get("objectId") in principals and not permissions.isdisjoint((wanted, "all"))


KEY_VAULT = KeyVault()
