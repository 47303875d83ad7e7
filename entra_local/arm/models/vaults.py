"""Key vaults as resources: names, immutable switches, soft delete and recovery."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from entra_local import azure_roles, clock
from entra_local.arm.exceptions import (
    BadRequest,
    DeletedVaultExists,
    DeletedVaultNotFound,
    InvalidLocation,
    InvalidRequestContent,
    PurgeProtected,
    VaultAlreadyExists,
    VaultNameNotValid,
)
from entra_local.arm.models import policies
from entra_local.arm.models.resources import group_id, load_group, load_resource, put_group, tags, text
from entra_local.azure import VAULT_DOMAIN
from entra_local.store import Directory
from entra_local.wire import JsonObject

TYPE = "Microsoft.KeyVault/vaults"
RETENTION = range(7, 91)
"""Days that a soft-deleted vault can be recovered; fixed when the vault is made."""
DEFAULT_RETENTION = 90

_NAME = re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHAPES: dict[str, Callable[[Any], bool]] = {
    # What other code here relies on; the rest is kept as it comes.
    "tenantId": lambda value: isinstance(value, str) and _UUID.fullmatch(value) is not None,
    "sku": lambda value: isinstance(value, dict) and value.get("name") in ("standard", "premium"),
    "enableRbacAuthorization": lambda value: isinstance(value, bool),
    "enablePurgeProtection": lambda value: isinstance(value, bool),
    "softDeleteRetentionInDays": lambda value: isinstance(value, int),
    "accessPolicies": lambda value: isinstance(value, list) and all(_is_policy(policy) for policy in value),
}
_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.KeyVault/vaults/([^/]+)", re.IGNORECASE
)


def vault_id(subscription_id: str, group: str, name: str) -> str:
    """The id of a vault."""
    return f"{group_id(subscription_id, group)}/providers/{TYPE}/{name}"


def load(everywhere: Directory, subscription_id: str, group: str, name: str) -> JsonObject:
    """A live vault. Raises ResourceGroupNotFound or ResourceNotFound."""
    return load_resource(everywhere, "vault", TYPE, (subscription_id, group), name)


def by_name(everywhere: Directory, name: str) -> JsonObject | None:
    """The live vault of this name in any subscription."""
    found = everywhere.find("vault", "name", name)
    return found[0].body if found else None


def put(everywhere: Directory, subscription_id: str, group: str, name: str, body: JsonObject) -> JsonObject:
    """Create, recover or update a vault."""
    resource_group = load_group(everywhere, subscription_id, group)
    id_ = vault_id(subscription_id, resource_group["name"], name)
    properties = _properties(body)
    if not _NAME.fullmatch(name):
        raise VaultNameNotValid(name)
    location = text(body, "location")
    policies.check(everywhere, resource_group["id"], name, body)
    live = everywhere.get("vault", id_)
    if live is not None:
        if live.body["location"] != location:
            raise InvalidLocation(name, live.body["location"], location)
        return _save(everywhere, live.body | {"tags": tags(body)}, _changed(live.body["properties"], properties))
    if everywhere.get("vault", id_, deleted=True) is not None:
        return _recover(everywhere, id_, body, properties)
    if not is_available(everywhere, name):
        raise VaultAlreadyExists(name)
    if properties.get("createMode") == "recover":
        raise DeletedVaultNotFound(name)
    vault: JsonObject = {
        "id": id_,
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": tags(body),
        "resourceGroupId": resource_group["id"],
        "subscriptionId": subscription_id.lower(),
    }
    return _save(everywhere, vault, _created(name, properties))


def patch(everywhere: Directory, vault: JsonObject, body: JsonObject) -> JsonObject:
    """Change some properties or the tags of a vault."""
    changed = _changed(vault["properties"], _properties(body))
    return _save(everywhere, vault | ({"tags": tags(body)} if "tags" in body else {}), changed)


def delete(everywhere: Directory, vault: JsonObject) -> None:
    """Soft-delete a vault. Its role assignments are gone for good: recovery does not bring them back."""
    retention = timedelta(days=vault["properties"]["softDeleteRetentionInDays"])
    times = {"deletionDate": clock.stamp(), "scheduledPurgeDate": clock.stamp(clock.now() + retention)}
    everywhere.put("vault", vault["id"], vault | {"deletion": times})
    everywhere.soft_delete("vault", vault["id"])
    azure_roles.remove_below(everywhere, vault["id"])


def deleted(everywhere: Directory, subscription_id: str) -> list[JsonObject]:
    """The soft-deleted vaults of a subscription."""
    found = everywhere.find("vault", "subscriptionId", subscription_id, deleted=True)
    return [document.body for document in found]


def load_deleted(everywhere: Directory, subscription_id: str, location: str, name: str) -> JsonObject:
    """A soft-deleted vault. Raises DeletedVaultNotFound."""
    for vault in deleted(everywhere, subscription_id):
        same_place = vault["location"] == location.replace(" ", "").lower()
        if vault["name"].lower() == name.lower() and same_place:
            return vault
    raise DeletedVaultNotFound(name)


def purge(everywhere: Directory, vault: JsonObject) -> None:
    """Forget a soft-deleted vault and its secrets. Raises PurgeProtected."""
    if vault["properties"].get("enablePurgeProtection"):
        raise PurgeProtected
    for gone in (False, True):
        for secret in everywhere.find("secret", "vaultId", vault["id"], deleted=gone):
            everywhere.remove("secret", secret.id)
    everywhere.remove("vault", vault["id"])


def is_available(everywhere: Directory, name: str) -> bool:
    """Whether no vault, live or soft-deleted, has the name."""
    return not any(everywhere.find("vault", "name", name, deleted=gone) for gone in (False, True))


def is_valid_name(name: str) -> bool:
    """3-24 letters, digits and single hyphens, a letter first, no hyphen last."""
    return _NAME.fullmatch(name) is not None


def seeded(everywhere: Directory, id_: str, location: str, tenant: str) -> None:
    """Add a vault that exists before any program runs, and its resource group. Raises ValueError for a wrong id."""
    parts = _ID.fullmatch(id_)
    if parts is None or not is_valid_name(parts[3]):
        raise ValueError(f"'{id_}' is not the resource id of a vault")
    subscription_id, group, name = parts[1], parts[2], parts[3]
    if everywhere.get("resourceGroup", group_id(subscription_id, group)) is None:
        put_group(everywhere, subscription_id, group, {"location": location})
    if everywhere.get("vault", vault_id(subscription_id, group, name)) is None:
        sku = {"family": "A", "name": "standard"}
        properties = {"tenantId": tenant, "sku": sku, "enableRbacAuthorization": True}
        put(everywhere, subscription_id, group, name, {"location": location, "properties": properties})


def _recover(everywhere: Directory, id_: str, body: JsonObject, properties: JsonObject) -> JsonObject:
    if properties.get("createMode") != "recover":
        raise DeletedVaultExists
    everywhere.restore("vault", id_)
    found = everywhere.get("vault", id_)
    if found is None:
        raise DeletedVaultNotFound(id_)
    vault = {name: value for name, value in found.body.items() if name != "deletion"}
    return _save(everywhere, vault | ({"tags": tags(body)} if "tags" in body else {}), vault["properties"])


def _is_policy(value: Any) -> bool:
    permissions = value.get("permissions") if isinstance(value, dict) else None
    secrets = permissions.get("secrets", []) if isinstance(permissions, dict) else None
    return isinstance(secrets, list) and all(isinstance(name, str) for name in secrets)


def _save(everywhere: Directory, vault: JsonObject, properties: JsonObject) -> JsonObject:
    vault = vault | {"properties": properties}
    everywhere.put("vault", vault["id"], vault)
    return vault


def _properties(body: JsonObject) -> JsonObject:
    properties: Any = body.get("properties", {})
    if not isinstance(properties, dict):
        raise InvalidRequestContent("properties must be an object")
    retention = properties.get("softDeleteRetentionInDays")
    if retention is not None and retention not in RETENTION:
        raise BadRequest('The property "softDeleteRetentionInDays" must be between 7 and 90.')
    if properties.get("enableSoftDelete") is False:
        raise BadRequest('The property "enableSoftDelete" cannot be set to false: soft delete is always on.')
    if properties.get("enablePurgeProtection") is False:
        raise BadRequest(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is'
            " an irreversible action."
        )
    given = {name: value for name, value in properties.items() if value is not None}
    for name, is_valid in _SHAPES.items():
        if name in given and not is_valid(given[name]):
            raise InvalidRequestContent(f"the value of '{name}' is not valid")
    return given


def _created(name: str, properties: JsonObject) -> JsonObject:
    for required in ("tenantId", "sku"):
        if required not in properties:
            raise BadRequest(f'The parameter "{required}" is not specified.')
    made = {name: value for name, value in properties.items() if name not in ("createMode", "provisioningState")}
    defaults = {
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enableRbacAuthorization": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": DEFAULT_RETENTION,
        "publicNetworkAccess": "Enabled",
    }
    return defaults | made | {"vaultUri": f"https://{name.lower()}.{VAULT_DOMAIN}/", "provisioningState": "Succeeded"}


def _changed(before: JsonObject, properties: JsonObject) -> JsonObject:
    wanted = properties.get("softDeleteRetentionInDays", before["softDeleteRetentionInDays"])
    if wanted != before["softDeleteRetentionInDays"]:
        raise BadRequest('The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.')
    fixed = ("createMode", "provisioningState", "vaultUri")
    return before | {name: value for name, value in properties.items() if name not in fixed}
