"""Blob storage as a service: the account that the host names, tokens alone, and roles on data actions."""

from typing import Any

from entra_local import azure_roles
from entra_local.arm.models import resources, storage
from entra_local.azure import STORAGE
from entra_local.blob import exceptions as errors
from entra_local.blob.request import BlobRequest
from entra_local.blob.urls import TABLE
from entra_local.graph.models.groups import transitive_groups
from entra_local.routing import Route
from entra_local.service import Request, Service
from entra_local.store import EVERYWHERE
from entra_local.tokens import read
from entra_local.wire import Call

AUDIENCES = (STORAGE,)


class BlobStorage(Service[BlobRequest]):
    """<account>.blob.core.windows.net."""

    table = TABLE

    def admit(self, request: Request, route: Route[Any]) -> BlobRequest:
        host, everywhere = request.call.host.partition(":")[0], request.store.of(EVERYWHERE)
        account = storage.by_name(everywhere, host.partition(".")[0])
        if account is None:
            raise errors.AccountNotFound(host)
        caller = read(request.world.keys, request.call.headers.get("authorization"), AUDIENCES)
        if caller.tenant != resources.subscription(everywhere, account["id"].split("/")[2])["tenantId"]:
            raise errors.Unauthorised("Issuer validation failed: the token is from another tenant.")
        admitted = BlobRequest(request.call, request.world, request.store, request.parameters, caller, account)
        groups = transitive_groups(request.store.of(caller.tenant), caller.object_id)
        principals = [caller.object_id, *(group["id"] for group in groups)]
        scope = f"{admitted.container}/blobs/{request.parameters.get('blob', '')}".rstrip("/")
        for (action,) in route.needs:
            if not azure_roles.allowed(everywhere, principals, scope, action, data=True):
                raise errors.PermissionMismatch
        if not any(one["id"].lower() == admitted.container.lower() for one in storage.containers(everywhere, account)):
            raise errors.ContainerNotFound
        return admitted

    def no_route(self, call: Call, allowed: list[str]) -> errors.BlobError:
        if allowed:
            return errors.WrongMethod(", ".join(allowed))
        return errors.NotServed(f"The local tenant does not serve {call.method} {call.path[:200]}.")

    def unauthorised(self, call: Call, reason: str) -> errors.BlobError:
        return errors.Unauthorised(reason)

    def malformed(self, call: Call, reason: str) -> errors.BlobError:
        return errors.InvalidInput(reason)

    def unavailable(self, call: Call, reason: str) -> errors.BlobError:
        return errors.Unavailable(reason)


BLOBS = BlobStorage()
