"""The pages at localhost as a service, open to whoever is on this machine; forms only from its own pages."""

from typing import Any

from entra_local.actors import PORTAL as AT_THE_PORTAL
from entra_local.actors import Actor, act
from entra_local.portal.exceptions import PortalError
from entra_local.portal.forms import check_form, check_host
from entra_local.portal.urls import TABLE
from entra_local.routing import Route
from entra_local.service import Request, Service
from entra_local.wire import Call


class Portal(Service[Request]):
    """http://localhost:<port>."""

    table = TABLE

    def admit(self, request: Request, route: Route[Any]) -> Request:
        check_host(request.call)
        if route.method != "GET":
            check_form(request.call)
        act(Actor(name=AT_THE_PORTAL, person=True))
        return request

    def no_route(self, call: Call, allowed: list[str]) -> PortalError:
        return PortalError(405 if allowed else 404, "There is nothing here.")

    def unauthorised(self, call: Call, reason: str) -> PortalError:
        return PortalError(401, reason)

    def malformed(self, call: Call, reason: str) -> PortalError:
        return PortalError(400, reason)

    def unavailable(self, call: Call, reason: str) -> PortalError:
        return PortalError(503, reason)


PORTAL = Portal()
