"""Microsoft.KeyVault: the keys of a vault."""

from entra_local.arm.models import keys, vaults
from entra_local.arm.request import ArmRequest
from entra_local.wire import JsonObject, Reply


def read(request: ArmRequest) -> Reply:
    vault = _vault(request)
    return Reply(200, _shown(vault, keys.load(request.everywhere, vault, request["key"])))


def put(request: ArmRequest) -> Reply:
    vault = _vault(request)
    return Reply(200, _shown(vault, keys.create(request.everywhere, vault, request["key"], request.call.json())))


def list_all(request: ArmRequest) -> Reply:
    vault = _vault(request)
    return Reply(200, {"value": [_shown(vault, key) for key in keys.listed(request.everywhere, vault)]})


def _vault(request: ArmRequest) -> JsonObject:
    return vaults.load(request.everywhere, request["subscription"], request["group"], request["name"])


def _shown(vault: JsonObject, key: JsonObject) -> JsonObject:
    uri = f"{vault['properties']['vaultUri']}keys/{key['name']}"
    shown = ("attributes", "keyOps", "keySize", "kty")
    return {
        "id": key["id"],
        "name": key["name"],
        "type": f"{vaults.TYPE}/keys",
        "location": vault["location"],
        "tags": key["tags"],
        "properties": {name: key[name] for name in shown}
        | {"keyUri": uri, "keyUriWithVersion": f"{uri}/{key['version']}"},
    }
