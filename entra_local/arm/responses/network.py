"""Microsoft.Network: private endpoints, and the zone groups that register their names."""

from collections.abc import Iterable

from entra_local import azure_roles
from entra_local.arm.exceptions import LinkedAuthorizationFailed, ResourceGroupNotFound, ResourceNotFound
from entra_local.arm.models import network
from entra_local.arm.request import ArmRequest
from entra_local.wire import JsonObject, Reply

JOIN_SUBNET = "Microsoft.Network/virtualNetworks/subnets/join/action"
JOIN_ZONE = "Microsoft.Network/privateDnsZones/join/action"
_ADDRESS = "10.0.0.4"


def put(request: ArmRequest) -> Reply:
    body = request.call.json()
    _joins(request, JOIN_SUBNET, [network.subnet_of(body)])
    endpoint = network.put(request.everywhere, request["subscription"], request["group"], request["name"], body)
    return Reply(200, _shown(request, endpoint))


def read(request: ArmRequest) -> Reply:
    return Reply(200, _shown(request, _endpoint(request)))


def delete(request: ArmRequest) -> Reply:
    try:
        endpoint = _endpoint(request)
    except (ResourceNotFound, ResourceGroupNotFound):
        return Reply(204)
    network.delete(request.everywhere, endpoint)
    return Reply(200)


def put_zones(request: ArmRequest) -> Reply:
    body = request.call.json()
    _joins(request, JOIN_ZONE, [zone["id"] for zone in network.zones_of(body)])
    zones = network.put_zones(request.everywhere, _endpoint(request), request["zones"], body)
    return Reply(200, _shown_zones(zones))


def read_zones(request: ArmRequest) -> Reply:
    return Reply(200, _shown_zones(network.load_zones(request.everywhere, _endpoint(request), request["zones"])))


def delete_zones(request: ArmRequest) -> Reply:
    try:
        zones = network.load_zones(request.everywhere, _endpoint(request), request["zones"])
    except (ResourceNotFound, ResourceGroupNotFound):
        return Reply(204)
    network.delete_zones(request.everywhere, zones)
    return Reply(200)


def _endpoint(request: ArmRequest) -> JsonObject:
    return network.load(request.everywhere, request["subscription"], request["group"], request["name"])


def _joins(request: ArmRequest, action: str, scopes: Iterable[str]) -> None:
    """What lies in another place takes a right there too. Raises LinkedAuthorizationFailed."""
    for scope in scopes:
        if not azure_roles.allowed(request.everywhere, request.principals, scope, action):
            raise LinkedAuthorizationFailed(request.caller.object_id, action, scope)


def _shown(request: ArmRequest, endpoint: JsonObject) -> JsonObject:
    """Its address is said in `customDnsConfigs` for as long as no zone group registers it."""
    registered = network.zone_groups(request.everywhere, endpoint)
    dns = [{"fqdn": link["host"], "ipAddresses": [_ADDRESS]} for link in endpoint["links"]]
    links = [
        {
            "name": link["name"],
            "id": f"{endpoint['id']}/{network.LINKS}/{link['name']}",
            "type": f"{network.ENDPOINT_TYPE}/{network.LINKS}",
            "properties": {
                "privateLinkServiceId": link["vault"],
                "groupIds": ["vault"],
                "provisioningState": "Succeeded",
                "privateLinkServiceConnectionState": {
                    "status": "Approved",
                    "description": "",
                    "actionsRequired": "None",
                },
            },
        }
        for link in endpoint["links"]
    ]
    properties = {
        "provisioningState": "Succeeded",
        "subnet": endpoint["subnet"],
        network.LINKS: links,
        "manualPrivateLinkServiceConnections": [],
        "customDnsConfigs": [] if registered else dns,
        "networkInterfaces": [{"id": f"{endpoint['id'].replace('privateEndpoints', 'networkInterfaces')}.nic"}],
    }
    return {name: endpoint[name] for name in ("id", "name", "type", "location", "tags")} | {"properties": properties}


def _shown_zones(zones: JsonObject) -> JsonObject:
    configs = [{"name": zone["name"], "properties": {"privateDnsZoneId": zone["id"]}} for zone in zones["zones"]]
    return {
        "id": zones["id"],
        "name": zones["name"],
        "type": network.ZONES_TYPE,
        "properties": {"provisioningState": "Succeeded", "privateDnsZoneConfigs": configs},
    }
