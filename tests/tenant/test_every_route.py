"""Every route of Graph that the tenant serves is asked once, by somebody who may: each answers, none fails."""

from __future__ import annotations

import re

from entra_local.graph.urls import ROUTES, GraphRoute
from entra_local.routing import Table
from entra_local.wire import JsonObject
from tests.tenant.directory import ADA, ADMIN, ALL_PERMISSIONS, GRACE, ON_CALL, SEED, UNKNOWN, Graph
from tests.tenant.world import GRAPH, Tenant

COLLECTIONS = {
    "applications": ADMIN["id"],
    "servicePrincipals": ADMIN["servicePrincipalId"],
    "groups": ON_CALL,
    "users": ADA,
    "directoryObjects": ADA,
    "oauth2PermissionGrants": UNKNOWN,
    "directory": UNKNOWN,
    "auditLogs": UNKNOWN,
}
"""An object of each collection: what `{id}` stands for."""
OTHERS = {
    "appId": ADMIN["appId"],
    "owner": GRACE,
    "member": ADA,
    "kind": "group",
    **dict.fromkeys(("credential", "assignment", "policy", "location", "grant"), UNKNOWN),
}
"""What every other parameter of a route stands for."""


def path_of(route: GraphRoute) -> str:
    def value(parameter: re.Match[str]) -> str:
        collection = route.template.split("/")[1]
        found = COLLECTIONS.get(collection) if parameter[1] == "id" else OTHERS.get(parameter[1])
        assert found, f"say what {parameter[0]} of {route.template} stands for, in COLLECTIONS or OTHERS"
        return str(found)

    return re.sub(r"\{(\w+)\}", value, route.template)


def test_every_route_answers_who_may_ask(tenant: Tenant) -> None:
    """What reads goes first, what deletes last: an object that is asked for is there."""
    anybody = ADMIN | {"permissions": [*ALL_PERMISSIONS, "AuditLog.Read.All"]}
    tenant.seed(SEED | {"applications": [anybody]})
    graph = Graph(tenant, anybody)
    wrong = []
    for route in sorted(ROUTES, key=lambda route: ("GET", "POST", "PUT", "PATCH", "DELETE").index(route.method)):
        path = path_of(route)
        found, _ = Table(ROUTES).find(route.method, path)
        assert found is route, f"{path} is another route's: {found.template}"
        content = b"" if route.method in ("GET", "DELETE") else b"{}"
        reply = tenant.send(route.method, f"{GRAPH}/v1.0{path}", content, graph.token)
        body: JsonObject = reply.body if isinstance(reply.body, dict) else {}
        if reply.status >= 500 or reply.status == 403 or (reply.status >= 400 and not body["error"]["code"]):
            wrong.append(f"{route.method} {path}: {reply.status} {reply.body!r}")
    assert wrong == []
