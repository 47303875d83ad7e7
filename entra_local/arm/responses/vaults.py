"""Microsoft.KeyVault: vaults, deleted vaults, and secrets whose values go in but never out."""

from entra_local.arm.exceptions import (
    InvalidRequestContent,
    NotFound,
    ResourceGroupNotFound,
    ResourceNotFound,
    SecretConflict,
)
from entra_local.arm.models import resources, vaults
from entra_local.arm.request import ArmRequest
from entra_local.keyvault import exceptions as keyvault_errors
from entra_local.keyvault import models as secrets
from entra_local.wire import JsonObject, Reply


def put(request: ArmRequest) -> Reply:
    vault = vaults.put(
        request.everywhere, request["subscription"], request["group"], request["name"], request.call.json()
    )
    return Reply(200, _shown(vault))


def read(request: ArmRequest) -> Reply:
    return Reply(200, _shown(_vault(request)))


def patch(request: ArmRequest) -> Reply:
    return Reply(200, _shown(vaults.patch(request.everywhere, _vault(request), request.call.json())))


def delete(request: ArmRequest) -> Reply:
    try:
        vault = _vault(request)
    except (ResourceNotFound, ResourceGroupNotFound):
        return Reply(204)
    vaults.delete(request.everywhere, vault)
    return Reply(200)


def list_in_group(request: ArmRequest) -> Reply:
    group = resources.load_group(request.everywhere, request["subscription"], request["group"])
    found = request.everywhere.find("vault", "resourceGroupId", group["id"])
    return Reply(200, {"value": [_shown(document.body) for document in found]})


def list_in_subscription(request: ArmRequest) -> Reply:
    found = request.everywhere.find("vault", "subscriptionId", request["subscription"])
    return Reply(200, {"value": [_shown(document.body) for document in found]})


def list_deleted(request: ArmRequest) -> Reply:
    found = vaults.deleted(request.everywhere, request["subscription"])
    return Reply(200, {"value": [_deleted(vault) for vault in found]})


def read_deleted(request: ArmRequest) -> Reply:
    return Reply(200, _deleted(_deleted_vault(request)))


def purge(request: ArmRequest) -> Reply:
    vaults.purge(request.everywhere, _deleted_vault(request))
    return Reply(200)


def check_name(request: ArmRequest) -> Reply:
    name = str(request.call.json().get("name", ""))
    if not vaults.is_valid_name(name):
        message = "The vault name is invalid: 3-24 letters, digits and single hyphens, a letter first."
        return Reply(200, {"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})
    if not vaults.is_available(request.everywhere, name):
        message = f"The vault name '{name}' is already in use."
        return Reply(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Reply(200, {"nameAvailable": True})


def put_secret(request: ArmRequest) -> Reply:
    vault = _vault(request)
    body = request.call.json()
    properties = body.get("properties", {})
    if not isinstance(properties, dict):
        raise InvalidRequestContent("properties must be an object")
    wanted = properties | {"tags": resources.tags(body) if body.get("tags") else None}
    try:
        if "value" in properties:
            secret = secrets.set_secret(request.everywhere, request.world.keys, vault, request["secret"], wanted)
        else:
            secret = secrets.update_secret(request.everywhere, vault, request["secret"], None, wanted)
    except keyvault_errors.DeletedButRecoverable as error:
        raise SecretConflict(error.message) from error
    except keyvault_errors.SecretNotFound as error:
        raise NotFound(error.message) from error
    return Reply(200, _secret(vault, secret))


def read_secret(request: ArmRequest) -> Reply:
    vault = _vault(request)
    try:
        return Reply(200, _secret(vault, secrets.load(request.everywhere, vault, request["secret"])))
    except keyvault_errors.SecretNotFound as error:
        raise NotFound(error.message) from error


def list_secrets(request: ArmRequest) -> Reply:
    vault = _vault(request)
    return Reply(200, {"value": [_secret(vault, secret) for secret in secrets.listed(request.everywhere, vault)]})


def _vault(request: ArmRequest) -> JsonObject:
    return vaults.load(request.everywhere, request["subscription"], request["group"], request["name"])


def _deleted_vault(request: ArmRequest) -> JsonObject:
    return vaults.load_deleted(request.everywhere, request["subscription"], request["location"], request["name"])


def _shown(vault: JsonObject) -> JsonObject:
    return {name: vault[name] for name in ("id", "name", "type", "location", "tags", "properties")}


def _deleted(vault: JsonObject) -> JsonObject:
    prefix = f"/subscriptions/{vault['subscriptionId']}/providers/Microsoft.KeyVault/locations/{vault['location']}"
    properties = vault["properties"]
    return {
        "id": f"{prefix}/deletedVaults/{vault['name']}",
        "name": vault["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": vault["id"],
            "location": vault["location"],
            "tags": vault["tags"],
            **vault["deletion"],
            **({"purgeProtectionEnabled": True} if properties.get("enablePurgeProtection") else {}),
        },
    }


def _secret(vault: JsonObject, secret: JsonObject) -> JsonObject:
    current = secret["versions"][-1]
    uri = f"{vault['properties']['vaultUri']}secrets/{secret['name']}"
    return {
        "id": f"{vault['id']}/secrets/{secret['name']}",
        "name": secret["name"],
        "type": "Microsoft.KeyVault/vaults/secrets",
        "location": vault["location"],
        "tags": current["tags"],
        "properties": {
            "attributes": current["attributes"],
            "contentType": current["contentType"],
            "secretUri": uri,
            "secretUriWithVersion": f"{uri}/{current['version']}",
        },
    }
