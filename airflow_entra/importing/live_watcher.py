"""The watcher's identity that an earlier deployment of the stack made, so that an import doesn't make a second one."""

from __future__ import annotations

from airflow_entra.access import DeclaredStack, names
from airflow_entra.directory.registered import Permission, Registered
from airflow_entra.directory.registration import read_registration
from airflow_entra_auth.graph import Graph


def live_watcher(stack: DeclaredStack, graph: Graph) -> Registered | None:
    """By its tag, as `pulumi up` finds what it made; None where there is none. Raises GraphError."""
    settings = stack.settings
    if not settings.watched:
        return None
    existing = settings.watcher.existing
    if existing is not None:
        held = graph.pages(f"/servicePrincipals/{existing.object_id}/appRoleAssignments")
        granted = tuple(Permission(one["id"], one["resourceId"], one["appRoleId"]) for one in held)
        return Registered(
            settings.tenant_id, "", existing.client_id, "", principal_id=existing.object_id, granted=granted
        )
    _, own = names.watcher_tags(stack.name)
    found = list(graph.pages("/applications", {"$filter": f"tags/any(t:t eq '{own}')", "$select": "appId"}))
    return read_registration(graph, settings.tenant_id, found[0]["appId"]) if len(found) == 1 else None
