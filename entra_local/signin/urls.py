"""Every address of the sign-in host."""

from entra_local.routing import Route, Table
from entra_local.service import Request
from entra_local.signin.responses import discovery, token
from entra_local.signin.responses.authorize import authorize
from entra_local.signin.responses.logout import logout
from entra_local.signin.responses.userinfo import userinfo

TABLE: Table[Request] = Table(
    [
        Route("GET", "/metadata/endpoints", discovery.cloud_description),
        Route("GET", "/common/discovery/instance", discovery.instance_discovery),
        Route("GET", "/{tenant}/discovery/v2.0/keys", discovery.keys),
        Route("GET", "/{tenant}/discovery/keys", discovery.keys),
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", discovery.openid_configuration),
        Route("GET", "/{tenant}/.well-known/openid-configuration", discovery.openid_configuration),
        Route("GET", "/{tenant}/oauth2/v2.0/authorize", authorize, own_transactions=True),
        Route("POST", "/{tenant}/oauth2/v2.0/authorize", authorize, own_transactions=True),
        Route("GET", "/{tenant}/oauth2/v2.0/logout", logout, own_transactions=True),
        Route("POST", "/{tenant}/oauth2/v2.0/logout", logout, own_transactions=True),
        Route("GET", "/oidc/userinfo", userinfo),
        Route("POST", "/oidc/userinfo", userinfo),
        Route("POST", "/{tenant}/oauth2/v2.0/token", token.token),
    ]
)
