"""The token endpoint, the signing keys, and the documents by which clients find both."""

from urllib.parse import parse_qsl

from entra_local.service import Request
from entra_local.signin import models
from entra_local.signin.exceptions import MissingParameter, UnsupportedGrant
from entra_local.wire import JsonObject, Reply

LOGIN = "https://login.microsoftonline.com"
_NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}


def token(request: Request) -> Reply:
    tenant = models.find_tenant(request.store, request["tenant"])
    form = dict(parse_qsl(request.call.body.decode("utf-8", "replace"), keep_blank_values=True))
    grant = form.get("grant_type")
    if not grant:
        raise MissingParameter("grant_type")
    if grant != "client_credentials":
        raise UnsupportedGrant(grant)
    answer = models.client_credentials(request.store.of(tenant["id"]), request.world.keys, form)
    return Reply(200, answer, _NO_STORE)


def keys(request: Request) -> Reply:
    return Reply(200, {"keys": [request.world.keys.jwk]})


def openid_configuration(request: Request) -> Reply:
    tenant = models.find_tenant(request.store, request["tenant"])["id"]
    base = f"{LOGIN}/{tenant}"
    return Reply(
        200,
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/v2.0",
            "request_uri_parameter_supported": False,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
        },
    )


def instance_discovery(request: Request) -> Reply:
    """What MSAL asks before it trusts an authority that it does not know by heart."""
    network = {
        "preferred_network": "login.microsoftonline.com",
        "preferred_cache": "login.windows.net",
        "aliases": ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
    }
    return Reply(
        200,
        {
            "tenant_discovery_endpoint": f"{LOGIN}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [network],
        },
    )


def cloud_description(request: Request) -> Reply:
    """The public cloud's description, in the one-object form of api-version 2022-09-01."""
    description: JsonObject = {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "resourceManager": "https://management.azure.com/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "authentication": {
            "loginEndpoint": LOGIN,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"keyVaultDns": "vault.azure.net"},
    }
    return Reply(200, description)
