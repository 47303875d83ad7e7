"""Secrets and their versions. Values are sealed before they are stored, and unsealed only for who may read them."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from entra_local import clock
from entra_local.keys import Keys
from entra_local.keyvault.exceptions import (
    BadParameter,
    DeletedButRecoverable,
    DeletedSecretNotFound,
    PurgeProtected,
    SecretDisabled,
    SecretNotFound,
)
from entra_local.store import Directory
from entra_local.wire import JsonObject

MAXIMUM_VALUE = 25 * 1024
"""Bytes, Key Vault's limit for a secret's value."""

_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def secret_id(vault: JsonObject, name: str) -> str:
    """Where a secret is stored."""
    return f"{vault['id']}/secrets/{name}"


def load(everywhere: Directory, vault: JsonObject, name: str) -> JsonObject:
    """A live secret with all its versions. Raises SecretNotFound."""
    found = everywhere.get("secret", secret_id(vault, name))
    if found is None:
        raise SecretNotFound(name)
    return found.body


def listed(everywhere: Directory, vault: JsonObject) -> list[JsonObject]:
    """The live secrets of a vault."""
    return [found.body for found in everywhere.find("secret", "vaultId", vault["id"])]


def set_secret(everywhere: Directory, keys: Keys, vault: JsonObject, name: str, wanted: JsonObject) -> JsonObject:
    """Add a version to a secret, which is new or not. Raises DeletedButRecoverable or BadParameter."""
    if not _NAME.fullmatch(name):
        raise BadParameter("The request URI contains an invalid name: 1 to 127 letters, digits and hyphens.")
    value = wanted.get("value")
    if not isinstance(value, str) or len(value.encode()) > MAXIMUM_VALUE:
        raise BadParameter(f"The property 'value' must be a string of at most {MAXIMUM_VALUE} bytes.")
    id_ = secret_id(vault, name)
    if everywhere.get("secret", id_, deleted=True) is not None:
        raise DeletedButRecoverable(name)
    found = everywhere.get("secret", id_)
    secret: JsonObject = found.body if found else {"name": name, "vaultId": vault["id"], "versions": []}
    version: JsonObject = {
        "version": uuid4().hex,
        "sealed": keys.seal(value),
        "contentType": None,
        "tags": {},
        "attributes": {"enabled": True, "created": _epoch()},
    }
    secret["versions"].append(_written(version, wanted))
    everywhere.put("secret", id_, secret)
    return secret


def update_secret(
    everywhere: Directory, vault: JsonObject, name: str, version: str | None, wanted: JsonObject
) -> JsonObject:
    """Change attributes, tags or content type of a version, the newest unless named. Raises SecretNotFound."""
    secret = load(everywhere, vault, name)
    _written(find_version(secret, version), wanted)
    everywhere.put("secret", secret_id(vault, name), secret)
    return secret


def find_version(secret: JsonObject, version: str | None) -> JsonObject:
    """One version of a secret, the newest unless named. Raises SecretNotFound."""
    for candidate in reversed(secret["versions"]):
        if not version or candidate["version"] == version:
            found: JsonObject = candidate
            return found
    raise SecretNotFound(f"{secret['name']}/{version}")


def value_of(keys: Keys, version: JsonObject) -> str:
    """A version's value. Raises SecretDisabled."""
    if not version["attributes"]["enabled"]:
        raise SecretDisabled
    return keys.unseal(version["sealed"])


def delete(everywhere: Directory, vault: JsonObject, name: str) -> JsonObject:
    """Soft-delete a secret. Raises SecretNotFound."""
    secret = load(everywhere, vault, name)
    days = vault["properties"]["softDeleteRetentionInDays"]
    secret["deletion"] = {
        "deletedDate": _epoch(),
        "scheduledPurgeDate": int((clock.now() + timedelta(days=days)).timestamp()),
    }
    everywhere.put("secret", secret_id(vault, name), secret)
    everywhere.soft_delete("secret", secret_id(vault, name))
    return secret


def deleted(everywhere: Directory, vault: JsonObject) -> list[JsonObject]:
    """The soft-deleted secrets of a vault."""
    return [found.body for found in everywhere.find("secret", "vaultId", vault["id"], deleted=True)]


def load_deleted(everywhere: Directory, vault: JsonObject, name: str) -> JsonObject:
    """A soft-deleted secret. Raises DeletedSecretNotFound."""
    found = everywhere.get("secret", secret_id(vault, name), deleted=True)
    if found is None:
        raise DeletedSecretNotFound(name)
    return found.body


def recover(everywhere: Directory, vault: JsonObject, name: str) -> JsonObject:
    """Bring a soft-deleted secret back. Raises DeletedSecretNotFound."""
    secret = load_deleted(everywhere, vault, name)
    del secret["deletion"]
    everywhere.put("secret", secret_id(vault, name), secret)
    everywhere.restore("secret", secret_id(vault, name))
    return secret


def purge(everywhere: Directory, vault: JsonObject, name: str) -> None:
    """Forget a soft-deleted secret. Raises DeletedSecretNotFound or PurgeProtected."""
    load_deleted(everywhere, vault, name)
    if vault["properties"].get("enablePurgeProtection"):
        raise PurgeProtected
    everywhere.remove("secret", secret_id(vault, name))


def _written(version: JsonObject, wanted: JsonObject) -> JsonObject:
    attributes: Any = {} if wanted.get("attributes") is None else wanted["attributes"]
    if not isinstance(attributes, dict):
        raise BadParameter("The property 'attributes' must be an object.")
    for name in ("enabled", "exp", "nbf"):
        value = attributes.get(name)
        if value is None:
            continue
        if isinstance(value, bool) != (name == "enabled") or not isinstance(value, int):
            raise BadParameter(f"The attribute '{name}' is of the wrong type.")
        version["attributes"][name] = value
    tags: Any = {} if wanted.get("tags") is None else wanted["tags"]
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise BadParameter("The property 'tags' must be an object of strings.")
    if not isinstance(wanted.get("contentType") or "", str):
        raise BadParameter("The property 'contentType' must be a string.")
    for name in ("contentType", "tags"):
        if wanted.get(name) is not None:
            version[name] = wanted[name]
    version["attributes"]["updated"] = _epoch()
    return version


def _epoch() -> int:
    return int(clock.now().timestamp())
