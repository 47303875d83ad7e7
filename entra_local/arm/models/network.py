"""Private endpoints of key vaults and where their names are registered. No network is behind them."""

import re
from typing import Any

from entra_local import azure_roles
from entra_local.arm.exceptions import (
    BadRequest,
    InvalidLocation,
    InvalidRequestContent,
    InvalidResourceReference,
    ResourceNotFound,
)
from entra_local.arm.models.resources import group_id, load_group, load_resource, tags, text
from entra_local.azure import VAULT_DOMAIN, VAULT_ZONE
from entra_local.store import Directory
from entra_local.wire import JsonObject

ENDPOINT_TYPE = "Microsoft.Network/privateEndpoints"
ZONES_TYPE = f"{ENDPOINT_TYPE}/privateDnsZoneGroups"
_ENDPOINT = "privateEndpoint"
_ZONES = "privateDnsZoneGroup"
_NETWORK = r"/subscriptions/[\w-]+/resourceGroups/[^/]+/providers/Microsoft\.Network"
_SUBNET = re.compile(rf"{_NETWORK}/virtualNetworks/[^/]+/subnets/[^/]+", re.IGNORECASE)
_ZONE = re.compile(rf"{_NETWORK}/privateDnsZones/{re.escape(VAULT_ZONE)}", re.IGNORECASE)


def endpoint_id(subscription_id: str, group: str, name: str) -> str:
    """The id of a private endpoint."""
    return f"{group_id(subscription_id, group)}/providers/{ENDPOINT_TYPE}/{name}"


def load(everywhere: Directory, subscription_id: str, group: str, name: str) -> JsonObject:
    """A private endpoint. Raises ResourceGroupNotFound or ResourceNotFound."""
    return load_resource(everywhere, _ENDPOINT, ENDPOINT_TYPE, (subscription_id, group), name)


def subnet_of(body: JsonObject) -> str:
    """The id of the subnet that a body names. Raises InvalidRequestContent."""
    subnet = _object(_object(body, "properties"), "subnet").get("id")
    if not isinstance(subnet, str) or not _SUBNET.fullmatch(subnet):
        raise InvalidRequestContent("properties.subnet.id is no subnet")
    return subnet


def put(everywhere: Directory, subscription_id: str, group: str, name: str, body: JsonObject) -> JsonObject:
    """Create or update a private endpoint, approved at once: who may write the vault may also approve."""
    resource_group = load_group(everywhere, subscription_id, group)
    location, id_ = text(body, "location"), endpoint_id(subscription_id, resource_group["name"], name)
    before = everywhere.get(_ENDPOINT, id_)
    if before is not None and before.body["location"] != location:
        raise InvalidLocation(name, before.body["location"], location)
    endpoint: JsonObject = {
        "id": id_,
        "name": name,
        "type": ENDPOINT_TYPE,
        "location": location,
        "tags": tags(body),
        "subnet": {"id": subnet_of(body)},
        "links": [_link(everywhere, id_, link) for link in _list(_object(body, "properties"), LINKS)],
        "resourceGroupId": resource_group["id"],
    }
    everywhere.put(_ENDPOINT, id_, endpoint)
    return endpoint


LINKS = "privateLinkServiceConnections"


def _link(everywhere: Directory, endpoint: str, link: JsonObject) -> JsonObject:
    said = _object(link, "properties")
    target = said.get("privateLinkServiceId")
    vault = next((found.body for found in everywhere.scan("vault") if found.body["id"] == target), None)
    if vault is None:
        raise InvalidResourceReference(str(target), endpoint)
    if said.get("groupIds") != ["vault"]:
        raise BadRequest("The private link resource of a key vault has the one group 'vault'.")
    return {"name": text(link, "name"), "vault": vault["id"], "host": f"{vault['name']}.{VAULT_DOMAIN}"}


def delete(everywhere: Directory, endpoint: JsonObject) -> None:
    """Remove an endpoint with its records."""
    for zones in zone_groups(everywhere, endpoint):
        everywhere.remove(_ZONES, zones["id"])
    azure_roles.remove_below(everywhere, endpoint["id"])
    everywhere.remove(_ENDPOINT, endpoint["id"])


def in_group(everywhere: Directory, group: JsonObject) -> list[JsonObject]:
    """The endpoints of a resource group."""
    return [found.body for found in everywhere.scan(_ENDPOINT) if found.body["resourceGroupId"] == group["id"]]


def zone_groups(everywhere: Directory, endpoint: JsonObject) -> list[JsonObject]:
    """Where an endpoint is registered."""
    return [found.body for found in everywhere.scan(_ZONES) if found.body["endpoint"] == endpoint["id"]]


def load_zones(everywhere: Directory, endpoint: JsonObject, name: str) -> JsonObject:
    """A zone group. Raises ResourceNotFound."""
    found = everywhere.get(_ZONES, f"{endpoint['id']}/privateDnsZoneGroups/{name}")
    if found is None:
        raise ResourceNotFound(ZONES_TYPE, name, endpoint["resourceGroupId"].rpartition("/")[2])
    return found.body


def zones_of(body: JsonObject) -> list[JsonObject]:
    """The zones that a body names, each with its `name` and `id`. Raises InvalidRequestContent."""
    found = [
        {"name": text(config, "name"), "id": _object(config, "properties").get("privateDnsZoneId")}
        for config in _list(_object(body, "properties"), "privateDnsZoneConfigs")
    ]
    if not found or not all(isinstance(zone["id"], str) and _ZONE.fullmatch(zone["id"]) for zone in found):
        raise InvalidRequestContent(f"properties.privateDnsZoneConfigs names no zone {VAULT_ZONE}")
    return found


def put_zones(everywhere: Directory, endpoint: JsonObject, name: str, body: JsonObject) -> JsonObject:
    """Register an endpoint in zones. One endpoint has one zone group."""
    id_ = f"{endpoint['id']}/privateDnsZoneGroups/{name}"
    if any(zones["id"] != id_ for zones in zone_groups(everywhere, endpoint)):
        raise BadRequest("A private endpoint can have one private DNS zone group only.")
    zones: JsonObject = {"id": id_, "name": name, "endpoint": endpoint["id"], "zones": zones_of(body)}
    everywhere.put(_ZONES, id_, zones)
    return zones


def delete_zones(everywhere: Directory, zones: JsonObject) -> None:
    everywhere.remove(_ZONES, zones["id"])


def _object(body: JsonObject, name: str) -> JsonObject:
    value: Any = body.get(name, {})
    if not isinstance(value, dict):
        raise InvalidRequestContent(f"{name} must be an object")
    return value


def _list(body: JsonObject, name: str) -> list[JsonObject]:
    value: Any = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidRequestContent(f"{name} must be a list of objects")
    return value
