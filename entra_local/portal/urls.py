"""Every page of localhost."""

from entra_local.portal import responses
from entra_local.routing import Route, Table
from entra_local.service import Request

TABLE: Table[Request] = Table(
    [
        Route("GET", "/", responses.front_page),
        Route("GET", "/health", responses.health),
    ]
)
