"""Tenants, subscriptions and resource groups."""

from entra_local import azure_roles
from entra_local.arm.exceptions import ResourceGroupNotFound
from entra_local.arm.models import network, resources, storage, vaults
from entra_local.arm.request import ArmRequest
from entra_local.wire import JsonObject, Reply


def list_subscriptions(request: ArmRequest) -> Reply:
    """The subscriptions in which the caller has any role, be it on one resource."""
    scopes = [assignment["scope"] for assignment in azure_roles.held(request.everywhere, request.principals)]
    found = []
    for document in request.everywhere.scan("subscription"):
        id_ = f"/subscriptions/{document.id}"
        within = any(azure_roles.covers(scope, id_) or azure_roles.covers(id_, scope) for scope in scopes)
        if within and document.body["tenantId"] == request.caller.tenant:
            found.append(_subscription(document.body))
    return Reply(200, {"value": found})


def read_subscription(request: ArmRequest) -> Reply:
    return Reply(200, _subscription(resources.subscription(request.everywhere, request["subscription"])))


def list_groups(request: ArmRequest) -> Reply:
    found = request.everywhere.find("resourceGroup", "subscriptionId", request["subscription"])
    return Reply(200, {"value": [_shown(document.body) for document in found]})


def put_group(request: ArmRequest) -> Reply:
    group, new = resources.put_group(request.everywhere, request["subscription"], request["group"], request.call.json())
    return Reply(201 if new else 200, _shown(group))


def read_group(request: ArmRequest) -> Reply:
    return Reply(200, _shown(resources.load_group(request.everywhere, request["subscription"], request["group"])))


def group_exists(request: ArmRequest) -> Reply:
    try:
        resources.load_group(request.everywhere, request["subscription"], request["group"])
    except ResourceGroupNotFound:
        return Reply(404)
    return Reply(204)


def delete_group(request: ArmRequest) -> Reply:
    group = resources.load_group(request.everywhere, request["subscription"], request["group"])
    for vault in request.everywhere.find("vault", "resourceGroupId", group["id"]):
        vaults.delete(request.everywhere, vault.body)
    for endpoint in network.in_group(request.everywhere, group):
        network.delete(request.everywhere, endpoint)
    for account in storage.in_group(request.everywhere, group):
        storage.delete(request.everywhere, account)
    resources.delete_group(request.everywhere, request["subscription"], request["group"])
    return Reply(200)


def _shown(group: JsonObject) -> JsonObject:
    return {name: group[name] for name in ("id", "name", "type", "location", "tags", "properties")}


def _subscription(subscription: JsonObject) -> JsonObject:
    return {
        "id": f"/subscriptions/{subscription['id']}",
        "subscriptionId": subscription["id"],
        "tenantId": subscription["tenantId"],
        "displayName": subscription["displayName"],
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }
