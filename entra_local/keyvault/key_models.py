"""A vault's keys at work: their private halves are made when first needed and never leave the vault."""

import base64
import binascii
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from entra_local.arm.models.keys import KIND, key_id
from entra_local.keys import Keys
from entra_local.keyvault.exceptions import BadParameter, KeyForbids, KeyNotFound
from entra_local.store import Directory
from entra_local.wire import JsonObject

_PADDINGS = {
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303 -- what the name means
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}


def load(everywhere: Directory, vault: JsonObject, name: str, version: str | None) -> JsonObject:
    """A key, whose only version must be this one if it is named. Raises KeyNotFound."""
    found = everywhere.get(KIND, key_id(vault, name))
    if found is None or version not in (None, found.body["version"]):
        raise KeyNotFound(name)
    return found.body


def encrypt(everywhere: Directory, keys: Keys, key: JsonObject, wanted: JsonObject) -> bytes:
    """Raises BadParameter and KeyForbids."""
    value, way = _read(key, wanted, "encrypt")
    try:
        return _private(everywhere, keys, key).public_key().encrypt(value, way)
    except ValueError as error:
        raise BadParameter("The value is too long for this key.") from error


def decrypt(everywhere: Directory, keys: Keys, key: JsonObject, wanted: JsonObject) -> bytes:
    """Raises BadParameter and KeyForbids."""
    value, way = _read(key, wanted, "decrypt")
    try:
        return _private(everywhere, keys, key).decrypt(value, way)
    except ValueError as error:
        raise BadParameter("Unable to decrypt specified value with this key.") from error


def delete(everywhere: Directory, key: JsonObject) -> None:
    """Soft-delete a key; its name stays taken."""
    everywhere.soft_delete(KIND, key["id"])


def encoded(raw: bytes) -> str:
    """As Key Vault writes binary values: base64url without its padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(key: JsonObject, wanted: JsonObject, operation: str) -> tuple[bytes, padding.OAEP]:
    if not key["attributes"]["enabled"]:
        raise KeyForbids(f"Operation {operation} is not allowed on a disabled key.")
    if operation not in key["keyOps"]:
        raise KeyForbids(f"Operation {operation} is not permitted on this key.")
    algorithm, value = wanted.get("alg"), wanted.get("value")
    if algorithm not in _PADDINGS or not isinstance(value, str):
        raise BadParameter(f"The local tenant knows {' and '.join(_PADDINGS)}, and needs a value.")
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), _PADDINGS[algorithm]
    except (binascii.Error, ValueError) as error:
        raise BadParameter("The value is no base64url.") from error


def _private(everywhere: Directory, keys: Keys, key: JsonObject) -> rsa.RSAPrivateKey:
    sealed: Any = key.get("sealed")
    if sealed is None:
        made = rsa.generate_private_key(public_exponent=65537, key_size=key["keySize"])
        text = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        everywhere.put(KIND, key["id"], key | {"sealed": keys.seal(text)})
        return made
    loaded = serialization.load_pem_private_key(keys.unseal(sealed).encode(), password=None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError(f"{key['id']} is no RSA key")
    return loaded
