"""Microsoft.Storage: accounts, their blob service and containers."""

from entra_local.arm.exceptions import ContainerNotFound, NotServed, ResourceGroupNotFound, ResourceNotFound
from entra_local.arm.models import resources, storage
from entra_local.arm.request import ArmRequest
from entra_local.wire import JsonObject, Reply


def put(request: ArmRequest) -> Reply:
    account = storage.put(
        request.everywhere, request["subscription"], request["group"], request["name"], request.call.json()
    )
    return Reply(200, _shown(account))


def read(request: ArmRequest) -> Reply:
    return Reply(200, _shown(_account(request)))


def delete(request: ArmRequest) -> Reply:
    try:
        account = _account(request)
    except (ResourceNotFound, ResourceGroupNotFound):
        return Reply(204)
    storage.delete(request.everywhere, account)
    return Reply(200)


def list_in_group(request: ArmRequest) -> Reply:
    group = resources.load_group(request.everywhere, request["subscription"], request["group"])
    return Reply(200, {"value": [_shown(account) for account in storage.in_group(request.everywhere, group)]})


def read_blob_service(request: ArmRequest) -> Reply:
    account = _with_service(request)
    return Reply(200, _service(account, account["blobService"]))


def put_blob_service(request: ArmRequest) -> Reply:
    account = _with_service(request)
    return Reply(200, _service(account, storage.set_blob_service(request.everywhere, account, request.call.json())))


def list_containers(request: ArmRequest) -> Reply:
    found = storage.containers(request.everywhere, _account(request))
    return Reply(200, {"value": [_container(container) for container in found]})


def read_container(request: ArmRequest) -> Reply:
    return Reply(200, _container(_the_container(request)))


def put_container(request: ArmRequest) -> Reply:
    account = _account(request)
    made, new = storage.put_container(request.everywhere, account, request["container"], request.call.json())
    return Reply(201 if new else 200, _container(made))


def delete_container(request: ArmRequest) -> Reply:
    try:
        container = _the_container(request)
    except (ContainerNotFound, ResourceNotFound, ResourceGroupNotFound):
        return Reply(204)
    storage.delete_container(request.everywhere, container)
    return Reply(200)


def _account(request: ArmRequest) -> JsonObject:
    return storage.load(request.everywhere, request["subscription"], request["group"], request["name"])


def _the_container(request: ArmRequest) -> JsonObject:
    return storage.load_container(request.everywhere, _account(request), request["container"])


def _with_service(request: ArmRequest) -> JsonObject:
    if request["service"] != "default":
        raise NotServed(f"The request url {request.call.path[:200]} is not found: the service is called default.")
    return _account(request)


def _shown(account: JsonObject) -> JsonObject:
    return {name: account[name] for name in ("id", "name", "type", "location", "kind", "sku", "tags", "properties")}


def _service(account: JsonObject, properties: JsonObject) -> JsonObject:
    return {
        "id": f"{account['id']}/blobServices/default",
        "name": "default",
        "type": f"{storage.TYPE}/blobServices",
        "sku": account["sku"],
        "properties": properties,
    }


def _container(container: JsonObject) -> JsonObject:
    return {
        "id": container["id"],
        "name": container["name"],
        "type": f"{storage.TYPE}/blobServices/containers",
        "properties": container["properties"],
    }
