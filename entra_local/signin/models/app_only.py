"""Tokens for an application itself: the client credentials grant."""

from collections.abc import Mapping

from entra_local.azure import CLASSIC_RESOURCE_MANAGER, GRAPH, GRAPH_APP_ID, RESOURCE_MANAGER, STORAGE, VAULTS
from entra_local.graph.models.grants import role_values
from entra_local.keys import Keys
from entra_local.signin import exceptions as errors
from entra_local.signin.models.clients import Client
from entra_local.store import Directory
from entra_local.tokens import LIFETIME, issue
from entra_local.wire import JsonObject

_AZURE = (RESOURCE_MANAGER, CLASSIC_RESOURCE_MANAGER, STORAGE, VAULTS)
"""Resources that have no service principal in the tenant: what a scope may say, and the token's audience."""


def client_credentials(directory: Directory, keys: Keys, client: Client, form: Mapping[str, str]) -> JsonObject:
    """The token response for an application that proves who it is. Raises SignInError."""
    if not form.get("scope"):
        raise errors.MissingParameter("scope")
    application, principal = client.application, client.principal
    audience, roles = _resource(directory, principal, form["scope"])
    token = issue(
        keys,
        tenant=directory.tenant,
        object_id=principal["id"],
        app_id=application["appId"],
        audience=audience,
        roles=roles,
        name=application["displayName"],
    )
    return {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token}


def _resource(directory: Directory, principal: JsonObject, scope: str) -> tuple[str, list[str]]:
    """The audience that a scope means, and the roles that the caller has there."""
    wanted = [part for part in scope.split() if part not in ("openid", "profile", "offline_access")]
    if len(wanted) != 1 or not wanted[0].endswith("/.default"):
        raise errors.InvalidScope(scope)
    resource = wanted[0].removesuffix("/.default").rstrip("/")
    if resource in _AZURE:
        return resource, []
    app_id = GRAPH_APP_ID if resource in (GRAPH, GRAPH_APP_ID) else resource.removeprefix("api://")
    found = directory.find("servicePrincipal", "appId", app_id)
    if not found:
        raise errors.UnknownResource(resource, directory.tenant)
    audience = GRAPH if app_id == GRAPH_APP_ID else resource
    return audience, role_values(directory, principal["id"], found[0].id)
