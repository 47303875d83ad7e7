"""Where the tests' vault is, and what it is made of."""

from typing import Any

from entra_local.wire import JsonObject
from tests.tenant.world import GROUP, SUBSCRIPTION, TENANT

SUB = f"/subscriptions/{SUBSCRIPTION}"
VAULTS = f"{GROUP}/providers/Microsoft.KeyVault/vaults"
VAULT = f"{VAULTS}/kv-airflow"
DELETED = f"{SUB}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-airflow"


def vault_body(**properties: Any) -> JsonObject:
    """The body of a vault that uses roles; None leaves a property out."""
    wanted = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    given = {name: value for name, value in (wanted | properties).items() if value is not None}
    return {"location": "West Europe", "tags": {"for": "airflow"}, "properties": given}
