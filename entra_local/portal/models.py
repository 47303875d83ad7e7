"""What the tenant counts about itself."""

from entra_local.store import EVERYWHERE, Transaction
from entra_local.wire import JsonObject

COUNTED = {
    "users": "user",
    "groups": "group",
    "applications": "application",
    "service principals": "servicePrincipal",
    "app role assignments": "appRoleAssignment",
}
COUNTED_EVERYWHERE = {"subscriptions": "subscription", "vaults": "vault"}


def counts(store: Transaction) -> list[JsonObject]:
    """One object per tenant: its id, names, and how much it holds."""
    found = []
    for tenant in list(store.of(EVERYWHERE).scan("tenant")):
        directory = store.of(tenant.id)
        numbers = {label: directory.count(kind) for label, kind in COUNTED.items()}
        found.append({**tenant.body, "counts": numbers})
    return found


def counts_everywhere(store: Transaction) -> JsonObject:
    """How much there is of what belongs to no single tenant."""
    return {label: store.of(EVERYWHERE).count(kind) for label, kind in COUNTED_EVERYWHERE.items()}
