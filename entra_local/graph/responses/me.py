"""/me: what there is for a person, asked with that person's own token."""

from collections.abc import Callable
from dataclasses import replace

from entra_local.graph.exceptions import BadQuery
from entra_local.graph.request import GraphRequest
from entra_local.wire import Reply


def of_me(handler: Callable[[GraphRequest], Reply]) -> Callable[[GraphRequest], Reply]:
    """A handler for `/users/{id}...`, asked for the caller."""

    def handle(request: GraphRequest) -> Reply:
        if not request.caller.person:
            raise BadQuery("/me request is only valid with delegated authentication flow.")
        return handler(replace(request, parameters={**request.parameters, "id": request.caller.object_id}))

    return handle
