"""Storage accounts as resources: names that are unique everywhere, the blob service that comes with each, containers.

No blob is kept: this is what Resource Manager knows of them.
"""

import re
from typing import Any

from entra_local import azure_roles, clock
from entra_local.arm.exceptions import (
    AccountNameInvalid,
    BadRequest,
    ContainerNotFound,
    InvalidLocation,
    InvalidRequestContent,
    StorageAccountAlreadyTaken,
)
from entra_local.arm.models.resources import group_id, load_group, load_resource, tags, text
from entra_local.azure import BLOB_DOMAIN
from entra_local.store import Directory
from entra_local.wire import JsonObject

TYPE = "Microsoft.Storage/storageAccounts"
KINDS = ("StorageV2", "BlobStorage", "BlockBlobStorage", "FileStorage", "Storage")
RETENTION = range(1, 366)
"""Days that a deleted blob or container can be kept."""

_ACCOUNT = "storageAccount"
_CONTAINER = "blobContainer"
_NAME = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9](-?[a-z0-9])+")
_BLOB_SERVICE: JsonObject = {"cors": {"corsRules": []}, "deleteRetentionPolicy": {"enabled": False}}


def account_id(subscription_id: str, group: str, name: str) -> str:
    """The id of a storage account."""
    return f"{group_id(subscription_id, group)}/providers/{TYPE}/{name}"


def load(everywhere: Directory, subscription_id: str, group: str, name: str) -> JsonObject:
    """A storage account. Raises ResourceGroupNotFound or ResourceNotFound."""
    return load_resource(everywhere, _ACCOUNT, TYPE, (subscription_id, group), name)


def by_name(everywhere: Directory, name: str) -> JsonObject | None:
    """The account of this name in any subscription."""
    return next((found.body for found in everywhere.scan(_ACCOUNT) if found.body["name"] == name), None)


def put(everywhere: Directory, subscription_id: str, group: str, name: str, body: JsonObject) -> JsonObject:
    """Create or update an account."""
    resource_group = load_group(everywhere, subscription_id, group)
    if not _NAME.fullmatch(name):
        raise AccountNameInvalid(name)
    location, id_ = text(body, "location"), account_id(subscription_id, resource_group["name"], name)
    before = everywhere.get(_ACCOUNT, id_)
    if before is None and any(other.body["name"] == name for other in everywhere.scan(_ACCOUNT)):
        raise StorageAccountAlreadyTaken(name)
    if before is not None and before.body["location"] != location:
        raise InvalidLocation(name, before.body["location"], location)
    if body.get("kind") not in KINDS:
        raise BadRequest(f"The value of 'kind' must be one of {', '.join(KINDS)}.")
    account: JsonObject = {
        "id": id_,
        "name": name,
        "type": TYPE,
        "location": location,
        "kind": body["kind"],
        "sku": _sku(body),
        "tags": tags(body),
        "properties": _properties(name, location, before.body["properties"] if before else None, body),
        "resourceGroupId": resource_group["id"],
        "blobService": before.body["blobService"] if before else _BLOB_SERVICE,
    }
    everywhere.put(_ACCOUNT, id_, account)
    return account


def delete(everywhere: Directory, account: JsonObject) -> None:
    """Remove an account with all that is in it, and the role assignments below."""
    for container in containers(everywhere, account):
        everywhere.remove(_CONTAINER, container["id"])
    azure_roles.remove_below(everywhere, account["id"])
    everywhere.remove(_ACCOUNT, account["id"])


def in_group(everywhere: Directory, group: JsonObject) -> list[JsonObject]:
    """The accounts of a resource group."""
    return [found.body for found in everywhere.scan(_ACCOUNT) if found.body["resourceGroupId"] == group["id"]]


def set_blob_service(everywhere: Directory, account: JsonObject, body: JsonObject) -> JsonObject:
    """Change how the account keeps blobs: versions, and what was deleted."""
    properties = _object(body, "properties")
    for name in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        policy: Any = properties.get(name)
        if isinstance(policy, dict) and policy.get("enabled") and policy.get("days") not in RETENTION:
            raise BadRequest(f"The value for {name}.days must be between 1 and 365.")
    service: JsonObject = {**account["blobService"], **{k: v for k, v in properties.items() if v is not None}}
    everywhere.put(_ACCOUNT, account["id"], account | {"blobService": service})
    return service


def containers(everywhere: Directory, account: JsonObject) -> list[JsonObject]:
    """The containers of an account."""
    return [found.body for found in everywhere.scan(_CONTAINER) if found.body["accountId"] == account["id"]]


def load_container(everywhere: Directory, account: JsonObject, name: str) -> JsonObject:
    """A container. Raises ContainerNotFound."""
    found = everywhere.get(_CONTAINER, _container_id(account, name))
    if found is None:
        raise ContainerNotFound
    return found.body


def put_container(everywhere: Directory, account: JsonObject, name: str, body: JsonObject) -> tuple[JsonObject, bool]:
    """Create or update a container; whether it is new. Raises BadRequest for public access that the account forbids."""
    if not _CONTAINER_NAME.fullmatch(name):
        raise BadRequest("The specified resource name contains invalid characters.")
    id_, properties = _container_id(account, name), _object(body, "properties")
    public = properties.get("publicAccess") or "None"
    if public != "None" and not account["properties"].get("allowBlobPublicAccess"):
        raise BadRequest("Public access is not permitted on this storage account.")
    before = everywhere.get(_CONTAINER, id_)
    kept = {"publicAccess": public, "hasImmutabilityPolicy": False, "hasLegalHold": False}
    container: JsonObject = {
        "id": id_,
        "name": name,
        "accountId": account["id"],
        "properties": {**properties, **kept, "lastModifiedTime": clock.stamp()},
    }
    everywhere.put(_CONTAINER, id_, container)
    return container, before is None


def delete_container(everywhere: Directory, container: JsonObject) -> None:
    azure_roles.remove_below(everywhere, container["id"])
    everywhere.remove(_CONTAINER, container["id"])


def _container_id(account: JsonObject, name: str) -> str:
    return f"{account['id']}/blobServices/default/containers/{name}"


def _sku(body: JsonObject) -> JsonObject:
    name = str(_object(body, "sku").get("name", ""))
    tier, _, kind = name.partition("_")
    if tier not in ("Standard", "Premium") or not kind:
        raise BadRequest(f"The value of 'sku.name' is no kind of storage: '{name[:40]}'.")
    return {"name": name, "tier": tier}


def _properties(name: str, location: str, before: JsonObject | None, body: JsonObject) -> JsonObject:
    given = {key: value for key, value in _object(body, "properties").items() if value is not None}
    made = {
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_0",
        "allowBlobPublicAccess": False,
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []},
        "creationTime": clock.stamp(),
        "primaryEndpoints": {"blob": f"https://{name}.{BLOB_DOMAIN}/"},
        "primaryLocation": location,
        "statusOfPrimary": "available",
    }
    return (before or made) | given | {"provisioningState": "Succeeded"}


def _object(body: JsonObject, name: str) -> JsonObject:
    value: Any = body.get(name, {})
    if not isinstance(value, dict):
        raise InvalidRequestContent(f"{name} must be an object")
    return value
