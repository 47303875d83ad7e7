"""Subscriptions and resource groups."""

import re
from typing import Any

from entra_local import azure_roles
from entra_local.arm.exceptions import (
    BadRequest,
    InvalidLocation,
    InvalidRequestContent,
    ResourceGroupNotFound,
    ResourceNotFound,
    SubscriptionNotFound,
)
from entra_local.store import Directory
from entra_local.wire import JsonObject

_GROUP_NAME = re.compile(r"[\w.()-]{0,89}[\w()-]")


def subscription(everywhere: Directory, id_: str) -> JsonObject:
    """A subscription. Raises SubscriptionNotFound."""
    found = everywhere.get("subscription", id_)
    if found is None:
        raise SubscriptionNotFound(id_)
    return found.body


def group_id(subscription_id: str, name: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{name}"


def load_group(everywhere: Directory, subscription_id: str, name: str) -> JsonObject:
    """A resource group. Raises ResourceGroupNotFound."""
    found = everywhere.get("resourceGroup", group_id(subscription_id, name))
    if found is None:
        raise ResourceGroupNotFound(name)
    return found.body


def load_resource(everywhere: Directory, kind: str, type_: str, group: tuple[str, str], name: str) -> JsonObject:
    """A resource of this type in the `group` (subscription, name). Raises ResourceGroupNotFound or ResourceNotFound."""
    load_group(everywhere, *group)
    found = everywhere.get(kind, f"{group_id(*group)}/providers/{type_}/{name}")
    if found is None:
        raise ResourceNotFound(type_, name, group[1])
    return found.body


def put_group(everywhere: Directory, subscription_id: str, name: str, body: JsonObject) -> tuple[JsonObject, bool]:
    """Create or update a resource group; whether it is new."""
    if not _GROUP_NAME.fullmatch(name):
        raise BadRequest(f"The provided resource group name '{name[:100]}' has invalid characters or is too long.")
    location = text(body, "location")
    id_ = group_id(subscription_id, name)
    before = everywhere.get("resourceGroup", id_)
    if before is not None and before.body["location"] != location:
        raise InvalidLocation(name, before.body["location"], location)
    group: JsonObject = {
        "id": before.body["id"] if before else id_,
        "name": before.body["name"] if before else name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "tags": tags(body),
        "properties": {"provisioningState": "Succeeded"},
        "subscriptionId": subscription_id.lower(),
    }
    everywhere.put("resourceGroup", id_, group)
    return group, before is None


def delete_group(everywhere: Directory, subscription_id: str, name: str) -> None:
    """Remove a resource group without what is in it, and the role assignments below. Raises ResourceGroupNotFound."""
    group = load_group(everywhere, subscription_id, name)
    azure_roles.remove_below(everywhere, group["id"])
    everywhere.remove("resourceGroup", group["id"])


def text(body: JsonObject, name: str) -> str:
    """A string that a body must have, a location in its short form. Raises BadRequest."""
    value: Any = body.get(name)
    if not isinstance(value, str) or not value:
        code = f"The '{name}' property is required for this type of resource."
        raise BadRequest(code)
    return value.replace(" ", "").lower() if name == "location" else value


def tags(body: JsonObject) -> JsonObject:
    """The tags of a body. Raises InvalidRequestContent."""
    value: Any = body.get("tags") or {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise InvalidRequestContent("tags must be an object of strings")
    return value
