"""A vault's keys as its data plane shows them and lets them work."""

from entra_local.keyvault import key_models as models
from entra_local.keyvault.request import VaultRequest
from entra_local.wire import JsonObject, Reply


def encrypt(request: VaultRequest) -> Reply:
    key = _key(request)
    value = models.encrypt(request.everywhere, request.world.keys, key, request.call.json())
    return Reply(200, {"kid": _kid(request, key), "value": models.encoded(value)})


def decrypt(request: VaultRequest) -> Reply:
    key = _key(request)
    value = models.decrypt(request.everywhere, request.world.keys, key, request.call.json())
    return Reply(200, {"kid": _kid(request, key), "value": models.encoded(value)})


def delete(request: VaultRequest) -> Reply:
    key = _key(request)
    models.delete(request.everywhere, key)
    recovery = f"{request.vault['properties']['vaultUri']}deletedkeys/{key['name']}"
    return Reply(200, {"key": {"kid": _kid(request, key), "kty": key["kty"]}, "recoveryId": recovery})


def _key(request: VaultRequest) -> JsonObject:
    return models.load(request.everywhere, request.vault, request["key"], request.parameters.get("version"))


def _kid(request: VaultRequest, key: JsonObject) -> str:
    return f"{request.vault['properties']['vaultUri']}keys/{key['name']}/{key['version']}"
