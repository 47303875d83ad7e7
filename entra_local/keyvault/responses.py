"""/secrets and /deletedsecrets."""

from entra_local.arm.models.vaults import DEFAULT_RETENTION
from entra_local.keyvault import models
from entra_local.keyvault.exceptions import BadParameter
from entra_local.keyvault.request import VaultRequest
from entra_local.wire import JsonObject, Reply


def set_secret(request: VaultRequest) -> Reply:
    body = request.call.json()
    secret = models.set_secret(request.everywhere, request.world.keys, request.vault, request["name"], body)
    return Reply(200, {"value": body["value"]} | _version(request, secret, secret["versions"][-1]))


def get_secret(request: VaultRequest) -> Reply:
    secret = models.load(request.everywhere, request.vault, request["name"])
    version = models.find_version(secret, request.parameters.get("version"))
    value = models.value_of(request.world.keys, version)
    return Reply(200, {"value": value} | _version(request, secret, version))


def update_secret(request: VaultRequest) -> Reply:
    wanted = request.call.json()
    if "value" in wanted:
        raise BadParameter("The value of a version cannot be changed: set a new version.")
    version = request.parameters.get("version")
    secret = models.update_secret(request.everywhere, request.vault, request["name"], version, wanted)
    return Reply(200, _version(request, secret, models.find_version(secret, version)))


def list_secrets(request: VaultRequest) -> Reply:
    found = models.listed(request.everywhere, request.vault)
    return Reply(200, {"value": [_unversioned(request, secret) for secret in found], "nextLink": None})


def list_versions(request: VaultRequest) -> Reply:
    secret = models.load(request.everywhere, request.vault, request["name"])
    versions = [_version(request, secret, version) for version in secret["versions"]]
    return Reply(200, {"value": versions, "nextLink": None})


def delete_secret(request: VaultRequest) -> Reply:
    return Reply(200, _deleted(request, models.delete(request.everywhere, request.vault, request["name"])))


def list_deleted(request: VaultRequest) -> Reply:
    found = models.deleted(request.everywhere, request.vault)
    return Reply(200, {"value": [_deleted(request, secret) for secret in found], "nextLink": None})


def get_deleted(request: VaultRequest) -> Reply:
    return Reply(200, _deleted(request, models.load_deleted(request.everywhere, request.vault, request["name"])))


def recover(request: VaultRequest) -> Reply:
    secret = models.recover(request.everywhere, request.vault, request["name"])
    return Reply(200, _version(request, secret, secret["versions"][-1]))


def purge(request: VaultRequest) -> Reply:
    models.purge(request.everywhere, request.vault, request["name"])
    return Reply(204)


def _version(request: VaultRequest, secret: JsonObject, version: JsonObject) -> JsonObject:
    properties = request.vault["properties"]
    days = properties["softDeleteRetentionInDays"]
    level = "Recoverable" if days == DEFAULT_RETENTION else "CustomizedRecoverable"
    if not properties.get("enablePurgeProtection"):
        level += "+Purgeable"
    bundle: JsonObject = {
        "id": f"{_uri(request, secret)}/{version['version']}",
        "attributes": version["attributes"] | {"recoveryLevel": level, "recoverableDays": days},
        "tags": version["tags"],
    }
    if version["contentType"]:
        bundle["contentType"] = version["contentType"]
    return bundle


def _unversioned(request: VaultRequest, secret: JsonObject) -> JsonObject:
    return _version(request, secret, secret["versions"][-1]) | {"id": _uri(request, secret)}


def _deleted(request: VaultRequest, secret: JsonObject) -> JsonObject:
    recovery = f"{request.vault['properties']['vaultUri']}deletedsecrets/{secret['name']}"
    return {**_version(request, secret, secret["versions"][-1]), **secret["deletion"], "recoveryId": recovery}


def _uri(request: VaultRequest, secret: JsonObject) -> str:
    return f"{request.vault['properties']['vaultUri']}secrets/{secret['name']}"
