"""Which tenant a URL names."""

import re
from uuid import UUID

from entra_local.signin import exceptions as errors
from entra_local.store import EVERYWHERE, Transaction
from entra_local.wire import JsonObject

_DNS_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def find_tenant(store: Transaction, name: str) -> JsonObject:
    """The tenant of this id or domain. Raises InvalidTenant or TenantNotFound."""
    everywhere = store.of(EVERYWHERE)
    found = everywhere.get("tenant", name)
    if found is not None:
        return found.body
    for tenant in everywhere.scan("tenant"):
        if tenant.body["domain"].lower() == name.lower():
            return tenant.body
    if not _is_uuid(name) and not _DNS_NAME.fullmatch(name):
        raise errors.InvalidTenant(name)
    raise errors.TenantNotFound(name)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
