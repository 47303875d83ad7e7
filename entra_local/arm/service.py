"""Resource Manager as a service: tokens, subscriptions, and role assignments that are obeyed."""

from typing import Any

from entra_local import azure_roles
from entra_local.arm import exceptions as errors
from entra_local.arm.models import resources
from entra_local.arm.request import ArmRequest
from entra_local.arm.urls import TABLE
from entra_local.azure import CLASSIC_RESOURCE_MANAGER, RESOURCE_MANAGER
from entra_local.routing import Route
from entra_local.service import Request, Service
from entra_local.tokens import read
from entra_local.wire import Call

AUDIENCES = (RESOURCE_MANAGER, CLASSIC_RESOURCE_MANAGER)


class ResourceManager(Service[ArmRequest]):
    """management.azure.com."""

    table = TABLE

    def admit(self, request: Request, route: Route[Any]) -> ArmRequest:
        caller = read(request.world.keys, request.call.headers.get("authorization"), AUDIENCES)
        if not request.call.query.get("api-version"):
            raise errors.MissingApiVersion
        admitted = ArmRequest(request.call, request.world, request.store, request.parameters, caller)
        scope = "/" + request.parameters.get("scope", request.call.path).strip("/")
        _check_subscription(admitted, scope)
        for (action,) in route.needs:
            if not azure_roles.allowed(admitted.everywhere, admitted.principals, scope, action):
                raise errors.AuthorizationFailed(caller.app_id, caller.object_id, action, scope)
        return admitted

    def no_route(self, call: Call, allowed: list[str]) -> errors.ArmError:
        if allowed:
            return errors.WrongMethod(", ".join(allowed))
        return errors.NotServed(f"The local tenant does not serve {call.method} {call.path[:200]}.")

    def unauthorised(self, call: Call, reason: str) -> errors.ArmError:
        return errors.Unauthorised(reason)

    def malformed(self, call: Call, reason: str) -> errors.ArmError:
        return errors.InvalidRequestContent(reason)

    def unavailable(self, call: Call, reason: str) -> errors.ArmError:
        return errors.Unavailable(reason)


def _check_subscription(request: ArmRequest, scope: str) -> None:
    parts = scope.split("/")
    if len(parts) > 2 and parts[1].lower() == "subscriptions":
        subscription = resources.subscription(request.everywhere, parts[2])
        if subscription["tenantId"] != request.caller.tenant:
            raise errors.WrongTenant(request.caller.tenant, subscription["tenantId"])


ARM = ResourceManager()
