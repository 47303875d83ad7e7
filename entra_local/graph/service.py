"""Graph as a service: versions, tokens, permissions, and the rule of what the caller owns."""

import re
from dataclasses import replace
from typing import Any

from entra_local.actors import Actor, act
from entra_local.faults import SETTING as FAULTS
from entra_local.graph.exceptions import (
    Denied,
    GraphError,
    MalformedRequest,
    NotServed,
    Unauthorised,
    Unavailable,
    UnknownCaller,
    WrongMethod,
)
from entra_local.graph.listing import check_options
from entra_local.graph.permissions import OWNED_BY
from entra_local.graph.request import GraphRequest
from entra_local.graph.request_ids import request_ids
from entra_local.graph.responses.batch import batch
from entra_local.graph.urls import DELTAS, ROUTES, GraphRoute
from entra_local.routing import Route, Table
from entra_local.service import Request, Service, World
from entra_local.tokens import GRAPH_AUDIENCES, read
from entra_local.wire import Call, Reply

_READING_ACTIONS = (
    *(f"/{verb}Member{what}" for verb in ("get", "check") for what in ("Objects", "Groups")),
    *("/getByIds", "/$batch"),
)
_VERSION = re.compile(r"/(v1\.0|beta)(?=/|$)", re.IGNORECASE)


class Graph(Service[GraphRequest]):
    """Microsoft Graph."""

    def __init__(self) -> None:
        self.table = Table([GraphRoute("POST", "/$batch", self._batch, own_transactions=True), *ROUTES])

    def answer(self, call: Call, world: World) -> Reply:
        reply = super().answer(call, world)
        return replace(reply, headers=request_ids(call) | dict(reply.headers))

    def _batch(self, request: GraphRequest) -> Reply:
        return batch(request, lambda call: self._answer_inner(call, request.world))

    def _answer_inner(self, call: Call, world: World) -> Reply:
        """One request of a batch, which may be throttled or fail although the batch does not."""
        fate = world.faults.fate(world.store.setting(FAULTS), "graph", inner=True)
        reply = self.answer(call, world) if fate.done else None
        return self.refusal(call, fate.status) if fate.status or reply is None else reply

    def path(self, call: Call) -> str:
        return _VERSION.sub("", call.path, count=1)

    def admit(self, request: Request, route: Route[Any]) -> GraphRequest:
        caller = read(request.world.keys, request.call.headers.get("authorization"), GRAPH_AUDIENCES)
        version = _VERSION.match(request.call.path)
        if version is None:
            raise NotServed("The request has no version: the local tenant serves /v1.0 and /beta.")
        admitted = GraphRequest(
            request.call, request.world, request.store, request.parameters, caller, version[1].lower() == "beta"
        )
        kind = "user" if caller.person else "servicePrincipal"
        found = admitted.directory.get(kind, caller.object_id)
        if found is None or found.body["accountEnabled"] is False:
            raise UnknownCaller
        if caller.person and not _open_to_people(route):
            raise Denied
        _check_permissions(admitted, route)
        act(Actor(caller.object_id, caller.app_id, caller.person))
        if route not in DELTAS:
            check_options(request.call)
        return admitted

    def no_route(self, call: Call, allowed: list[str]) -> GraphError:
        if allowed:
            return WrongMethod(allowed)
        return NotServed(f"The local tenant does not serve {call.method} {self.path(call)[:200]}.")

    def unauthorised(self, call: Call, reason: str) -> GraphError:
        return Unauthorised(reason)

    def malformed(self, call: Call, reason: str) -> GraphError:
        return MalformedRequest(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and"
            f" payload is of valid JSON format: {reason}."
        )

    def unavailable(self, call: Call, reason: str) -> GraphError:
        return Unavailable(reason)


def _open_to_people(route: Route[Any]) -> bool:
    """Whether somebody without a directory role, whatever the scopes, may use a route: those that read."""
    return route.method == "GET" or route.template.startswith("/me/") or route.template.endswith(_READING_ACTIONS)


def _check_permissions(request: GraphRequest, route: Route[Any]) -> None:
    for group in route.needs:
        held = request.caller.permissions & group
        if not held:
            raise Denied
        if held == {OWNED_BY} and request.call.method != "GET" and "id" in request.parameters:
            _check_owned(request)


def _check_owned(request: GraphRequest) -> None:
    """OwnedBy writes only what the caller owns. A missing object is left to the handler's 404."""
    directory, id_ = request.directory, request["id"]
    kinds = ("application", "servicePrincipal")
    exists = any(directory.get(kind, id_, deleted=deleted) for kind in kinds for deleted in (False, True))
    if exists and not directory.linked("owners", id_, request.caller.object_id):
        raise Denied


GRAPH = Graph()
