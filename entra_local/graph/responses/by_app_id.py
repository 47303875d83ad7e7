"""Applications and service principals by their client id, as in /servicePrincipals(appId='...')."""

from collections.abc import Callable
from dataclasses import replace

from entra_local.graph.entities import Entity
from entra_local.graph.exceptions import NotFound
from entra_local.graph.request import GraphRequest
from entra_local.wire import Reply


def by_app_id(entity: Entity, handler: Callable[[GraphRequest], Reply]) -> Callable[[GraphRequest], Reply]:
    """A handler for `/<collection>/{id}...`, asked with the client id instead."""

    def handle(request: GraphRequest) -> Reply:
        directory = request.directory
        found = next(map(directory.seen, directory.find(entity.kind, "appId", request["appId"])), None)
        if found is None:
            raise NotFound(request["appId"])
        return handler(replace(request, parameters={**request.parameters, "id": found.id}))

    return handle
