"""Every address of the sign-in host."""

from entra_local.routing import Route, Table
from entra_local.service import Request
from entra_local.signin import responses

TABLE: Table[Request] = Table(
    [
        Route("GET", "/metadata/endpoints", responses.cloud_description),
        Route("GET", "/common/discovery/instance", responses.instance_discovery),
        Route("GET", "/{tenant}/discovery/v2.0/keys", responses.keys),
        Route("GET", "/{tenant}/discovery/keys", responses.keys),
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", responses.openid_configuration),
        Route("GET", "/{tenant}/.well-known/openid-configuration", responses.openid_configuration),
        Route("POST", "/{tenant}/oauth2/v2.0/token", responses.token),
    ]
)
