"""The signing keys, and the documents by which clients find every endpoint."""

from urllib.parse import urlencode

from entra_local import azure
from entra_local.keys import SigningKey
from entra_local.service import Request
from entra_local.signin.addresses import issuer, origin
from entra_local.signin.models.signing import has_own_key
from entra_local.signin.models.tenants import find_tenant
from entra_local.store import EVERYWHERE
from entra_local.wire import JsonObject, Reply

_CLAIMS = (
    *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host"),
    *("aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash"),
    *("c_hash", "email"),
)


def keys(request: Request) -> Reply:
    """The tenant's; with `appid` those of an application that has a key of its own."""
    own = _own_key(request)
    listed = request.world.keys.signing_keys if own is None else [own]
    return Reply(200, {"keys": [key.jwk for key in listed]})


def _own_key(request: Request) -> SigningKey | None:
    app_id = request.call.query.get("appid", "")
    for tenant in list(request.store.of(EVERYWHERE).scan("tenant")):
        for found in request.store.of(tenant.id).find("servicePrincipal", "appId", app_id):
            if has_own_key(found.body):
                return request.world.keys.of_application(found.body["appId"])
    return None


def _appid(request: Request) -> str:
    app_id = request.call.query.get("appid")
    return f"?{urlencode({'appid': app_id})}" if app_id else ""


def openid_configuration(request: Request) -> Reply:
    """Endpoints at the address that the caller used; the issuer is the same everywhere."""
    tenant = find_tenant(request.store, request["tenant"])["id"]
    here = origin(request.call)
    base = f"{here}/{tenant}"
    return Reply(
        200,
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys{_appid(request)}",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer(tenant),
            "request_uri_parameter_supported": False,
            "userinfo_endpoint": f"{here if request.call.at_loopback else azure.GRAPH}/oidc/userinfo",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "claims_supported": list(_CLAIMS),
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": azure.RETIRED_GRAPH_HOST,
            "msgraph_host": azure.GRAPH_HOST,
            "rbac_url": "https://pas.windows.net",
        },
    )


def instance_discovery(request: Request) -> Reply:
    """What MSAL asks before it trusts an authority that it does not know by heart."""
    network = {
        "preferred_network": azure.LOGIN_HOST,
        "preferred_cache": "login.windows.net",
        "aliases": [azure.LOGIN_HOST, "login.windows.net", "login.microsoft.com", azure.STS_HOST],
    }
    return Reply(
        200,
        {
            "tenant_discovery_endpoint": f"{azure.LOGIN}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [network],
        },
    )


def cloud_description(request: Request) -> Reply:
    """The public cloud's description, in the one-object form of api-version 2022-09-01."""
    description: JsonObject = {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "resourceManager": f"{azure.RESOURCE_MANAGER}/",
        "microsoftGraphResourceId": f"{azure.GRAPH}/",
        "authentication": {
            "loginEndpoint": azure.LOGIN,
            "audiences": [f"{azure.CLASSIC_RESOURCE_MANAGER}/", f"{azure.RESOURCE_MANAGER}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"keyVaultDns": azure.VAULT_DOMAIN},
    }
    return Reply(200, description)
